-- What wrk sends and what it reports. Arguments, behind "--": method, bytes of content, and the
-- mean think time in milliseconds (0: none).

function init(args)
  wrk.method = args[1]
  local bytes = tonumber(args[2])
  if bytes > 0 then
    wrk.body = string.rep("a", bytes)
    wrk.headers["Content-Type"] = "application/octet-stream"
  end
  local think = tonumber(args[3])
  if think > 0 then
    -- Exponential think times make the arrivals look like those of many independent clients. wrk
    -- takes whole milliseconds only, so the fraction decides by chance which of two it is.
    math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 1000003)
    delay = function()
      return math.floor(-think * math.log(1 - math.random()) + math.random())
    end
  end
end

function done(summary, latency, requests)
  io.write(string.format(
    '\nBENCH {"requests":%d,"microseconds":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    summary.errors.connect, summary.errors.read, summary.errors.write,
    summary.errors.timeout, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
