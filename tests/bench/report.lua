-- For wrk: the run's figures as one line of JSON, latencies in microseconds; -- PUT sends 1 KiB with each request.
init = function(args)
    if args[1] == "PUT" then
        wrk.method = "PUT"
        wrk.body = string.rep("0123456789abcdef", 64)
    end
end

done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'REPORT {"requests": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
        summary.requests, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
