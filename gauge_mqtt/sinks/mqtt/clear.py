"""`discovery clear`: every topic that an instance ever left on the broker, emptied."""

import asyncio
import json
from typing import NamedTuple

from gauge_mqtt.contract.messages import UNKNOWN
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import RETIRED
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V5, Message
from gauge_mqtt.sinks.mqtt.visit import LOOK_S, Visit, visit, who
from gauge_mqtt.sinks.mqtt.words import MqttError

ACK_S = 5.0
GONE_AFTER_S = 1
"""Seconds after which the broker forgets what is to vanish without an empty message."""
PREFIX_LEVELS = 3
"""An earlier discovery prefix is looked for with up to so many levels."""


class Cleared(NamedTuple):
    """What was emptied. `publisher_online`: a gauge-mqtt is at work there and will publish it all again. `unseen`: why
    not everything could be looked for, in words.
    """

    topics: list[str]
    publisher_online: bool
    unseen: str | None


async def clear(broker: Broker, topics: Topics, *, look_s: float = LOOK_S) -> Cleared:
    """Empty every retained topic of this instance: of earlier versions and under an earlier discovery prefix, too.

    Discovery goes first, so that Home Assistant has let go of the topics before they are emptied. Where it has them
    from its YAML, an empty value is an error in its log; so values become unknown and expire, as far as the broker can
    do that (MQTT 5). Raises `MqttError`.
    """
    ours = [
        topic.removeprefix(f"{topics.discovery_prefix}/") for topic in (topics.discovery, topics.insights_discovery)
    ]
    anywhere = [f"{'+/' * levels}{config}" for levels in range(1, PREFIX_LEVELS + 1) for config in ours]
    async with visit(broker, topics) as here:
        await here.look(
            f"{topics.base}/#", topics.discovery, topics.insights_discovery, *anywhere, within_s=look_s
        )  # fmt: skip
        sees = (await here.rights()).read
        by_wildcard = any(topic.startswith(f"{topics.base}/") for topic in here.retained)
        if not by_wildcard:
            await here.look(topics.availability, within_s=look_s)
        hidden = not by_wildcard and topics.availability in here.retained
        online = here.retained.get(topics.availability) == b"online"
        # An empty message on a discovery topic that is empty already is worth a warning to Home Assistant.
        found = [topic for topic in here.retained if topic.endswith(tuple(f"/{config}" for config in ours))]
        discovery = found or [topics.discovery]
        known = [topics.availability, *topics.retained[1:], *(f"{topics.base}/{key}" for key in RETIRED)]
        insights = () if by_wildcard else topics.insights.values()  # most have none; where they can be seen they are
        emptied = list(dict.fromkeys([*discovery, *known, *insights, *here.retained]))
        gently = sees is True and here.session.version is V5
        for topic in emptied:
            goodbye = _goodbye(topic, topics)
            gentle = gently and here.session.fits(goodbye)
            here.session.publish(goodbye if gentle else Message(topic, b"", retain=True))
        await _acknowledged(here, broker, emptied)
        if gently:
            await asyncio.sleep(GONE_AFTER_S + 0.2)
            here.retained.clear()
            await here.look(f"{topics.base}/#", within_s=look_s)
            for topic in here.retained:
                here.session.publish(Message(topic, b"", retain=True))
            await _acknowledged(here, broker, emptied)
    return Cleared(emptied, publisher_online=online, unseen=_unseen(broker, topics, sees=sees, hidden=hidden))


def _goodbye(topic: str, topics: Topics) -> Message:
    """The last message of a topic, which leaves nothing behind and is an error to nobody who still listens."""
    if topic == topics.availability:
        return Message(topic, b"offline", retain=True, expiry_s=GONE_AFTER_S)
    if topic == topics.state:
        return Message(topic, json.dumps(dict.fromkeys(topics.keys)).encode(), retain=True, expiry_s=GONE_AFTER_S)
    below = topic.removeprefix(f"{topics.base}/")
    if topic == below or below.startswith("display/"):  # no entity has it for its state
        return Message(topic, b"", retain=True)
    return Message(topic, UNKNOWN.encode(), retain=True, expiry_s=GONE_AFTER_S)


async def _acknowledged(here: Visit, broker: Broker, emptied: list[str]) -> None:
    if not await here.session.settled(ACK_S):
        raise MqttError(f"{broker.url} did not acknowledge within {ACK_S:g} s; some topics may remain")
    if refused := here.refused(emptied):
        topic, why = next(iter(refused.items()))
        raise MqttError(f"{broker.url} refused to empty {len(refused)} topics, {topic} for one: {why}")


def _unseen(broker: Broker, topics: Topics, *, sees: bool | None, hidden: bool) -> str | None:
    """`hidden`: something is retained that a wildcard does not show."""
    if hidden:
        return (
            f"{broker.url} hands out retained values for a full topic only: the topics of this version were emptied, "
            "but what an earlier version or discovery prefix left could not be looked for"
        )
    if sees:
        return None
    return (
        f"{who(broker)} may not read {topics.base}/#: the topics of this version were emptied, but what an earlier "
        "version or discovery prefix left could not be looked for; give it read access "
        f"(mosquitto: topic readwrite {topics.base}/#)"
    )
