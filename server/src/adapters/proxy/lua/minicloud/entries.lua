-- Entries of the table: one JSON line each, checked one by one, kept as the text that came in.
--
--   {"kind":"route","host","path","app","targets":[{"address","weight","release"}],"maxBodyBytes","timeoutMs","tls"}
--   {"kind":"certificate","host","certificatePem","keyPem"}
--   {"kind":"challenge","token","keyAuthorization"}
--   {"kind":"delete","key"}   {"kind":"keep","key"}      key: "route HOST PATH", "certificate HOST", "challenge TOKEN"
local cjson = require "cjson.safe"
local ssl = require "ngx.ssl"
local shared = require "minicloud.shared"

local routes, certificates, state = shared.routes, shared.certificates, shared.state
local changes_made, version = shared.changes, shared.version
local match, gmatch, find, sub, format = string.match, string.gmatch, string.find, string.sub, string.format

-- A worker that slept through more changes than this reads the whole table again.
local CHANGES_KEPT = 512
local MOST_LISTED = 500

local _M = {}

local function is_host(host)
    if type(host) ~= "string" or #host > 253 then
        return false
    end
    local name = match(host, "^%*%.(.+)$") or host
    for label in gmatch(name .. ".", "([^.]*)%.") do
        if #label == 0 or #label > 63 or not match(label, "^[a-z0-9_-]+$") or match(label, "^%-") or match(label, "%-$") then
            return false
        end
    end
    return true
end

local function is_address(address)
    if type(address) ~= "string" then
        return false
    end
    local host, port = match(address, "^([%d.]+):(%d+)$")
    if not host then
        host, port = match(address, "^%[([%x:.]+)%]:(%d+)$")
        if not host then
            return false
        end
    elseif not match(host, "^%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?$") then
        return false
    end
    port = tonumber(port)
    return port > 0 and port < 65536
end

local function is_amount(value, least)
    return type(value) == "number" and value >= least and value < 1e15
end

local function wrong_target(targets)
    if type(targets) ~= "table" then
        return "has no list of targets"
    end
    for _, target in ipairs(targets) do
        if type(target) ~= "table" or not is_address(target.address) then
            return "has a target whose address is not address:port"
        end
        if not is_amount(target.weight, 0) or not is_amount(target.release, 0) then
            return "has a target without a weight and a release"
        end
    end
    return nil
end

local checks = {
    route = function(value)
        if not is_host(value.host) then
            return nil, "is not a host name"
        end
        local path = value.path
        if type(path) ~= "string" or not match(path, "^/[^%s%c]*$") or (#path > 1 and sub(path, -1) == "/") or #path > 1024 then
            return nil, "has a path that does not start at / and end at a segment"
        end
        if type(value.app) ~= "string" or not match(value.app, "^[a-z][a-z0-9-]*$") then
            return nil, "names no app"
        end
        if not is_amount(value.maxBodyBytes, 0) or not is_amount(value.timeoutMs, 1) then
            return nil, "has no limit of size or time"
        end
        local wrong = wrong_target(value.targets)
        if wrong then
            return nil, wrong
        end
        return "route " .. value.host .. " " .. path
    end,
    certificate = function(value)
        if not is_host(value.host) then
            return nil, "is not a host name"
        end
        if type(value.certificatePem) ~= "string" or not ssl.parse_pem_cert(value.certificatePem) then
            return nil, "has a certificate that can't be read"
        end
        if type(value.keyPem) ~= "string" or not ssl.parse_pem_priv_key(value.keyPem) then
            return nil, "has a key that can't be read"
        end
        return "certificate " .. value.host
    end,
    challenge = function(value)
        if type(value.token) ~= "string" or not match(value.token, "^[%w_-]+$") or type(value.keyAuthorization) ~= "string" then
            return nil, "is not an ACME challenge"
        end
        return "challenge " .. value.token
    end,
    delete = function(value)
        return type(value.key) == "string" and value.key or nil, "names nothing"
    end,
    keep = function(value)
        return type(value.key) == "string" and value.key or nil, "names nothing"
    end,
}

-- The line as an entry: { kind, key, raw }. Otherwise nil, why, and the name to say it by.
-- `trusted`: it was checked before it was written to disk; certificates are then parsed when they are needed.
function _M.parse(raw, trusted)
    local value = cjson.decode(raw)
    if type(value) ~= "table" then
        return nil, "is not JSON", "entry"
    end
    local name = tostring(value.host or value.token or value.key or "entry")
    local check = checks[value.kind]
    if not check then
        return nil, "is of no known kind", name
    end
    if trusted and value.kind == "certificate" then
        return { kind = value.kind, key = "certificate " .. name, raw = raw }
    end
    local key, why = check(value)
    if not key then
        return nil, why, name
    end
    return { kind = value.kind, key = key, raw = raw }
end

local function split_key(key)
    local kind, rest = match(key, "^(%a+) (.+)$")
    if kind == "route" then
        local host, path = match(rest, "^(%S+) (%S+)$")
        return kind, host, path
    end
    return kind, rest
end

local function path_lines(host)
    local lines = {}
    for line in gmatch(routes:get("h:" .. host) or "", "[^\n]+") do
        local tab = find(line, "\t", 1, true)
        lines[#lines + 1] = { path = sub(line, 1, tab - 1), raw = sub(line, tab + 1) }
    end
    return lines
end

-- Puts, replaces or (raw = nil) removes one path of a host. True when something changed; nil and why when it can't.
local function set_route(host, path, raw)
    local kept = {}
    local before
    for _, line in ipairs(path_lines(host)) do
        if line.path == path then
            before = line.raw
        else
            kept[#kept + 1] = line.path .. "\t" .. line.raw
        end
    end
    if before == raw then
        return false
    end
    if raw then
        kept[#kept + 1] = path .. "\t" .. raw
    end
    local written, why = true, nil
    if #kept == 0 then
        routes:delete("h:" .. host)
    else
        written, why = routes:safe_set("h:" .. host, table.concat(kept, "\n"))
    end
    return written, why, (raw and 1 or 0) - (before and 1 or 0)
end

local function set_value(dict, key, raw)
    local before = dict:get(key)
    if before == raw then
        return false
    end
    local written, why = true, nil
    if raw then
        written, why = dict:safe_set(key, raw)
    else
        dict:delete(key)
    end
    return written, why, (raw and 1 or 0) - (before and 1 or 0)
end

-- True when the entry is in the table with just this text.
function _M.unchanged(entry)
    return _M.raw(entry.key) == entry.raw
end

-- Text of the entry of a key; nil when there is none.
function _M.raw(key)
    local kind, name, path = split_key(key)
    if kind == "certificate" then
        return certificates:get("c:" .. name)
    elseif kind == "challenge" then
        return routes:get("a:" .. name)
    elseif kind == "route" and path then
        for _, line in ipairs(path_lines(name)) do
            if line.path == path then
                return line.raw
            end
        end
    end
    return nil
end

-- True when something changed, nil and why when there is no room; then the name that workers have to forget.
local function apply_one(entry)
    local kind, name, path = split_key(entry.key)
    local raw = entry.kind ~= "delete" and entry.raw or nil
    if kind == "route" and path then
        local changed, why, more = set_route(name, path, raw)
        if changed then
            state:incr("routes", more, 0)
        end
        return changed, why, "h:" .. name
    elseif kind == "certificate" then
        local changed, why, more = set_value(certificates, "c:" .. name, raw)
        if changed then
            state:incr("certificates", more, 0)
        end
        return changed, why, "c:" .. name
    elseif kind == "challenge" then
        local changed, why = set_value(routes, "a:" .. name, raw)
        return changed, why, nil
    end
    return false
end

local function announce(changes)
    local number = version[0] + 1
    changes_made:set(number, #changes > MOST_LISTED and "*:" or table.concat(changes, "\n"))
    changes_made:delete(number - CHANGES_KEPT)
    -- Last: a worker that sees the new number finds everything it stands for.
    version[0] = number
end

-- Writes checked entries to shared memory and makes every worker answer by them. Returns those that had no room.
function _M.apply(list, pause)
    local refused, changes = {}, {}
    for i = 1, #list do
        local changed, why, change = apply_one(list[i])
        if changed then
            changes[#changes + 1] = change
        elseif changed == nil then
            refused[#refused + 1] = { host = match(list[i].key, " (%S+)"), why = "had no room in shared memory: " .. tostring(why) }
        end
        if pause and i % 200 == 0 then
            pause()
        end
    end
    if #changes > 0 then
        announce(changes)
    end
    return refused
end

-- Calls `visit(key, raw)` for every entry of the table.
function _M.each(visit)
    for _, key in ipairs(routes:get_keys(0)) do
        local name = sub(key, 3)
        if sub(key, 1, 2) == "h:" then
            for _, line in ipairs(path_lines(name)) do
                visit(format("route %s %s", name, line.path), line.raw)
            end
        else
            local raw = routes:get(key)
            if raw then
                visit("challenge " .. name, raw)
            end
        end
    end
    for _, key in ipairs(certificates:get_keys(0)) do
        local raw = certificates:get(key)
        if raw then
            visit("certificate " .. sub(key, 3), raw)
        end
    end
end

-- How many routes and certificates are served.
function _M.count()
    return state:get("routes") or 0, state:get("certificates") or 0
end

return _M
