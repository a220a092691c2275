-- one line of figures that a program reads: wrk itself prints no 99.9th percentile
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("FIGURES %d %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        errors.status, errors.timeout, errors.connect + errors.read + errors.write))
end
