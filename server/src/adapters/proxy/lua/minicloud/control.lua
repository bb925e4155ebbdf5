-- The companion's way in, over a unix socket that only it can reach.
--
--   PUT /table     the whole table: a line {"hash"}, then one entry a line
--   PATCH /table   a change of the table whose hash is `base`: a line {"base","hash"}, then one entry a line; else 409
--   GET /status    GET /counters    GET /counters/routes
-- An answer to PUT or PATCH means: on the disk, and what every worker goes by.
local cjson = require "cjson.safe"
local ffi = require "ffi"
local counters = require "minicloud.counters"
local entries = require "minicloud.entries"
local shared = require "minicloud.shared"
local store = require "minicloud.store"

ffi.cdef [[
int kill(int pid, int signal);
]]

local state = shared.state
local BODY_MILLISECONDS = 30000
local BETWEEN_PAUSES = 50

local _M = {}

local function answer(status, value)
    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.print(cjson.encode(value))
    return ngx.exit(ngx.HTTP_OK)
end

local function pause()
    ngx.sleep(0)
end

-- An empty list would be written as an object; the companion takes a missing one as empty.
local function as_list(list)
    return #list > 0 and list or nil
end

-- One change at a time. A worker that died with the lock in hand does not keep it.
local function lock()
    local owner = state:get("lock")
    if owner and ffi.C.kill(owner, 0) ~= 0 then
        state:delete("lock")
    end
    return state:add("lock", ngx.worker.pid(), 120)
end

local function unlock()
    state:delete("lock")
end

-- Runs `work` holding the lock; whatever happens in it, the lock is given back.
local function locked(work)
    if not lock() then
        return answer(503, { error = "another change is under way" })
    end
    local ran, status, value = pcall(work)
    unlock()
    if not ran then
        ngx.log(ngx.CRIT, "change of the table: ", status)
        return answer(500, { error = "the change failed inside the proxy" })
    end
    return answer(status, value)
end

-- Lines of the body as they arrive; `receive()` gives nil at the end.
local function body_lines()
    local left = tonumber(ngx.var.content_length)
    if not left or left == 0 then
        return function() return nil end
    end
    local socket = assert(ngx.req.socket())
    socket:settimeout(BODY_MILLISECONDS)
    return function()
        while left > 0 do
            local line, why, rest = socket:receive()
            if not line then
                if why == "closed" and rest and #rest == left then
                    left = 0
                    return rest
                end
                error("the body ended early: " .. tostring(why), 0)
            end
            left = left - #line - 1
            if line ~= "" then
                return line
            end
        end
        return nil
    end
end

-- Reads entries; what is unchanged costs a comparison, what is new is checked. Bad ones are named, not taken.
local function read_entries(next_line, each)
    local refused, checked = {}, 0
    for line in next_line do
        local entry = entries.parse(line, true)
        if not (entry and entries.unchanged(entry)) then
            local why, name
            entry, why, name = entries.parse(line)
            if not entry then
                refused[#refused + 1] = { host = name, why = why }
            end
            checked = checked + 1
            if checked % BETWEEN_PAUSES == 0 then
                pause()
            end
        end
        if entry then
            each(entry)
        end
    end
    return refused
end

local function add_all(list, more)
    for i = 1, #more do
        list[#list + 1] = more[i]
    end
end

local function disk_failed(why)
    return 507, { error = why }
end

local function compact_if_needed()
    if store.wants_compaction() then
        local ok, why = store.compact(pause)
        if not ok then
            ngx.log(ngx.CRIT, "compaction: ", why)
        end
    end
end

local function patch()
    local next_line = body_lines()
    local head = cjson.decode(next_line() or "")
    if type(head) ~= "table" or type(head.base) ~= "string" or type(head.hash) ~= "string" then
        return 400, { error = "the first line has to be {base, hash}" }
    end
    if head.base ~= state:get("hash") then
        return 409, { hash = state:get("hash") }
    end
    local list = {}
    local refused = read_entries(next_line, function(entry)
        if entry.kind ~= "keep" then
            list[#list + 1] = entry
        end
    end)
    if #list > 0 or head.hash ~= head.base then
        local ok, why = store.append(list, head.hash)
        if not ok then
            return disk_failed(why)
        end
    end
    add_all(refused, entries.apply(list, pause))
    state:set("hash", head.hash)
    compact_if_needed()
    return 200, { hash = head.hash, refused = as_list(refused) }
end

-- Keys that are served and not among the wanted ones, as entries that delete them.
local function left_over(wanted)
    local list = {}
    entries.each(function(key)
        if not wanted[key] then
            list[#list + 1] = { kind = "delete", key = key }
        end
    end)
    return list
end

local function put()
    local next_line = body_lines()
    local head = cjson.decode(next_line() or "")
    if type(head) ~= "table" or type(head.hash) ~= "string" then
        return 400, { error = "the first line has to be {hash}" }
    end
    local snapshot = store.begin_snapshot()
    snapshot.head(head.hash)
    local list, wanted = {}, {}
    local refused = read_entries(next_line, function(entry)
        local raw = entry.raw
        if entry.kind == "keep" then
            raw = entries.raw(entry.key)
        elseif entry.kind ~= "delete" then
            list[#list + 1] = entry
        end
        if raw and entry.kind ~= "delete" then
            wanted[entry.key] = true
            snapshot.add(raw)
        end
    end)
    local ok, why = snapshot.finish()
    if not ok then
        return disk_failed(why)
    end
    add_all(list, left_over(wanted))
    add_all(refused, entries.apply(list, pause))
    state:set("hash", head.hash)
    state:set("warnings", "[]")
    return 200, { hash = head.hash, refused = as_list(refused) }
end

local function status()
    local routes, certificates = entries.count()
    local pids = {}
    for id = 0, ngx.worker.count() - 1 do
        pids[#pids + 1] = state:get("pid:" .. id)
    end
    return answer(200, {
        hash = state:get("hash"),
        routes = routes,
        certificates = certificates,
        workers = ngx.worker.count(),
        pids = as_list(pids),
        warnings = as_list(cjson.decode(state:get("warnings")) or {}),
        journalBytes = state:get("journal_bytes"),
        snapshotBytes = state:get("snapshot_bytes"),
        memoryFreeBytes = shared.routes:free_space() + shared.certificates:free_space(),
    })
end

local operations = {
    ["PUT /table"] = function() return locked(put) end,
    ["PATCH /table"] = function() return locked(patch) end,
    ["GET /status"] = status,
    ["GET /counters"] = function() return answer(200, { counters = as_list(counters.totals()) }) end,
    ["GET /counters/routes"] = function() return answer(200, { counters = as_list(counters.routes()) }) end,
}

function _M.handle()
    local operation = operations[ngx.req.get_method() .. " " .. ngx.var.uri]
    if not operation then
        return answer(404, { error = "no such operation" })
    end
    return operation()
end

return _M
