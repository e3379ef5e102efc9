"""claude-gauge over MQTT: Claude Code telemetry as one small flat snapshot on a broker."""

__version__ = "0.1.0"
