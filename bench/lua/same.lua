-- wrk: POSTs the same body every time. wrk … -- FILE
function init(args)
  wrk.method = "POST"
  wrk.body = assert(io.open(args[1], "rb")):read("*a")
  wrk.headers["Content-Type"] = "text/plain"
end
