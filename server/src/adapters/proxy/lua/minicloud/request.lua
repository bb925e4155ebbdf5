-- What happens to a visitor's request: find the route, pick the target, count the answer.
--
-- What is known of a request under way is kept by the request's own address instead of `ngx.ctx`: it is cheaper, and it
-- survives the internal redirect to the page that says what failed. The log phase, which always comes, clears it.
local balancer = require "ngx.balancer"
local base = require "resty.core.base"
local ffi = require "ffi"
local counters = require "minicloud.counters"
local pages = require "minicloud.pages"
local settings = require "minicloud.settings"
local shared = require "minicloud.shared"
local view = require "minicloud.table"

local get_request, cast, tonumber = base.get_request, ffi.cast, tonumber
local var, now = ngx.var, ngx.now
local set_current_peer, enable_keepalive = balancer.set_current_peer, balancer.enable_keepalive
local find_host, find_route = view.host, view.route
local count = counters.add
local find, gmatch = string.find, string.gmatch

local CONNECT_SECONDS = 2
-- Shorter than the idle time of the servers that apps usually run: they must not hang up just as we send.
local IDLE_SECONDS = 3
local KEEPALIVE_REQUESTS = 10000
local WEBSOCKET_SECONDS = 86400
-- A target that could not be reached is left out this long while there is another.
local FAILED_SECONDS = 1
local MOST_RETRIES = 2
local MEBI = 1048576
-- Up to here the time to the first byte may be that to the last one; the first bucket of the counters.
local SOON_MS = 5

local _M = {}

-- Requests under way: their route; the target that was tried last and when; and `about`, what few of them are: a question
-- of the companion, a WebSocket. Those that ended are kept to be filled again, which costs less than to make new ones.
local requests, ended, ended_count = {}, {}, 0
-- What is done with a request that does not go to its app, until `turned` does it.
local turns = {}

local function request_key()
    return tonumber(cast("uintptr_t", get_request()))
end

-- Bodies that don't say their length are counted by nginx, which knows limits per location only: the next power of two.
local function sized_location(max_body)
    local megabytes, size = max_body / MEBI, 1
    while size < megabytes and size < settings.largest_body_mb do
        size = size * 2
    end
    return "@body_" .. size
end

-- What is done with a request instead of passing it on as most are; nil when that will do.
local function special(route, about)
    if about.probe then
        return { location = "@probe" }
    end
    local length = tonumber(var.content_length)
    if length then
        return length > route.max_body and { status = 413, app = route.app } or nil
    end
    local method = ngx.req.get_method()
    if (method ~= "GET" and method ~= "HEAD") or var.http_transfer_encoding then
        return { location = sized_location(route.max_body) }
    end
    if about.upgrade == "websocket" and method == "GET" then
        about.websocket = true
        return { location = "@websocket" }
    end
end

local function look_closely()
    return { probe = var.minicloud_probe ~= "", upgrade = string.lower(var.http_upgrade or "") }
end

-- Finds the route of a request, which counts as under way from here; or nil, and what is done with the request instead.
local function begin(key, about)
    local host = var.host
    local entry = host and find_host(host)
    if not entry then
        return nil, { status = 421 }
    end
    local route = entry.only or find_route(entry, var.uri)
    if not route then
        return nil, { status = 404 }
    end
    if route.redirect and var.scheme == "http" then
        return nil, { redirect = true }
    end
    local app = route.state
    -- The companion's own question to one target is not turned away.
    if (route.count == 0 or app.active >= settings.app_requests) and not (about and about.probe) then
        return nil, { status = 503, app = route.app }
    end
    app.active = app.active + 1
    local request
    if ended_count > 0 then
        request = ended[ended_count]
        ended_count = ended_count - 1
    else
        request = { route = route, target = false, about = false, began = 0 }
    end
    request.route, request.about = route, about
    requests[key] = request
    return request
end

-- Looks at a request that is more than a plain GET, before it is passed on. The answer is empty when it goes to its app
-- as others do, and else `turned` has to be called: this runs in set_by_lua, which needs no coroutine and is the cheaper
-- for it, and where nothing can be answered.
function _M.inspect()
    local key, about = request_key(), look_closely()
    local request, how = begin(key, about)
    if request then
        how = special(request.route, about)
    end
    turns[key] = how
    return how and "1" or ""
end

-- Does what has to be done with a request that does not go to its app.
function _M.turned()
    local key = request_key()
    local how = turns[key] or { status = 500 }
    turns[key] = nil
    if how.redirect then
        return ngx.redirect("https://" .. var.host .. settings.https_suffix .. var.request_uri, 308)
    end
    if how.location then
        return ngx.exec(how.location)
    end
    return pages.answer(how.status, how.app)
end

-- An ACME challenge of ours is answered for any name; others belong to the app.
function _M.challenge()
    local token = string.match(var.uri, "^/%.well%-known/acme%-challenge/([%w_-]+)$")
    local answer = token and shared.routes:get("a:" .. token)
    if answer then
        ngx.header["Content-Type"] = "text/plain"
        ngx.print(require("cjson.safe").decode(answer).keyAuthorization)
        return ngx.exit(ngx.HTTP_OK)
    end
end

-- Smooth weighted round robin over the targets that did not just fail.
local function pick(route, previous)
    local list, count = route.targets, route.count
    if count == 1 then
        return list[1]
    end
    local time, total, best = now(), 0, nil
    for i = 1, count do
        local target = list[i]
        if target.failed_until <= time and target ~= previous then
            target.current = target.current + target.weight
            total = total + target.weight
            if not best or target.current > best.current then
                best = target
            end
        end
    end
    if best then
        best.current = best.current - total
        return best
    end
    local target = list[math.random(count)]
    return target ~= previous and target or list[1] ~= previous and list[1] or list[2]
end

-- True when the try before this one got as far as waiting for the answer: the app may have acted on it.
local function was_connected()
    -- One time a try, `-` when it did not connect; the try that is about to begin leaves an empty place at the end.
    local times = var.upstream_connect_time
    return times ~= nil and find(times, "%d[%s:,]*$") ~= nil
end

-- False when the request has to end with the try that failed.
local function may_go_on(previous)
    local _, status = balancer.get_last_failure()
    -- An app that is slow is not asked again elsewhere.
    if status == 504 and was_connected() then
        return false
    end
    local counter = previous.counter
    previous.failed_until = now() + FAILED_SECONDS
    counter.active = counter.active - 1
    counter.errors = counter.errors + 1
    return true
end

-- Address that a probe asks for; it gets that target however it is weighted, and no other in its place.
local function probed_address(about)
    return about and about.probe and var.http_x_minicloud_target
end

-- The target of a request's first try; nil when there is none.
local function first_target(route, about)
    local wanted = probed_address(about)
    if wanted then
        return route.every[wanted]
    end
    if route.count == 0 then
        return nil
    end
    if route.count > 1 then
        balancer.set_more_tries(route.count > MOST_RETRIES and MOST_RETRIES or route.count - 1)
    end
    return pick(route)
end

-- The target after one that failed; nil when the request has to end. The same once more when there is no other: nginx
-- asks again when a kept-alive connection turned out to be closed.
local function next_target(route, failed, about)
    if not may_go_on(failed) then
        return nil
    end
    return (probed_address(about) or route.count == 0) and failed or pick(route, failed)
end

function _M.balance()
    local key = request_key()
    local request = requests[key]
    if not request then
        -- A plain GET: nothing looked at it before, as asking here costs the least.
        local how
        request, how = begin(key, false)
        if not request then
            turns[key] = how
            return ngx.exit(ngx.ERROR)
        end
    end
    local route, failed, about = request.route, request.target, request.about
    local target
    if failed then
        target = next_target(route, failed, about)
    else
        target = first_target(route, about)
    end
    if not target then
        return ngx.exit(ngx.ERROR)
    end
    target.counter.active = target.counter.active + 1
    request.target, request.began = target, now()
    assert(set_current_peer(target.address, target.port))
    if about and about.websocket then
        balancer.set_timeouts(CONNECT_SECONDS, WEBSOCKET_SECONDS, WEBSOCKET_SECONDS)
        return
    end
    enable_keepalive(IDLE_SECONDS, KEEPALIVE_REQUESTS)
    if route.timeout ~= settings.usual_timeout then
        balancer.set_timeouts(CONNECT_SECONDS, route.timeout, route.timeout)
    end
end

-- The app could not be reached, or not in time: a page instead of nginx's own. So ends what `balance` turned away, too.
function _M.failed()
    local key = request_key()
    if turns[key] then
        return _M.turned()
    end
    local request = requests[key]
    local status = ngx.status
    if find(var.upstream_status or "", "504", 1, true) then
        status = 504
    elseif status == 500 then
        status = 502
    end
    return pages.answer(status, request and request.route.app)
end

-- Milliseconds to the first byte of the app's answer; nil when there was none.
local function first_byte_ms(status, began)
    -- A good answer that ended this soon began no later, and asking nginx costs more than all else that is done here.
    local ms = (now() - began) * 1000
    if ms < SOON_MS and status >= 200 and status < 400 then
        return ms
    end
    local seconds
    for part in gmatch(var.upstream_header_time or "", "[%d.]+") do
        seconds = tonumber(part)
    end
    return seconds and seconds * 1000
end

function _M.log()
    local key = request_key()
    local request = requests[key]
    if not request then
        return
    end
    local route, target, about = request.route, request.target, request.about
    requests[key] = nil
    request.target = false
    ended_count = ended_count + 1
    ended[ended_count] = request
    local app = route.state
    app.active = app.active - 1
    local counter = route.unassigned
    if target then
        counter = target.counter
        counter.active = counter.active - 1
    end
    if not (about and about.probe) then
        local status = ngx.status
        count(counter, status >= 500, target and first_byte_ms(status, request.began))
    end
end

return _M
