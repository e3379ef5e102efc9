"""The arithmetic between sources and sinks: readings, limits and the time in, one snapshot out."""
