"""The MQTT sink: retained topics on the owner's broker, whatever becomes of that broker.

While there is no connection nothing is published and nothing is queued; on each connection everything is said anew.
"""

import asyncio
import logging
import random
from time import monotonic

from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.messages import Event, retained
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, HEARTBEAT_S, Usage
from gauge_mqtt.sinks.mqtt import words
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.session import V5, V311, Message, Session, connect
from gauge_mqtt.sinks.mqtt.words import MqttError, SpeechlessError, UnreachableError

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
FAREWELL_S = 1.0
"""How long the broker may take to acknowledge `offline`; after that the will has to do."""
SHORT_LIFE_S, SHORT_LIVES = 5.0, 5
"""So many connections that end so soon while the broker is there all the time: somebody takes our name over, and the
broker does not say so.
"""
GREET_WITHIN_S, GREET_EVERY_S = 1.0, 5.0
"""A birth of Home Assistant is answered after a random delay, and a flood of them not more often than this."""


class MqttSink:
    """Publishes what changed; on a heartbeat, on connect and on the birth of Home Assistant everything."""

    name = "mqtt"

    def __init__(self, broker: Broker, topics: Topics, discovery: bytes, *, expiry_s: int = EXPIRE_AFTER_S) -> None:
        self.published = 0
        self.refused = 0
        self._broker, self._topics, self._discovery, self._expiry_s = broker, topics, discovery, expiry_s
        self._client_id = f"gauge-mqtt-{topics.instance}"
        self._health = Health(ok=False, detail=f"not connected to {broker.url} yet")
        self._version = V5
        self._session: Session | None = None
        self._latest: dict[str, bytes] = {}
        self._published: dict[str, bytes] = {}
        self._reported: set[str] = set()
        self._refused_before = 0
        self._greeted_at = 0.0
        self._greeting: asyncio.TimerHandle | None = None

    @property
    def health(self) -> Health:
        return self._health

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        self._latest = retained(usage, self._topics)
        if self._session is None:
            return
        if beat:
            self._published.clear()
        self._say_changes()
        for event in events:
            self._publish(Message(self._topics.event, event.to_json()))
        if beat:
            self._publish(Message(self._topics.availability, ONLINE, retain=True))
            self._publish(Message(self._topics.heartbeat, str(HEARTBEAT_S).encode(), qos=0))

    async def run(self) -> None:
        """Keep a connection, for ever. Cancelled, it says `offline` and leaves."""
        tries = short_lives = 0
        while True:
            started = monotonic()
            try:
                session = await connect(
                    self._broker,
                    self._client_id,
                    version=self._version,
                    will=(self._topics.availability, OFFLINE),
                )
            except MqttError as error:
                why = error
                if isinstance(error, SpeechlessError):
                    self._version = V5
                tries, short_lives = tries + 1, 0
            else:
                tries, born = 0, monotonic()
                why = await self._live(session)
                short_lives = short_lives + 1 if monotonic() - born < SHORT_LIFE_S else 0
                if short_lives >= SHORT_LIVES:
                    why = words.namesake(self._broker, "the connection ends soon after each start")
                    short_lives = 0
            self._trouble(str(why))
            await asyncio.sleep(_pause(why, tries, monotonic() - started))

    async def _live(self, session: Session) -> MqttError:
        """One connection from its first word to its end; why it ended."""
        self._session, self._version, self._refused_before = session, session.version, self.refused
        version = "3.1.1" if session.version is V311 else "5"
        self._health = Health(ok=True, detail=f"connected to {self._broker.url} (MQTT {version})")
        log.info(self._health.detail)
        session.message_callback, session.settled_callback = self._on_message, self._settled
        try:
            session.subscribe(self._topics.birth)
            self._announce()
            return await asyncio.shield(session.over)
        except asyncio.CancelledError:
            await self._farewell(session)
            raise
        finally:
            self._session = None
            session.abort()
            if self._greeting is not None:
                self._greeting.cancel()
                self._greeting = None

    async def _farewell(self, session: Session) -> None:
        self._publish(Message(self._topics.availability, OFFLINE, retain=True))
        if await session.settled(FAREWELL_S):
            await session.close()

    def _announce(self) -> None:
        """Everything, `online` last: who trusts it must find the rest in place."""
        self._published.clear()
        self._publish(Message(self._topics.discovery, self._discovery, retain=True))
        self._say_changes()
        self._publish(Message(self._topics.availability, ONLINE, retain=True))

    def _say_changes(self) -> None:
        for topic, payload in self._latest.items():
            if self._published.get(topic) != payload:
                self._published[topic] = payload
                self._publish(Message(topic, payload, retain=True, expiry_s=self._expiry_s))

    def _publish(self, message: Message) -> None:
        if self._session is not None:
            self._session.publish(message)
            self.published += 1

    def _on_message(self, topic: str, payload: bytes, retained_: bool) -> None:  # noqa: FBT001 (always positional)
        if topic != self._topics.birth or payload != ONLINE or retained_ or self._greeting is not None:
            return
        loop = asyncio.get_running_loop()
        at = max(loop.time() + random.uniform(0, GREET_WITHIN_S), self._greeted_at + GREET_EVERY_S)  # noqa: S311
        self._greeting = loop.call_at(at, self._greet)

    def _greet(self) -> None:
        self._greeting, self._greeted_at = None, asyncio.get_running_loop().time()
        self._announce()

    def _settled(self) -> None:
        """All acknowledgements are in: report what the broker refused, each topic once until it is taken again."""
        if self._session is None:
            return
        self.refused = self._refused_before + self._session.refused
        refusals = self._session.refusals
        new = refusals.keys() - self._reported
        self._reported = set(refusals)
        if refusals:
            self._health = Health(ok=False, detail=self._refusal(refusals))
        elif not self._health.ok:
            self._health = Health(ok=True, detail=f"{self._broker.url} takes everything again")
            log.info(self._health.detail)
        if new:
            log.warning(self._health.detail)

    def _refusal(self, refusals: dict[str, str]) -> str:
        who = f"user {self._broker.username}" if self._broker.username else "clients without user name"
        topics = [topic for topic in refusals if topic != self._topics.birth]
        if not topics:
            return (
                f"broker refused the subscription to {self._topics.birth}: {refusals[self._topics.birth]}; "
                f"give {who} read access to it, or restarts of Home Assistant go unnoticed"
            )
        more = f" and {len(topics) - 1} more" if len(topics) > 1 else ""
        return (
            f"broker refused publish to {topics[0]}{more}: {refusals[topics[0]]}; "
            f"give {who} write access to {self._topics.base}/# and {self._topics.discovery}"
        )

    def _trouble(self, detail: str) -> None:
        if self._health != (health := Health(ok=False, detail=detail)):
            log.warning(detail)
        self._health = health


def _pause(why: MqttError, tries: int, spent_s: float) -> float:
    """Seconds until the next try: doubling with full jitter, less what a slow failure has already taken."""
    least, most = why.pause_s
    if isinstance(why, UnreachableError):
        most = max(least, min(most, 2.0 ** min(tries, 8)))
        return max(least, random.uniform(least, most) - spent_s)  # noqa: S311
    return random.uniform(least, most)  # noqa: S311
