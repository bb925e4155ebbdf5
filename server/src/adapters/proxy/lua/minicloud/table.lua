-- The worker's view of the route table: decoded on first use, dropped host by host when the table changes.
local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"
local counters = require "minicloud.counters"
local shared = require "minicloud.shared"

local version, routes, certificates, changes = shared.version, shared.routes, shared.certificates, shared.changes
local find, sub, byte, match = string.find, string.sub, string.byte, string.match
local SLASH = 47
-- A flood of made-up names under a wildcard must not grow a worker without end.
local MOST_ALIASES = 10000
local MOST_PARSED_CERTIFICATES = 1024

local _M = {}

local seen = 0
-- Name in the table → its routes.
local hosts = {}
-- Name that was asked for → routes of the wildcard that covers it.
local aliases, alias_count = {}, 0
-- Name in the table → parsed chain and key.
_M.parsed = lrucache.new(MOST_PARSED_CERTIFICATES)

local function forget_everything()
    hosts = {}
    _M.parsed:flush_all()
end

local function forget(item)
    local kind, name = sub(item, 1, 2), sub(item, 3)
    if kind == "*" then
        forget_everything()
    elseif kind == "h:" then
        hosts[name] = nil
    elseif kind == "c:" then
        _M.parsed:delete(name)
        -- Whether http redirects depends on the certificate.
        if byte(name) == 42 then
            hosts = {}
        else
            hosts[name] = nil
        end
    end
end

-- Brings this worker up to the table as it is now. Called first in every phase that reads it.
local function refresh()
    local now = version[0]
    if now == seen then
        return
    end
    aliases, alias_count = {}, 0
    for changed = seen + 1, now do
        local list = changes:get(changed)
        if not list then
            forget_everything()
            break
        end
        for item in string.gmatch(list, "[^\n]+") do
            forget(item)
        end
    end
    seen = now
end
_M.refresh = refresh

-- `*.example.com` for `www.example.com`: a wildcard stands for one label, as in a certificate.
local function wildcard(host)
    local dot = find(host, ".", 1, true)
    return dot and "*" .. sub(host, dot)
end
_M.wildcard = wildcard

local function has_certificate(host)
    if certificates:get("c:" .. host) then
        return true
    end
    local star = wildcard(host)
    return star ~= nil and star ~= host and certificates:get("c:" .. star) ~= nil
end

local apps = {}

-- How many requests of an app this worker has under way; the same table however often its routes are read again.
local function app_state(name)
    local app = apps[name]
    if not app then
        app = { active = 0 }
        apps[name] = app
    end
    return app
end

local function compile_target(value, target)
    local address, port = match(target.address, "^(.*):(%d+)$")
    return {
        name = target.address,
        address = address,
        port = tonumber(port),
        weight = target.weight,
        -- Random, so that many workers don't all begin with the same target after every change.
        current = math.random() * target.weight,
        failed_until = 0,
        counter = counters.of(value.app, target.release, value.host, value.path),
    }
end

local function compile_route(raw, redirect)
    local value = cjson.decode(raw)
    local route = {
        path = value.path,
        length = #value.path,
        app = value.app,
        state = app_state(value.app),
        max_body = value.maxBodyBytes,
        timeout = value.timeoutMs / 1000,
        redirect = redirect and value.tls == "redirect",
        targets = {},
        -- By address, the drained ones too: a probe may ask for any.
        every = {},
        unassigned = counters.of(value.app, 0, value.host, value.path),
    }
    for _, item in ipairs(value.targets) do
        local target = compile_target(value, item)
        route.every[target.name] = target
        if target.weight > 0 then
            route.targets[#route.targets + 1] = target
        end
    end
    route.count = #route.targets
    return route
end

local function load(name)
    local raw = routes:get("h:" .. name)
    if not raw then
        return nil
    end
    local redirect = has_certificate(name)
    local entry = {}
    for line in string.gmatch(raw, "[^\n]+") do
        entry[#entry + 1] = compile_route(sub(line, (find(line, "\t", 1, true)) + 1), redirect)
    end
    table.sort(entry, function(a, b) return a.length > b.length end)
    if #entry == 1 and entry[1].path == "/" then
        entry.only = entry[1]
    end
    hosts[name] = entry
    return entry
end

local function look_up(host)
    local entry = hosts[host] or aliases[host] or load(host)
    if entry then
        return entry
    end
    local star = wildcard(host)
    if not star then
        return nil
    end
    entry = hosts[star] or load(star)
    if entry then
        if alias_count >= MOST_ALIASES then
            aliases, alias_count = {}, 0
        end
        aliases[host], alias_count = entry, alias_count + 1
    end
    return entry
end

-- Routes of a host; nil when nobody has that name.
function _M.host(host)
    refresh()
    return hosts[host] or look_up(host)
end

-- The route with the longest path that `uri` is under; a path ends at a segment.
function _M.route(entry, uri)
    for i = 1, #entry do
        local route = entry[i]
        local length = route.length
        if length == 1
            or (sub(uri, 1, length) == route.path and (#uri == length or byte(uri, length + 1) == SLASH)) then
            return route
        end
    end
    return nil
end

return _M
