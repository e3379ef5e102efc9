"""One connection to a broker, from CONNECT to its end: a bounded window of messages, and what became of each.

A session is used once. A connection that dies takes its unacknowledged messages with it, so nothing old is replayed.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import NamedTuple

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gauge_mqtt.sinks.mqtt import words
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.wire import CONNECT_TIMEOUT_S, WINDOW, PahoConnection
from gauge_mqtt.sinks.mqtt.words import MqttError, SpeechlessError, UnreachableError

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311

PATIENCE_S = 10.0
"""For the whole of connecting: name look-up and every address of the host."""
ACK_TIMEOUT_S = 20.0
"""A connection whose acknowledgements stay out that long is dead, whatever TCP believes."""


class Message(NamedTuple):
    """A payload for a topic. `expiry_s`: when the broker forgets it (MQTT 5 only)."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1
    expiry_s: int | None = None


class Session:
    """A connection's life; all of it in the event loop's thread."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: MQTTProtocolVersion,
        *,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.version = version
        self.refusals: dict[str, str] = {}
        """Topic or filter -> why the broker refused it. Of publishes only MQTT 5 tells."""
        self.refused = 0
        self.message_callback: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _retained: None
        self.settled_callback: Callable[[], None] = lambda: None
        self.over: asyncio.Future[MqttError] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[int] = self._loop.create_future()
        self._why: MqttError | None = None
        self._was_opened = False
        self._window = WINDOW
        self._queue: dict[object, Message] = {}
        self._unacknowledged = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._deadline: asyncio.TimerHandle | None = None
        # Dropped at the end: paho's callbacks and this object hold each other, and with them two file descriptors.
        self._connection: PahoConnection | None = PahoConnection(broker, client_id, version, will)

    async def open(self) -> None:
        """Connect, or raise `MqttError`."""
        assert self._connection is not None  # noqa: S101 (used once)
        self._connection.start(self)
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._window = await self._answer
        except TimeoutError:
            self.abort()
            raise UnreachableError(f"no answer from {self._broker.url} within {PATIENCE_S:g} s") from None
        except BaseException:
            self.abort()
            raise

    def publish(self, message: Message) -> None:
        """Send, now or when the window has room. Of what waits for room only the newest per retained topic is kept."""
        if self.over.done():
            return
        key = message.topic if message.retain else object()
        self._queue.pop(key, None)
        self._queue[key] = message
        self._settled.clear()
        self._pump()

    def subscribe(self, *filters: str) -> None:
        if self._connection is None:
            return
        self._connection.listen(filters)
        self._expect()

    async def settled(self, timeout_s: float) -> bool:
        """Whether everything said so far was acknowledged (or refused) in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        return self._settled.is_set()

    async def close(self, timeout_s: float = 0.5) -> None:
        """Part as friends: the broker does not publish the will."""
        if self._connection is not None:
            self._connection.disconnect()
        await asyncio.wait({self.over}, timeout=timeout_s)
        self.abort()

    def abort(self, why: MqttError | None = None) -> None:
        """End at once. The broker, if it lives, publishes the will."""
        self._why = self._why or why
        if self._connection is not None:
            self._connection.abort()

    def _pump(self) -> None:
        while self._queue and self._connection is not None and self._unacknowledged < self._window:
            message = self._queue.pop(next(iter(self._queue)))
            properties = None
            if message.expiry_s is not None and self.version is V5:
                properties = _expiry(message.expiry_s)
            self._connection.send(message.topic, message.payload, message.qos, message.retain, properties)
            if message.qos:
                self._expect()
        self._note_settled()

    def _expect(self) -> None:
        self._unacknowledged += 1
        self._settled.clear()
        if self._unacknowledged == 1:
            self._await_answer(ACK_TIMEOUT_S)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _await_answer(self, timeout_s: float) -> None:
        self._rest()
        silent = SpeechlessError if timeout_s == CONNECT_TIMEOUT_S else UnreachableError
        why = silent(f"{self._broker.url} does not answer; nothing came for {timeout_s:g} s")
        self._deadline = self._loop.call_later(timeout_s, self._give_up, why)

    def _give_up(self, why: MqttError) -> None:
        self.abort(why)
        self.on_end(None)  # paho's thread may itself be stuck; do not wait for its word

    def _note_settled(self) -> None:
        if not self._queue and not self._unacknowledged and not self._settled.is_set():
            self._settled.set()
            self.settled_callback()

    # --- what the wire tells

    def on_open(self) -> None:
        self._was_opened = True
        self._await_answer(CONNECT_TIMEOUT_S)

    def on_connack(self, reason: ReasonCode, window: int) -> None:
        if self._answer.done():
            return
        self._rest()
        if reason.is_failure:
            self._answer.set_exception(words.turned_away(self._broker, reason))
        else:
            self._answer.set_result(window)

    def on_kicked(self, reason: ReasonCode) -> None:
        self._why = self._why or words.kicked(self._broker, reason)

    def on_acknowledged(self, topics: tuple[str, ...], reasons: list[ReasonCode]) -> None:
        self._unacknowledged -= 1
        for topic, reason in zip(topics, reasons, strict=False):
            if reason.is_failure:
                self.refusals[topic] = str(reason)
                self.refused += 1
            else:
                self.refusals.pop(topic, None)
        self._rest()
        if self._unacknowledged:
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
            lost = f" ({cause})" if cause else ""
            self.over.set_result(self._why or UnreachableError(f"lost the connection to {self._broker.url}{lost}"))


@functools.cache
def _expiry(seconds: int) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties


async def connect(
    broker: Broker,
    client_id: str,
    *,
    version: MQTTProtocolVersion = V5,
    will: tuple[str, bytes] | None = None,
) -> Session:
    """An open session, in MQTT 5 if the broker speaks it. One of 3.1.1 alone may refuse 5, hang up, or say nothing."""
    if version is V5 and not broker.only_v311:
        session = Session(broker, client_id, V5, will=will)
        with contextlib.suppress(SpeechlessError):
            await session.open()
            return session
    session = Session(broker, client_id, V311, will=will)
    await session.open()
    return session
