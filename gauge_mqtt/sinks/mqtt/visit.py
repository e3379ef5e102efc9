"""A short visit to the broker for the command line: under a name of its own, without a will, unnoticed by anybody."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import Message
from gauge_mqtt.sinks.mqtt.session import Session, connect

LOOK_S = 1.0
"""Retained messages come right behind the acknowledgement of the subscription; a second is plenty."""
PACKET_MAX = 16 << 20
"""Bytes. More than a publisher takes: what is huge is to be seen and cleared away, too."""


class Rights(NamedTuple):
    """What this user may do below the instance's own topic; `None` where it could not be found out.

    mosquitto takes every subscription and then passes on nothing, so that only a message that comes back tells.
    """

    read: bool | None
    write: bool | None


class Visit:
    """`retained`: topic -> payload of what the broker has handed out so far."""

    def __init__(self, session: Session, topics: Topics) -> None:
        self.session, self._topics = session, topics
        self.retained: dict[str, bytes] = {}
        self._echo = f"{topics.base}/visit/{secrets.token_hex(4)}"
        self._heard_echo = False
        self._arrived = asyncio.Event()
        session.message_callback = self._on_message

    async def look(self, *filters: str, within_s: float = LOOK_S) -> None:
        """Have what is retained under `filters` handed out; done early where each is a topic that was found."""
        self.session.subscribe(*filters)
        await self._until(filters, within_s)
        self._still_welcome()

    async def rights(self, within_s: float = LOOK_S) -> Rights:
        """After a look at `base`/#: whether a message below it goes out, and comes back."""
        self.session.publish(Message(self._echo, b""))
        await self.session.settled(within_s)
        self._still_welcome()
        refused = self._echo in self.session.refusals
        if not refused:
            await self._until((self._echo,), within_s)
        write = False if refused else True if self._heard_echo else None
        if self._heard_echo or any(topic.startswith(f"{self._topics.base}/") for topic in self.retained):
            return Rights(read=True, write=write)
        return Rights(read=None if refused else False, write=write)

    def refused(self, topics: Collection[str]) -> dict[str, str]:
        """Which of `topics` the broker did not let us publish to (or, filters, hear), and why."""
        return {topic: refusal.why for topic, refusal in self.session.refusals.items() if topic in topics}

    def _still_welcome(self) -> None:
        """Raises `MqttError` if the broker has ended the connection, with the topic it did so on."""
        if self.session.over.done():
            why, on = self.session.over.result(), ", ".join(self.session.unanswered)
            raise type(why)(f"{why}, on {on}" if on else str(why))

    async def _until(self, wanted: Collection[str], within_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self.session.over.done() and not all(
                    topic in self.retained or (topic == self._echo and self._heard_echo) for topic in wanted
                ):
                    self._arrived.clear()
                    await self._arrived.wait()

    def _on_message(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (called by position)
        if retained:
            self.retained[topic] = payload
        elif topic == self._echo:
            self._heard_echo = True
        self._arrived.set()


@contextlib.asynccontextmanager
async def visit(broker: Broker, topics: Topics) -> AsyncIterator[Visit]:
    """Raises `MqttError` where there is no connection."""
    session = await connect(broker, f"gauge-visit-{secrets.token_hex(4)}", packet_max=PACKET_MAX)
    try:
        yield Visit(session, topics)
    finally:
        await session.close()


def who(broker: Broker) -> str:
    return f"user {broker.username}" if broker.username else "clients without user name"
