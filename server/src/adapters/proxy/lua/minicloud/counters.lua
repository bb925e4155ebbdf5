-- Counters per app, release and route, exact at every moment and without locks: each worker adds to a row of shared memory that
-- is its own, and whoever asks adds the rows up.
local bit = require "bit"
local ffi = require "ffi"
local shared = require "minicloud.shared"

-- "app <tab> release <tab> host <tab> path" → index of its slot in every row.
local dict = shared.counters
local match = string.match

local _M = {}

-- Upper bounds in milliseconds; the last bucket has none. `contract.ts` repeats them.
local buckets = { 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 }
local BUCKETS = #buckets + 1
-- More routes of releases than this since the proxy started share slots: sums get too high, never too low.
local SLOTS = 16384
local MOST_WORKERS = 64

ffi.cdef [[
typedef struct {
    double requests, errors, ms, active;
    double latency[12];
} minicloud_counter;
]]

local rows = ffi.cast("minicloud_counter *", shared.map(SLOTS * MOST_WORKERS * ffi.sizeof("minicloud_counter")))
local own_row = rows

local counters = {}

local function slot_of(key)
    local slot = dict:get(key)
    if slot then
        return slot
    end
    local number = dict:incr("next", 1, 0) or ngx.crc32_short(key)
    dict:safe_add(key, bit.band(number, SLOTS - 1))
    return dict:get(key) or bit.band(ngx.crc32_short(key), SLOTS - 1)
end

-- The slot of a release's route in this worker's row.
function _M.of(app, release, host, path)
    local key = app .. "\t" .. release .. "\t" .. host .. "\t" .. path
    local counter = counters[key]
    if not counter then
        counter = own_row + slot_of(key)
        counters[key] = counter
    end
    return counter
end

-- One answered request; `ms` to the first byte from the app, nil or false when there was none.
function _M.add(counter, failed, ms)
    counter.requests = counter.requests + 1
    if failed then
        counter.errors = counter.errors + 1
    end
    if ms then
        counter.ms = counter.ms + ms
        local i = 1
        while i < BUCKETS and ms > buckets[i] do
            i = i + 1
        end
        counter.latency[i - 1] = counter.latency[i - 1] + 1
    end
end

-- In every new worker. What was under way in one that died is not any more; what it counted stays.
function _M.start()
    own_row = rows + (ngx.worker.id() % MOST_WORKERS) * SLOTS
    for slot = 0, SLOTS - 1 do
        if own_row[slot].active ~= 0 then
            own_row[slot].active = 0
        end
    end
end

local function zero(names)
    names.requests, names.errors, names.upstreamMs, names.active, names.latency = 0, 0, 0, 0, {}
    for i = 1, BUCKETS do
        names.latency[i] = 0
    end
    return names
end

local function add_slot(sum, slot)
    for worker = 0, math.min(ngx.worker.count(), MOST_WORKERS) - 1 do
        local counter = rows[worker * SLOTS + slot]
        sum.requests = sum.requests + counter.requests
        sum.errors = sum.errors + counter.errors
        sum.upstreamMs = sum.upstreamMs + counter.ms
        sum.active = sum.active + counter.active
        for i = 1, BUCKETS do
            sum.latency[i] = sum.latency[i] + counter.latency[i - 1]
        end
    end
    return sum
end

-- Totals of all workers by what `name` makes of app, release, host and path, as a list.
local function sums(name)
    local list, known = {}, {}
    for _, key in ipairs(dict:get_keys(0)) do
        local app, release, host, path = match(key, "^([^\t]+)\t(%d+)\t([^\t]+)\t(.+)$")
        local slot = app and dict:get(key)
        if slot then
            local id, names = name(app, tonumber(release), host, path)
            local sum = known[id]
            if not sum then
                sum = zero(names)
                known[id], list[#list + 1] = sum, sum
            end
            add_slot(sum, slot)
        end
    end
    return list
end

-- Totals per app and release.
function _M.totals()
    local list = {}
    for _, sum in ipairs(sums(function(app, release)
        return app .. "\t" .. release, { app = app, release = release }
    end)) do
        -- Release 0 stands for requests that reached no target; seldom there are any.
        if sum.release > 0 or sum.requests > 0 then
            list[#list + 1] = sum
        end
    end
    return list
end

-- Totals per app, host and path over all releases; those that nobody ever asked for are left out.
function _M.routes()
    local list = {}
    for _, sum in ipairs(sums(function(app, _, host, path)
        return app .. "\t" .. host .. "\t" .. path, { app = app, host = host, path = path }
    end)) do
        if sum.requests > 0 then
            list[#list + 1] = sum
        end
    end
    return list
end

return _M
