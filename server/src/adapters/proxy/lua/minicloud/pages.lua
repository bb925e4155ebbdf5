-- The few pages that the proxy answers by itself: small, plain, and silent about what is behind it.
local _M = {}

local function escape(text)
    return (string.gsub(text, "[&<>\"']", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }))
end

local texts = {
    [404] = { "Nothing here", "No app on this server answers at this path." },
    [411] = { "Length needed", "This request has to say how long it is." },
    [413] = { "Too large", "%s does not accept a request this large." },
    [421] = { "Not on this server", "This server has no app by this name." },
    [500] = { "Something went wrong", "The server could not pass this request on." },
    [502] = { "No answer", "%s is not answering. It may be starting again; try in a moment." },
    [503] = { "Not available", "%s can't take this request now. Try in a moment." },
    [504] = { "Too slow", "%s took too long to answer." },
}

-- Answers with the page for a status, naming the app when there is one. Ends the request.
function _M.answer(status, app)
    local text = texts[status] or texts[500]
    local title, message = text[1], text[2]
    if string.find(message, "%s", 1, true) then
        message = string.format(message, app and ("The app \xe2\x80\x9c" .. escape(app) .. "\xe2\x80\x9d") or "The app")
    end
    ngx.status = status
    ngx.header["Content-Type"] = "text/html; charset=utf-8"
    ngx.header["Cache-Control"] = "no-store"
    if ngx.var.minicloud_probe ~= "" then
        ngx.header["X-Minicloud-Page"] = status
    end
    if status == 503 then
        ngx.header["Retry-After"] = "1"
    end
    ngx.print("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>", title, "</title>\n<h1>", title,
        "</h1>\n<p>", message, "</p>\n<p><small>", status, "</small></p>\n</html>\n")
    return ngx.exit(ngx.HTTP_OK)
end

return _M
