-- Picks the certificate of a TLS handshake by the name that the visitor asked for.
local cjson = require "cjson.safe"
local ssl = require "ngx.ssl"
local shared = require "minicloud.shared"
local view = require "minicloud.table"

local _M = {}

local function parse(name)
    local raw = shared.certificates:get("c:" .. name)
    if not raw then
        return nil
    end
    local value = cjson.decode(raw)
    local chain, chain_error = ssl.parse_pem_cert(value.certificatePem)
    local key, key_error = ssl.parse_pem_priv_key(value.keyPem)
    if not chain or not key then
        ngx.log(ngx.CRIT, "certificate of ", name, " can't be used: ", chain_error or key_error)
        return nil
    end
    local parsed = { chain = chain, key = key }
    view.parsed:set(name, parsed)
    return parsed
end

local function look_up(name)
    return view.parsed:get(name) or parse(name)
end

-- Without a certificate for the name, the throw-away one of the configuration is used.
function _M.choose()
    local name = ssl.server_name()
    if not name then
        return
    end
    view.refresh()
    name = string.lower(name)
    local star = view.wildcard(name)
    local found = look_up(name) or (star and look_up(star))
    if not found then
        return
    end
    ssl.clear_certs()
    local ok, why = ssl.set_cert(found.chain)
    if ok then
        ok, why = ssl.set_priv_key(found.key)
    end
    if not ok then
        ngx.log(ngx.CRIT, "certificate of ", name, " can't be used: ", why)
    end
end

return _M
