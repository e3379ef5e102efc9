"""Short visits to the broker for the command line: empty what was retained, or look whether all is well."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import NamedTuple

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import RETIRED
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V311, Message
from gauge_mqtt.sinks.mqtt.session import Session, connect
from gauge_mqtt.sinks.mqtt.words import MqttError

GATHER_S = 1.0
"""Retained messages come right behind the SUBACK; a second is plenty."""
ACK_S = 5.0


class Cleared(NamedTuple):
    """What was emptied. `publisher_online`: a gauge-mqtt is at work there and will publish it all again."""

    topics: list[str]
    publisher_online: bool


class Probe(NamedTuple):
    """What a visitor finds. `availability`: `online`, `offline`, or `None` where no publisher has ever been."""

    version: str
    discovery_retained: bool
    availability: str | None


async def clear(broker: Broker, topics: Topics, *, gather_s: float = GATHER_S) -> Cleared:
    """Empty every retained topic of this instance, those of earlier versions too. Raises `MqttError`."""
    everything = (f"{topics.base}/#", topics.discovery)
    async with _visit(broker, everything, gather_s) as (session, found):
        retired = [f"{topics.base}/{key}" for key in RETIRED]
        # Discovery comes first, so that Home Assistant has let go of the topics before they are emptied.
        emptied = list(dict.fromkeys([*topics.retained, *retired, *found]))
        for topic in emptied:
            session.publish(Message(topic, b"", retain=True))
        if not await session.settled(ACK_S):
            raise MqttError(f"{broker.url} did not acknowledge within {ACK_S:g} s; some topics may remain")
        if refused := {topic: why for topic, why in session.refusals.items() if topic not in everything}:
            topic, why = next(iter(refused.items()))
            raise MqttError(f"{broker.url} refused to empty {len(refused)} topics, {topic} for one: {why}")
        return Cleared(emptied, publisher_online=found.get(topics.availability) == b"online")


async def probe(broker: Broker, topics: Topics) -> Probe:
    """Connect as a visitor and look, within a few seconds. Raises `MqttError`."""
    wanted = (topics.discovery, topics.availability)
    async with _visit(broker, wanted, GATHER_S) as (session, found):
        availability = found.get(topics.availability)
        return Probe(
            version="3.1.1" if session.version is V311 else "5",
            discovery_retained=topics.discovery in found,
            availability=None if availability is None else availability.decode(errors="replace"),
        )


async def instances(broker: Broker) -> list[tuple[str, str]]:
    """Every publisher that has ever been on the broker, by name, and its availability. Raises `MqttError`."""
    async with _visit(broker, (Topics("+").availability,), GATHER_S) as (_, found):
        return sorted((topic.split("/")[1], state.decode(errors="replace")) for topic, state in found.items())


@contextlib.asynccontextmanager
async def _visit(
    broker: Broker, filters: tuple[str, ...], gather_s: float
) -> AsyncIterator[tuple[Session, dict[str, bytes]]]:
    """A connection under a name of its own and without a will, and what is retained under `filters`."""
    found: dict[str, bytes] = {}
    arrived = asyncio.Event()

    def on_message(topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (called by position)
        if retained:
            found[topic] = payload
            arrived.set()

    session = await connect(broker, f"gauge-visit-{secrets.token_hex(4)}")
    session.message_callback = on_message
    try:
        session.subscribe(*filters)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(gather_s):
                while not found.keys() >= set(filters):
                    arrived.clear()
                    await arrived.wait()
        yield session, found
    finally:
        await session.close()
