"""What `doctor` finds out about the broker: whether all is there, and whether this user may see it."""

from dataclasses import dataclass
from typing import Literal

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V311
from gauge_mqtt.sinks.mqtt.visit import LOOK_S, Rights, visit

Availability = Literal["online", "offline", "junk"]
SAID: dict[bytes, Availability] = {b"online": "online", b"offline": "offline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a visitor finds. `availability`: `None` where none is retained, or this user may not read it.

    `wildcards`: whether retained values are handed out to subscriptions with a wildcard; `None` where nothing is
    retained that could show it.
    """

    version: str
    discovery_retained: bool
    availability: Availability | None
    rights: Rights
    wildcards: bool | None


async def probe(broker: Broker, topics: Topics) -> Probe:
    """Connect as a visitor and look, within a few seconds. Raises `MqttError`."""
    async with visit(broker, topics) as here:
        await here.look(f"{topics.base}/#", within_s=LOOK_S / 2)
        rights = await here.rights()
        by_wildcard = topics.availability in here.retained
        await here.look(topics.availability, topics.discovery)
        found = here.retained.get(topics.availability)
        return Probe(
            version="3.1.1" if here.session.version is V311 else "5",
            discovery_retained=topics.discovery in here.retained,
            availability=None if found is None else SAID.get(found, "junk"),
            rights=rights,
            wildcards=None if found is None else by_wildcard,
        )


async def instances(broker: Broker) -> list[tuple[str, Availability]]:
    """Every publisher that has ever been on the broker, by name, and its availability. Raises `MqttError`."""
    anyone = Topics("+")
    async with visit(broker, anyone) as here:
        await here.look(anyone.availability)
        return sorted((topic.split("/")[1], SAID.get(found, "junk")) for topic, found in here.retained.items())
