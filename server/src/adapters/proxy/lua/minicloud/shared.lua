-- What all workers share: the dictionaries, and plain memory for what is read or written on every request.
--
-- The memory is mapped before the workers are forked. The version of the table is a word of it, so that asking "did the
-- table change?" is a load and not a locked look-up.
local ffi = require "ffi"

ffi.cdef [[
void *mmap(void *address, size_t length, int protection, int flags, int file, long offset);
]]

local PROT_READ_WRITE = 3
local MAP_SHARED_ANONYMOUS_NORESERVE = 0x4021
local PAGE = 4096

-- Zeroed memory that this process and all it forks see; untouched pages take no room.
local function map(size)
    local address = ffi.C.mmap(nil, size, PROT_READ_WRITE, MAP_SHARED_ANONYMOUS_NORESERVE, -1, 0)
    if ffi.cast("intptr_t", address) == -1 then
        error("no shared memory for the proxy")
    end
    return address
end

return {
    map = map,
    version = ffi.cast("volatile int32_t *", map(PAGE)),
    -- h:<host> its routes, a:<token> an ACME answer.
    routes = ngx.shared.minicloud_routes,
    -- c:<host> certificate and key.
    certificates = ngx.shared.minicloud_certificates,
    -- Version → what changed with it. It may forget: a worker that misses a list reads everything again.
    changes = ngx.shared.minicloud_changes,
    -- Few and small: hash of the table, generation, sizes, lock, warnings, process ids.
    state = ngx.shared.minicloud_state,
    counters = ngx.shared.minicloud_counters,
}
