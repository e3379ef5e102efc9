"""The arithmetic between sources and sinks: readings, limits and the time in, one snapshot out."""

from gauge_mqtt.core.snapshot import snapshot

__all__ = ["snapshot"]
