-- The table on disk: `snapshot` and two journals that take turns, all of lines `crc32 json`.
--
-- A change is a transaction of the journal (begin, entries, commit), on the disk before it is answered. The snapshot is
-- written beside and renamed; it names the generation of the changes that follow it, so that no moment in between
-- leaves the two apart. Loading skips what is damaged, says so, and then knows no hash: the companion sends all anew.
local cjson = require "cjson.safe"
local entries = require "minicloud.entries"
local shared = require "minicloud.shared"

local state = shared.state
local match, format, crc32 = string.match, string.format, ngx.crc32_long

local FOLDER = "/minicloud/state"
local SNAPSHOT = FOLDER .. "/snapshot"
local CHUNK = 512 * 1024
-- Compaction is worth it when the journal is larger than the snapshot, and than this.
local LEAST_JOURNAL = 1024 * 1024
local MOST_WARNINGS = 50

local _M = {}

local function journal_path(generation)
    return FOLDER .. "/journal." .. generation % 2
end

local function record(json)
    return format("%08x %s\n", crc32(json), json)
end

local function disk(operation, ...)
    local ran, ok, why = ngx.run_worker_thread("minicloud", "minicloud.disk", operation, ...)
    if not ran then
        return nil, tostring(ok)
    end
    return ok, why
end

local function warn(warnings, text)
    ngx.log(ngx.CRIT, text)
    if #warnings < MOST_WARNINGS then
        warnings[#warnings + 1] = text
    end
end

-- Calls `visit(json)` for every whole line, `visit(nil, number)` for every damaged one. Returns the size in bytes.
local function read_records(path, visit)
    local file = io.open(path, "rb")
    if not file then
        return nil
    end
    local number, size = 0, 0
    for line in file:lines() do
        number = number + 1
        size = size + #line + 1
        if line ~= "" then
            local sum, json = match(line, "^(%x%x%x%x%x%x%x%x) (.*)$")
            if json and tonumber(sum, 16) == crc32(json) then
                visit(json)
            else
                visit(nil, number)
            end
        end
    end
    file:close()
    return size
end

local function take(json, list, warnings)
    local entry, why, name = entries.parse(json, true)
    if entry then
        list[#list + 1] = entry
    else
        warn(warnings, "state on disk: " .. name .. " " .. why)
    end
end

local function kind_of(json)
    return match(json, '^{"kind":"(%a+)"')
end

local function load_snapshot(loaded)
    local list, ended = {}, false
    loaded.snapshot_bytes = read_records(SNAPSHOT, function(json, number)
        local kind = json and kind_of(json)
        if not json then
            loaded.damaged = true
            warn(loaded.warnings, "state on disk: line " .. number .. " of the snapshot is damaged and was left out")
        elseif kind == "snapshot" then
            local head = cjson.decode(json)
            loaded.generation, loaded.hash = head.generation, head.hash
        elseif kind == "end" then
            ended = true
        else
            take(json, list, loaded.warnings)
        end
    end)
    if loaded.snapshot_bytes and not (ended and loaded.generation) then
        loaded.damaged = true
        warn(loaded.warnings, "state on disk: the snapshot is not whole")
    end
    entries.apply(list)
end

-- Reads one journal; with a known generation only what belongs to it. Returns its size and its newest generation.
local function load_journal(path, loaded)
    local pending, newest, skipped = {}, nil, false
    local size = read_records(path, function(json, number)
        local kind = json and kind_of(json)
        if not json then
            loaded.damaged = true
            warn(loaded.warnings, "state on disk: line " .. number .. " of the journal is damaged and was left out")
        elseif kind == "begin" then
            local generation = cjson.decode(json).generation
            skipped = loaded.generation ~= nil and generation ~= loaded.generation
            newest = generation
            -- What was begun and not committed was never acknowledged.
            pending = {}
        elseif skipped then
            return
        elseif kind == "commit" then
            local commit = cjson.decode(json)
            if commit.count ~= #pending then
                loaded.damaged = true
                warn(loaded.warnings, "state on disk: a change in the journal is not whole")
            end
            entries.apply(pending)
            loaded.hash = commit.hash
            pending = {}
        else
            take(json, pending, loaded.warnings)
        end
    end)
    return size or 0, newest
end

local function first_generation(path)
    local first
    read_records(path, function(json)
        if json and not first and kind_of(json) == "begin" then
            first = cjson.decode(json).generation
        end
    end)
    return first or -1
end

-- The head of the snapshot is damaged: both journals may hold changes, the older one first.
local function load_both_journals(loaded)
    local older, newer = journal_path(0), journal_path(1)
    if first_generation(older) > first_generation(newer) then
        older, newer = newer, older
    end
    load_journal(older, loaded)
    local size, generation = load_journal(newer, loaded)
    loaded.generation = generation or 0
    return size
end

-- At start, before the first worker: fills shared memory from the disk.
function _M.load()
    local loaded = { generation = nil, hash = "", warnings = {}, damaged = false, snapshot_bytes = 0, journal_bytes = 0 }
    load_snapshot(loaded)
    if loaded.generation or not loaded.snapshot_bytes then
        loaded.generation = loaded.generation or 0
        loaded.journal_bytes = load_journal(journal_path(loaded.generation), loaded)
    else
        loaded.journal_bytes = load_both_journals(loaded)
    end
    state:set("generation", loaded.generation)
    state:set("snapshot_bytes", loaded.snapshot_bytes or 0)
    state:set("journal_bytes", loaded.journal_bytes)
    state:set("hash", loaded.damaged and "" or loaded.hash)
    state:set("warnings", #loaded.warnings > 0 and cjson.encode(loaded.warnings) or "[]")
end

-- Writes one change. True when it is on the disk.
function _M.append(list, hash)
    -- The empty line parts it from what an interrupted write may have left.
    local generation = state:get("generation")
    local lines = { "\n", record(format('{"kind":"begin","generation":%d}', generation)) }
    for i = 1, #list do
        lines[#lines + 1] = record(list[i].raw)
    end
    lines[#lines + 1] = record(format('{"kind":"commit","count":%d,"hash":%s}', #list, cjson.encode(hash)))
    local data = table.concat(lines)
    local ok, why = disk("append", journal_path(generation), data, FOLDER)
    if not ok then
        return nil, why
    end
    state:incr("journal_bytes", #data)
    return true
end

-- A snapshot in the making: `add(raw)` any number of times, then `finish(hash)`.
function _M.begin_snapshot()
    local generation = state:get("generation") + 1
    local beside = SNAPSHOT .. ".new"
    local buffer, buffered, written, count = {}, 0, 0, 0
    local ok, why = disk("create", beside)
    local self = {}

    local function flush()
        if not ok then
            return
        end
        local data = table.concat(buffer)
        buffer, buffered, written = {}, 0, written + #data
        ok, why = disk("append", beside, data)
    end

    local function put(json)
        local line = record(json)
        buffer[#buffer + 1], buffered = line, buffered + #line
        if buffered >= CHUNK then
            flush()
        end
    end

    function self.head(hash)
        put(format('{"kind":"snapshot","generation":%d,"hash":%s}', generation, cjson.encode(hash)))
    end

    function self.add(raw)
        count = count + 1
        put(raw)
    end

    -- True when the snapshot is the one that a start would load.
    function self.finish()
        put(format('{"kind":"end","count":%d}', count))
        flush()
        if ok then
            ok, why = disk("replace", beside, SNAPSHOT, FOLDER)
        end
        if not ok then
            disk("remove", beside)
            return nil, why
        end
        local before = state:get("generation")
        state:set("generation", generation)
        state:set("snapshot_bytes", written)
        state:set("journal_bytes", 0)
        disk("remove", journal_path(before))
        return true
    end

    return self
end

-- True when the journal has outgrown the snapshot.
function _M.wants_compaction()
    local journal = state:get("journal_bytes")
    return journal > LEAST_JOURNAL and journal > state:get("snapshot_bytes")
end

-- Writes what is served as a new snapshot. The caller holds the lock.
function _M.compact(pause)
    local snapshot = _M.begin_snapshot()
    snapshot.head(state:get("hash"))
    local count = 0
    entries.each(function(_, raw)
        snapshot.add(raw)
        count = count + 1
        if count % 200 == 0 then
            pause()
        end
    end)
    return snapshot.finish()
end

return _M
