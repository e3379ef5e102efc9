"""One connection to a broker, from CONNECT to its end: a bounded window of messages, and what became of each.

A session is used once. A connection that dies takes its unacknowledged messages with it, so nothing old is replayed.
"""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from gauge_mqtt.sinks.mqtt import words
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V5, V311, Message
from gauge_mqtt.sinks.mqtt.refusals import Refusal
from gauge_mqtt.sinks.mqtt.wire import CONNECT_TIMEOUT_S, PACKET_MAX, WINDOW, BrokerLimits, PahoConnection
from gauge_mqtt.sinks.mqtt.words import HungUpError, MqttError, SpeechlessError, UnreachableError, VersionError

PATIENCE_S = 10.0
"""For the whole of connecting: name look-up and every address of the host."""
ACK_TIMEOUT_S = 20.0
"""A connection whose acknowledgements stay out that long is dead, whatever TCP believes."""


class Session:
    """A connection's life; all of it in the event loop's thread.

    `left_out`: topics that are not sent, because the broker hangs up on them. `one_at_a_time`: each message waits for
    the acknowledgement of the one before, so that the one that ends the connection is known. `packet_max`: as
    `PahoConnection` has it.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: MQTTProtocolVersion,
        *,
        will: tuple[str, bytes] | None = None,
        left_out: Collection[str] = (),
        one_at_a_time: bool = False,
        packet_max: int | None = PACKET_MAX,
    ) -> None:
        self.version = version
        self.refusals: dict[str, Refusal] = {}
        """Topic or filter -> why the broker has not got it. What its rules refuse, only MQTT 5 tells of a publish."""
        self.refused = 0
        self.was_settled = False
        """Whether there was a moment at which everything said was acknowledged."""
        self.hung_up = False
        """Whether it was the broker that ended the connection."""
        self.blames_nothing = False
        """Whether it has said why, and that is nothing that was sent."""
        self.message_callback: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _retained: None
        self.settled_callback: Callable[[], None] = lambda: None
        self.over: asyncio.Future[MqttError] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[BrokerLimits] = self._loop.create_future()
        self._why: MqttError | None = None
        self._was_opened = False
        self._limits = BrokerLimits(WINDOW, None)
        self._left_out, self._one_at_a_time = left_out, one_at_a_time
        self._queue: dict[object, Message] = {}
        self._in_flight: list[tuple[str, ...]] = []
        self._settled = asyncio.Event()
        self._settled.set()
        self._deadline: asyncio.TimerHandle | None = None
        # Dropped at the end: paho's callbacks and this object hold each other, and with them two file descriptors.
        self._connection: PahoConnection | None = PahoConnection(broker, client_id, version, will, packet_max)

    async def open(self) -> None:
        """Connect, or raise `MqttError`."""
        assert self._connection is not None  # noqa: S101 (used once)
        try:
            self._connection.start(self)
        except (OSError, RuntimeError) as error:  # no file, no thread to spare
            why = error if isinstance(error, OSError) else OSError(str(error))
            raise words.no_connection(self._broker, why, opened=False) from None
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._limits = await self._answer
        except TimeoutError:
            self.abort()
            raise UnreachableError(f"no answer from {self._broker.url} within {PATIENCE_S:g} s") from None
        except BaseException:
            self.abort()
            raise

    def publish(self, *messages: Message) -> None:
        """Send, now or when the window has room. Of what waits for room only the newest per retained topic is kept."""
        if self.over.done():
            return
        for message in messages:
            if refusal := self._unsendable(message):
                self.refusals[message.topic] = refusal
                self.refused += 1
            else:
                key = message.topic if message.retain else object()
                self._queue.pop(key, None)
                self._queue[key] = message
        self._settled.clear()
        self._pump()

    def subscribe(self, *filters: str) -> None:
        """Ask for what is published there; with `one_at_a_time` before anything else is sent."""
        for left_out in set(filters) & set(self._left_out):
            self.refusals[left_out] = Refusal("ends_connection", "")
        filters = tuple(topic for topic in filters if topic not in self._left_out)
        if self._connection is not None and filters:
            self._expect(filters)
            self._connection.listen(filters)

    @property
    def unanswered(self) -> list[str]:
        """Topics and filters that were sent and neither acknowledged nor refused, in this order."""
        return [topic for topics in self._in_flight for topic in topics]

    @property
    def _window(self) -> int:
        return 1 if self._one_at_a_time else self._limits.window

    def fits(self, message: Message) -> bool:
        """Whether the broker takes a packet of that size, as far as it has said."""
        return self._limits.packet_max is None or message.size(self.version) <= self._limits.packet_max

    def _unsendable(self, message: Message) -> Refusal | None:
        if not self.fits(message):
            size, most = message.size(self.version), self._limits.packet_max
            return Refusal("too_large", f"{size:,} bytes, it takes {most:,}")
        return Refusal("ends_connection", "") if message.topic in self._left_out else None

    async def settled(self, timeout_s: float) -> bool:
        """Whether everything said so far was acknowledged (or refused) in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        return self._settled.is_set()

    async def close(self, timeout_s: float = 0.5) -> None:
        """Part as friends: the broker does not publish the will."""
        if self._connection is not None:
            self._connection.leave()
        await asyncio.wait({self.over}, timeout=timeout_s)
        self.abort()

    def abort(self, why: MqttError | None = None) -> None:
        """End at once. The broker, if it lives, publishes the will."""
        self._why = self._why or why
        if self._connection is not None:
            self._connection.abort()

    def _pump(self) -> None:
        messages = []
        while self._queue and len(self._in_flight) < self._window:
            messages.append(self._queue.pop(next(iter(self._queue))))
            self._expect((messages[-1].topic,))
        if messages and self._connection is not None:
            self._connection.send(messages)
        self._note_settled()

    def _expect(self, topics: tuple[str, ...]) -> None:
        self._in_flight.append(topics)
        self._settled.clear()
        if len(self._in_flight) == 1:
            self._await_answer(ACK_TIMEOUT_S)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _await_answer(self, timeout_s: float) -> None:
        self._rest()
        self._deadline = self._loop.call_later(timeout_s, self._give_up, timeout_s)

    def _give_up(self, timeout_s: float) -> None:
        silent = SpeechlessError if timeout_s == CONNECT_TIMEOUT_S else UnreachableError
        self.abort(silent(f"{self._broker.url} does not answer; nothing came for {timeout_s:g} s"))
        self.on_end(None)  # a connect that hangs ends some time later; do not wait for it

    def _note_settled(self) -> None:
        if not self._queue and not self._in_flight and not self._settled.is_set():
            self._settled.set()
            self.was_settled = True
            self.settled_callback()

    # --- what the wire tells

    def on_open(self) -> None:
        self._was_opened = True
        self._await_answer(CONNECT_TIMEOUT_S)

    def on_connack(self, reason: ReasonCode, limits: BrokerLimits, elsewhere: str) -> None:
        if self._answer.done():
            return
        self._rest()
        if reason.is_failure:
            self._answer.set_exception(words.turned_away(self._broker, reason, elsewhere))
        else:
            self._answer.set_result(limits)

    def on_dismissed(self, reason: ReasonCode, elsewhere: str) -> None:
        self._why = self._why or words.dismissed(self._broker, reason, elsewhere)
        self.hung_up, self.blames_nothing = True, reason.value in words.BLAMES_NOTHING

    def on_acknowledged(self, topics: tuple[str, ...], reasons: list[ReasonCode]) -> None:
        self._in_flight.remove(topics)
        for topic, reason in zip(topics, reasons, strict=False):
            if reason.is_failure:
                self.refusals[topic] = Refusal("refused", str(reason))
                self.refused += 1
            else:
                self.refusals.pop(topic, None)
        self._rest()
        if self._in_flight:
            self._await_answer(ACK_TIMEOUT_S)
        self._pump()

    def on_message(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 (always positional)
        self.message_callback(topic, payload, retained)

    def on_end(self, cause: Exception | None) -> None:
        self._rest()
        self._connection = None
        if not self._answer.done():
            why = self._why or words.no_connection(self._broker, cause, opened=self._was_opened)
            self._answer.set_exception(why)
        if not self.over.done():
            self.hung_up |= self._why is None and (cause is None or isinstance(cause, ConnectionError | ssl.SSLError))
            self.over.set_result(self._why or words.lost(self._broker, cause))


async def connect(
    broker: Broker,
    client_id: str,
    *,
    will: tuple[str, bytes] | None = None,
    left_out: Collection[str] = (),
    one_at_a_time: bool = False,
    packet_max: int = PACKET_MAX,
) -> Session:
    """An open session, in MQTT 5 unless the broker refuses that version. Raises `MqttError`.

    Only its refusal counts: who is silent or hangs up may be a broker of MQTT 5 in trouble, and on 3.1.1 its retained
    values would not expire. Each connection asks again.
    """
    how: dict[str, Any] = {
        "will": will, "left_out": left_out, "one_at_a_time": one_at_a_time, "packet_max": packet_max,
    }  # fmt: skip
    if not broker.only_v311:
        session = Session(broker, client_id, V5, **how)
        try:
            await session.open()
            return session
        except VersionError:
            pass
        except SpeechlessError:
            if not await _refuses_v5(broker):
                raise
    session = Session(broker, client_id, V311, **how)
    await session.open()
    return session


async def _refuses_v5(broker: Broker) -> bool:
    """Whether it is the version that the broker does not answer to: asked with the shortest CONNECT there is, since one
    of 3.1.1 alone takes the properties of the will for the length of something, and waits for the rest of that.

    RabbitMQ before 3.13 closes the connection. That is a refusal if it does so again after it has answered 3.1.1;
    silence never is.
    """
    first = await _asked(broker, V5)
    if not isinstance(first, HungUpError):
        return isinstance(first, VersionError)
    answers_v311 = not isinstance(await _asked(broker, V311), UnreachableError)
    return answers_v311 and isinstance(await _asked(broker, V5), HungUpError)


async def _asked(broker: Broker, version: MQTTProtocolVersion) -> MqttError | None:
    """How the broker turns a stranger away who speaks this version; `None` if it does not."""
    stranger = replace(broker, username=None, password=None)
    asking = Session(stranger, f"gauge-ask-{secrets.token_hex(4)}", version, packet_max=None)
    try:
        await asking.open()
    except MqttError as error:
        return error
    await asking.close()
    return None
