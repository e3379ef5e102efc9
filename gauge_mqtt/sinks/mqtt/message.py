"""A message for the broker, and its size on the wire."""

import functools
from typing import NamedTuple

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
EXPIRY_BYTES = 5
"""Of the property `Message Expiry Interval`: its number and four bytes (MQTT 5, 3.3.2.3.3)."""


class Message(NamedTuple):
    """A payload for a topic. `expiry_s`: when the broker forgets it (MQTT 5 only).

    QoS 1 throughout, so that every message is known to be taken or refused.
    """

    topic: str
    payload: bytes
    retain: bool = False
    expiry_s: int | None = None

    def size(self, version: MQTTProtocolVersion) -> int:
        """Bytes of its PUBLISH packet, header included (MQTT 5, 3.3; without properties 3.1.1's)."""
        rest = 2 + len(self.topic.encode()) + 2 + len(self.payload)
        if version is V5:
            rest += 1 + (0 if self.expiry_s is None else EXPIRY_BYTES)
        length_bytes = 1 + sum(rest >= 1 << bits for bits in (7, 14, 21))
        return 1 + length_bytes + rest

    def properties(self, version: MQTTProtocolVersion) -> Properties | None:
        return _expiry(self.expiry_s) if self.expiry_s is not None and version is V5 else None


class _Packed(Properties):
    """Packed once; paho would do it for every message, which takes as long as all the rest of it."""

    def pack(self) -> bytes:
        return self._packed

    @functools.cached_property
    def _packed(self) -> bytes:
        return bytes(super().pack())  # type: ignore[no-untyped-call]


@functools.cache
def _expiry(seconds: int) -> Properties:
    properties = _Packed(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties
