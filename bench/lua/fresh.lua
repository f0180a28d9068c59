-- wrk: POSTs a body that nobody has sent before, always of the same length. The file ends in a comment of zeros; RUN, a
-- number, and a counter take the place of the last of them. Says how many answers were degraded: load.py does not count
-- those. wrk … -- FILE RUN
local DIGITS = 20
local beginning
local count = 0
local threads = {}
degraded = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local text = assert(io.open(args[1], "rb")):read("*a")
  beginning = text:sub(1, -DIGITS - 2) .. string.format("%010d", args[2])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "text/plain"
end

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, beginning .. string.format("%010d\n", count))
end

function response(status, headers)
  if headers["Mergepoint-Degraded"] then
    degraded = degraded + 1
  end
end

function done(summary)
  local sum = 0
  for _, thread in ipairs(threads) do
    sum = sum + thread:get("degraded")
  end
  print(string.format("Degraded: %d of %d", sum, summary.requests))
end
