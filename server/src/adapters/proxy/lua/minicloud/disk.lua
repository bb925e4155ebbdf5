-- Files by plain system calls, so that "written" means on the disk. Runs in a thread of its own
-- (`ngx.run_worker_thread`): a slow disk delays the companion's call, never a visitor's request.
local ffi = require "ffi"
local C = ffi.C

ffi.cdef [[
int open(const char *path, int flags, int mode);
ssize_t write(int file, const void *data, size_t size);
int64_t lseek(int file, int64_t offset, int whence);
int ftruncate(int file, int64_t size);
int fsync(int file);
int close(int file);
int rename(const char *from, const char *to);
int unlink(const char *path);
char *strerror(int number);
]]

local O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_CLOEXEC = 0, 1, 0x40, 0x200, 0x400, 0x80000
local SEEK_END = 2
local OWNER_ONLY = 384 -- 0600
local EINTR, ENOENT = 4, 2

local _M = {}

local function failure(what, path)
    return nil, what .. " " .. path .. ": " .. ffi.string(C.strerror(ffi.errno()))
end

local function write_all(file, data)
    local at, size = 0, #data
    local pointer = ffi.cast("const char *", data)
    while at < size do
        local written = tonumber(C.write(file, pointer + at, size - at))
        if written < 0 then
            if ffi.errno() ~= EINTR then
                return false
            end
        else
            at = at + written
        end
    end
    return true
end

-- Makes an empty file, whatever was there.
function _M.create(path)
    local file = C.open(path, O_WRONLY + O_CREAT + O_TRUNC + O_CLOEXEC, ffi.cast("int", OWNER_ONLY))
    if file < 0 then
        return failure("create", path)
    end
    C.close(file)
    return true
end

local function sync_path(path)
    local file = C.open(path, O_RDONLY + O_CLOEXEC, ffi.cast("int", 0))
    if file < 0 then
        return failure("open", path)
    end
    if C.fsync(file) ~= 0 then
        local _, why = failure("sync", path)
        C.close(file)
        return nil, why
    end
    C.close(file)
    return true
end

-- Adds to the end of a file, all or nothing. With the `folder` it is in, waits until it is on the disk.
function _M.append(path, data, folder)
    local file = C.open(path, O_WRONLY + O_CREAT + O_APPEND + O_CLOEXEC, ffi.cast("int", OWNER_ONLY))
    if file < 0 then
        return failure("open", path)
    end
    local before = tonumber(C.lseek(file, 0, SEEK_END))
    if not write_all(file, data) or (folder and C.fsync(file) ~= 0) then
        local _, why = failure("write", path)
        C.ftruncate(file, before)
        C.close(file)
        return nil, why
    end
    C.close(file)
    -- The name of a new file has to be on the disk too.
    return before > 0 or not folder or sync_path(folder)
end

-- Puts a finished file in the place of another, on the disk and at once.
function _M.replace(from, to, folder)
    local ok, why = sync_path(from)
    if not ok then
        return nil, why
    end
    if C.rename(from, to) ~= 0 then
        return failure("rename", from)
    end
    return sync_path(folder)
end

-- Removes a file; that it is gone already is success.
function _M.remove(path)
    if C.unlink(path) ~= 0 and ffi.errno() ~= ENOENT then
        return failure("remove", path)
    end
    return true
end

return _M
