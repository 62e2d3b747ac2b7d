-- wrk's side of a measurement: METHOD FILE [BODY]; every line of FILE is one "Name: value" header set, parted by "|".
local threads, lines, method, body = 0, {}, "GET", nil

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   method, body = args[1], args[3]
   for line in io.lines(args[2]) do
      local headers = {}
      for pair in line:gmatch("[^|]+") do
         local name, value = pair:match("^([^:]+): (.*)$")
         headers[name] = value
      end
      lines[#lines + 1] = wrk.format(method, nil, headers, body)
   end
   -- Threads begin at different places, so that together they go through the whole file.
   at = math.floor(#lines / 2) * number
end

function request()
   at = at % #lines + 1
   return lines[at]
end

function done(summary, latency, requests)
   io.write(string.format('\nRESULT {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\n',
      summary.requests, summary.duration, summary.errors.status,
      summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
