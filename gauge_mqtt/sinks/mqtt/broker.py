"""Where the owner's broker is, as a plain value."""

from dataclasses import dataclass, field
from pathlib import Path

from gauge_mqtt.sinks import address

MQTT_PORT, MQTTS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to be let in. `only_v311`: known to refuse MQTT 5 (the embedded broker)."""

    host: str = "localhost"
    port: int = MQTT_PORT
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    only_v311: bool = False

    @property
    def url(self) -> str:
        """The address without any secret, for messages."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{address(self.host, self.port)}"
