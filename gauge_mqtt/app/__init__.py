"""The porch: verbs, settings, the doctor, and how sources and sinks are put together."""
