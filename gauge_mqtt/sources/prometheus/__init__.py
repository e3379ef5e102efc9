"""Claude Code's OpenTelemetry counters in a Prometheus."""
