"""The MQTT sink: retained topics on the owner's broker, whatever becomes of that broker.

While there is no connection nothing is published and nothing is queued; on each connection everything is said anew.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from time import monotonic

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.insights import Insights
from gauge_mqtt.contract.messages import Event, retained, retained_values
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, HEARTBEAT_S, Usage
from gauge_mqtt.sinks.mqtt import refusals, words
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.endings import HangUpWatch, NamesakeWatch, Verdict
from gauge_mqtt.sinks.mqtt.insights import InsightsVoice
from gauge_mqtt.sinks.mqtt.message import V311, Message
from gauge_mqtt.sinks.mqtt.session import Session, connect
from gauge_mqtt.sinks.mqtt.words import LoginError, MqttError, NamesakeError, UnreachableError

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
FAREWELL_S = 1.0
"""How long the broker may take to acknowledge `offline`; after that the will has to do."""
GREET_WITHIN_S, GREET_EVERY_S = 1.0, 5.0
"""A birth of Home Assistant is answered after a random delay, and a flood of them not more often than this."""
AT_ONCE_S = (0.5, 1.0)
"""The pause after which the other one of two namesakes gets to know it, too."""


class MqttSink:
    """Publishes what changed; on a heartbeat, on connect and on the birth of Home Assistant everything.

    `renew` gives the broker again after it refused our password: that may have been changed in its file since. It
    raises `GaugeError` if it cannot.
    """

    name = "mqtt"

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        discovery: bytes,
        *,
        expiry_s: int = EXPIRE_AFTER_S,
        renew: Callable[[], Broker] | None = None,
        insights: InsightsVoice | None = None,
    ) -> None:
        self.published = 0
        self.refused = 0
        self._broker, self._topics, self._discovery, self._expiry_s = broker, topics, discovery, expiry_s
        self._client_id = f"gauge-mqtt-{topics.instance}"
        self._health = Health(ok=False, detail=f"not connected to {broker.url} yet")
        self._renew, self._insights = renew, insights
        self._namesake, self._hang_ups = NamesakeWatch(), HangUpWatch()
        self._session: Session | None = None
        self._latest: Usage | None = None
        self._reported: set[str] = set()
        self._refused_before = 0
        self._greeted_at = 0.0
        self._greeting: asyncio.TimerHandle | None = None

    @property
    def health(self) -> Health:
        return self._health

    def describe(self, discovery: bytes) -> None:
        """Tell Home Assistant this from now on."""
        self._discovery = discovery
        self._publish(Message(self._topics.discovery, discovery, retain=True))

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        since, self._latest = None if beat else self._latest, usage
        if self._session is None:
            return  # `_announce` will say all of the newest
        happened = (Message(self._topics.event, event.to_json()) for event in events)
        alive = (self._online(), Message(self._topics.heartbeat, str(HEARTBEAT_S).encode())) if beat else ()
        more = self._insights.beat() if beat and self._insights else ()
        values = self._messages(retained_values(usage, self._topics, since))
        self._publish(*values)  # the needles are on their way before the whole snapshot is spelled
        whole = self._messages({self._topics.state: usage.to_json()}) if values else ()
        self._publish(*whole, *happened, *alive, *more)

    def tell(self, insights: Insights) -> None:
        """Say the newest insights."""
        if self._insights:
            self._publish(*self._insights.news(insights))

    async def run(self) -> None:
        """Keep a connection, for ever. Cancelled, it says `offline` and leaves."""
        tries = 0
        while True:
            started = monotonic()
            try:
                session = await connect(
                    self._broker,
                    self._client_id,
                    will=(self._topics.availability, OFFLINE),
                    left_out=self._hang_ups.left_out,
                    one_at_a_time=self._hang_ups.one_at_a_time,
                )
            except MqttError as error:
                why, tries = error, tries + 1
                self._namesake.not_connected()
                if isinstance(error, LoginError) and self._renew is not None:
                    try:
                        self._broker = self._renew()
                    except GaugeError as unreadable:
                        why = LoginError(f"{error}; {unreadable}")
            else:
                tries, born = 0, monotonic()
                why = self._judged(await self._live(session), session, monotonic() - born)
            self._trouble(str(why))
            await asyncio.sleep(_pause(why, tries, monotonic() - started))

    def _judged(self, why: MqttError, session: Session, lived_s: float) -> MqttError:
        """Why a connection ended, in the light of those before it."""
        if isinstance(why, NamesakeError):
            return why
        took_everything = session.was_settled and not session.unanswered
        verdict = self._namesake.ended(lived_s, hung_up=session.hung_up, took_everything=took_everything)
        blamed = session.hung_up and not (session.blames_nothing and session.unanswered)
        if found := self._hang_ups.ended(session.unanswered, hung_up=blamed):
            return type(why)(f"{why}, again on {found}: that is left out from now on")
        if verdict is Verdict.NOTHING:
            return why
        named = words.namesake(self._broker, f"{why}, soon after each start, though it took everything")
        if verdict is Verdict.SAY:
            named.pause_s = AT_ONCE_S
        return named

    async def _live(self, session: Session) -> MqttError:
        """One connection from its first word to its end; why it ended."""
        self._session, self._refused_before = session, self.refused
        self._health = Health(ok=True, detail=f"connected to {self._broker.url} ({_version(session, self._broker)})")
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
        """Everything, `online` behind the snapshot: who trusts it must find that in place. The needles go first."""
        discovery = Message(self._topics.discovery, self._discovery, retain=True)
        known = retained(self._latest, self._topics) if self._latest else {}
        insights = self._insights.everything() if self._insights else ()
        self._publish(discovery, *self._messages(known), self._online(), *insights)

    def _online(self) -> Message:
        """It expires like the values: after a power cut nobody is left to take it back."""
        return Message(self._topics.availability, ONLINE, retain=True, expiry_s=self._expiry_s)

    def _messages(self, payloads: Mapping[str, bytes]) -> list[Message]:
        return [Message(topic, payload, retain=True, expiry_s=self._expiry_s) for topic, payload in payloads.items()]

    def _publish(self, *messages: Message) -> None:
        """Hand them over in one go, so that they leave in one write."""
        if self._session is not None and messages:
            self._session.publish(*messages)
            self.published += len(messages)

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
        self._hang_ups.all_taken()
        self.refused = self._refused_before + self._session.refused
        found = self._session.refusals
        new = found.keys() - self._reported
        self._reported = set(found)
        if found:
            self._health = Health(ok=False, detail=refusals.told(found, self._topics, self._broker))
        elif not self._health.ok:
            self._health = Health(ok=True, detail=f"{self._broker.url} takes everything again")
            log.info(self._health.detail)
        if new:
            log.warning(self._health.detail)

    def _trouble(self, detail: str) -> None:
        if self._health != (health := Health(ok=False, detail=detail)):
            log.warning(detail)
        self._health = health


def _version(session: Session, broker: Broker) -> str:
    if session.version is not V311:
        return "MQTT 5"
    if broker.only_v311:
        return "MQTT 3.1.1"
    return "MQTT 3.1.1, since it refuses 5: there values do not expire, and nobody says what its rules deny"


def _pause(why: MqttError, tries: int, spent_s: float) -> float:
    """Seconds until the next try: doubling with full jitter, less what a slow failure has already taken."""
    least, most = why.pause_s
    if isinstance(why, UnreachableError):
        most = max(least, min(most, 2.0 ** min(tries, 8)))
        return max(least, random.uniform(least, most) - spent_s)  # noqa: S311
    return random.uniform(least, most)  # noqa: S311
