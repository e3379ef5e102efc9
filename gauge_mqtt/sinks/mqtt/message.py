"""A message for the broker, and what it is on the wire."""

from typing import NamedTuple

from paho.mqtt.enums import MessageType, MQTTProtocolVersion

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
EXPIRY = b"\x02"
"""The property `Message Expiry Interval`; four bytes of seconds follow (MQTT 5, 3.3.2.3.3)."""
QOS_1 = 1 << 1


class Message(NamedTuple):
    """A payload for a topic. `expiry_s`: when the broker forgets it (MQTT 5 only).

    QoS 1 throughout, so that every message is known to be taken or refused.
    """

    topic: str
    payload: bytes
    retain: bool = False
    expiry_s: int | None = None

    def size(self, version: MQTTProtocolVersion) -> int:
        """Bytes of its PUBLISH packet, header included."""
        return len(self.packet(0, version))

    def packet(self, number: int, version: MQTTProtocolVersion) -> bytes:
        """Its PUBLISH packet (MQTT 5, 3.3; without properties 3.1.1's). `number`: by which it is acknowledged."""
        topic = self.topic.encode()
        properties = b""
        if version is V5:
            properties = b"" if self.expiry_s is None else EXPIRY + self.expiry_s.to_bytes(4, "big")
            properties = _length(len(properties)) + properties
        rest = b"".join((len(topic).to_bytes(2, "big"), topic, number.to_bytes(2, "big"), properties, self.payload))
        return bytes([MessageType.PUBLISH | QOS_1 | self.retain]) + _length(len(rest)) + rest


def _length(count: int) -> bytes:
    """A variable byte integer: seven bits a byte, the lowest first, the eighth says that more follow (1.5.5)."""
    found = bytearray()
    while count > 0x7F:  # noqa: PLR2004, seven bits
        found.append(count & 0x7F | 0x80)
        count >>= 7
    found.append(count)
    return bytes(found)
