"""paho's side of a connection: a thread connects, then the event loop reads and writes."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, cast

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MessageType, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V5, Message
from gauge_mqtt.sinks.mqtt.tls import trust

CONNECT_TIMEOUT_S = 3.0
"""For the TCP connection, for the TLS handshake, and for the broker's answer, each."""
KEEPALIVE_S = 15
LOOK_AT_PING_S = 2.0
"""How often it is looked at whether a ping is due, or its answer overdue."""
WINDOW = 20
"""Messages awaiting their acknowledgement; a broker drops in silence what exceeds its queue."""
PACKET_MAX = 1 << 20
"""Bytes of a packet that a publisher takes; a message may have 256 MB, and whoever may publish what we hear could send
it.
"""
PING_UNANSWERED = 0x8D
"""paho's reason for an end by itself: the broker did not answer a ping."""


class BrokerLimits(NamedTuple):
    """What the broker takes, as its CONNACK says: messages in flight, and bytes of a packet (`None`: any)."""

    window: int
    packet_max: int | None


class PacketTooLargeError(Exception):
    """The broker begins a packet of more bytes than we take."""


class Listener(Protocol):
    """Who hears of the connection, in the event loop's thread."""

    def on_open(self) -> None: ...
    def on_connack(self, reason: ReasonCode, limits: BrokerLimits, elsewhere: str) -> None: ...
    def on_dismissed(self, reason: ReasonCode, elsewhere: str) -> None: ...
    def on_acknowledged(self, topics: tuple[str, ...], reasons: list[ReasonCode]) -> None: ...
    def on_message(self, topic: str, payload: bytes, retained: bool) -> None: ...  # noqa: FBT001 (always positional)
    def on_end(self, cause: Exception | None) -> None: ...


class PahoConnection(Client):
    """A paho client for one connection, without paho's own thread.

    A daemon thread reads the certificates, looks the host up, connects and shakes hands: all of that may block for
    seconds. Then it ends, and the event loop serves the socket, which does not block any more. So a message is on its
    way when `send` returns, and no two threads wait for each other.

    paho's callbacks only note what happened, because paho holds locks while it calls them. The listener hears of it
    when paho has returned. It always hears of the end; paho alone would let the exception of a malformed packet through
    and go on believing that it is connected.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: MQTTProtocolVersion,
        will: tuple[str, bytes] | None,
        packet_max: int | None = PACKET_MAX,
    ) -> None:
        """`packet_max`: bytes of a packet that we take, as the broker is told; `None`: as usual, nothing is said."""
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, reconnect_on_failure=False)
        self._broker, self._version, self._packet_max = broker, version, packet_max
        self._events = asyncio.get_running_loop()
        self._listener: Listener | None = None
        self._notes: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._opened: socket.socket | None = None
        self._unwanted = False
        self._served = self._accepted = False
        self._ping_unanswered = False
        self._timer: asyncio.TimerHandle | None = None
        self._awaited: dict[int | None, tuple[str, ...]] = {}
        self.connect_timeout = CONNECT_TIMEOUT_S
        self.username_pw_set(broker.username, broker.password)
        if will is not None:
            self.will_set(*will, qos=1, retain=True)

    def start(self, listener: Listener) -> None:
        """Begin to connect. Raises `RuntimeError` without threads to spare."""
        self._listener = listener
        self._take_notes(listener)
        self._watch_socket(listener)
        offer = None
        if self._version is V5 and self._packet_max is not None:
            offer = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            offer.MaximumPacketSize = self._packet_max
        self.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S, properties=offer)
        threading.Thread(target=self._connect, name=f"connect to {self._broker.url}", daemon=True).start()

    def send(self, messages: Iterable[Message]) -> None:
        """Publish with QoS 1, in one write; the listener hears of each acknowledgement.

        paho's own `publish` sends packet by packet, and each would wake the broker and all of its readers. It also
        keeps each message for a connection after this one, which takes longer than all the rest and is not wanted.
        """
        packets = bytearray()
        for message in messages:
            number = self._mid_generate()
            self._sent[number] = (message.topic,)
            packets += message.packet(number, self._version)
        self._packet_queue(MessageType.PUBLISH, packets, 0, 1)
        self._step(self.loop_write)

    def listen(self, filters: tuple[str, ...]) -> None:
        """Subscribe; the listener hears of the acknowledgement."""
        self._awaited[self.subscribe([(topic, 1) for topic in filters])[1]] = filters
        self._step(self.loop_write)

    def leave(self) -> None:
        """Say DISCONNECT: the broker does not publish the will. The listener hears of the end."""
        self.disconnect()
        self._step(self.loop_write)

    def abort(self) -> None:
        """End without a word: the broker publishes the will. A connect under way ends when it has finished."""
        self._unwanted = True
        if self._served:
            self._end(None)

    @property
    def _sent(self) -> dict[int, tuple[str, ...]]:
        """Number -> topic of what awaits its acknowledgement, where paho looks whether there is such a number."""
        return cast("dict[int, tuple[str, ...]]", self._out_messages)

    # --- in the connecting thread

    def _connect(self) -> None:
        """What the thread runs. At its end it hands the socket over to the event loop."""
        cause: Exception | None = None
        try:
            if self._broker.tls:
                self.tls_set_context(trust(self._broker))
            self.reconnect()
        except Exception as error:  # noqa: BLE001 (the guard of this thread: the cause travels on)
            cause = error.with_traceback(None)  # its frames would keep this object, and with it an open file
        try:
            self._events.call_soon_threadsafe(self._serve, cause)
        except RuntimeError:  # the loop is closed: a connect that hung has outlived the program
            self._close()

    # --- in the event loop

    def _serve(self, cause: Exception | None) -> None:
        self._served = True
        if cause is not None or self._unwanted or self._sock is None:
            self._end(cause)
            return
        self._events.add_reader(self._sock, self._step, self._read)
        self._step(self._keep_alive)  # writes CONNECT, too, which the thread has only queued

    def _step(self, work: Callable[[], MQTTErrorCode]) -> None:
        """Let paho do some of its work, write what that has queued, and tell the listener what came of it."""
        cause: Exception | None = None
        try:
            code = work()
            if code == MQTTErrorCode.MQTT_ERR_SUCCESS and self.want_write():
                code = self.loop_write()
        except Exception as error:  # noqa: BLE001 (malformed packets raise all sorts of them)
            code, cause = MQTTErrorCode.MQTT_ERR_PROTOCOL, error.with_traceback(None)
        if code == MQTTErrorCode.MQTT_ERR_PROTOCOL and cause is None and self._accepted:
            cause = ValueError()  # paho itself found that this is no MQTT; the broker did not hang up
        if self._sock is not None:
            if self.want_write():
                self._events.add_writer(self._sock, self._step, self.loop_write)
            else:
                self._events.remove_writer(self._sock)
        self._tell()
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._sock is None:
            self._end(cause)

    def _read(self) -> MQTTErrorCode:
        code = self.loop_read()
        # What a TLS socket has decrypted already, the event loop does not see.
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            code = self.loop_read()
        return code

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads with; the rest of a packet at once, of which it has made room for."""
        if bufsize > (self._packet_max or PACKET_MAX):
            raise PacketTooLargeError(bufsize)
        return super()._sock_recv(bufsize)

    def _keep_alive(self) -> MQTTErrorCode:
        self._timer = self._events.call_later(LOOK_AT_PING_S, self._step, self._keep_alive)
        return self.loop_misc()

    def _tell(self) -> None:
        while self._notes:
            callback, args = self._notes.popleft()
            callback(*args)

    def _end(self, cause: Exception | None) -> None:
        self._close()
        self._tell()
        if self._listener is not None:
            listener, self._listener = self._listener, None
            if self._ping_unanswered:
                cause = TimeoutError(f"no answer to a ping within {KEEPALIVE_S} s")
            listener.on_end(cause)

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._sock_close()
        if self._opened is not None:  # paho does not know it when `on_socket_open` has raised
            self._opened.close()

    # --- what paho calls

    def _note(self, callback: Callable[..., None], *args: Any) -> None:
        self._notes.append((callback, args))

    def _take_notes(self, listener: Listener) -> None:
        def on_connect(_c: Any, _u: Any, _f: Any, reason: ReasonCode, offer: Properties | None) -> None:
            window = min(WINDOW, getattr(offer, "ReceiveMaximum", WINDOW))
            limits = BrokerLimits(window, getattr(offer, "MaximumPacketSize", None))
            self._accepted = not reason.is_failure
            self._note(listener.on_connack, reason, limits, getattr(offer, "ServerReference", ""))

        def on_disconnect(_c: Any, _u: Any, flags: Any, reason: ReasonCode, offer: Properties | None) -> None:
            if flags.is_disconnect_packet_from_server:
                self._note(listener.on_dismissed, reason, getattr(offer, "ServerReference", ""))
            self._ping_unanswered = reason.value == PING_UNANSWERED

        def on_message(_c: Any, _u: Any, message: MQTTMessage) -> None:
            with contextlib.suppress(UnicodeDecodeError):  # a topic that no broker should pass on; none of ours
                self._note(listener.on_message, message.topic, bytes(message.payload), message.retain)

        def on_subscribe(_c: Any, _u: Any, mid: int, reasons: list[ReasonCode], _p: Any) -> None:
            if topics := self._awaited.pop(mid, None):
                self._note(listener.on_acknowledged, topics, reasons)

        self.on_connect, self.on_disconnect, self.on_message = on_connect, on_disconnect, on_message
        self.on_subscribe = on_subscribe

    def _do_on_publish(self, mid: int, reason_code: ReasonCode, properties: Properties) -> MQTTErrorCode:
        """An acknowledgement of what `send` has noted as on its way."""
        del properties
        if self._listener is not None:
            self._note(self._listener.on_acknowledged, self._sent.pop(mid), [reason_code])
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _watch_socket(self, listener: Listener) -> None:
        def on_socket_open(_c: Any, _u: Any, opened: Any) -> None:
            self._opened = opened
            if self._unwanted:  # a connect that took too long must not take its successor's client id over
                raise ConnectionAbortedError
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._note(listener.on_open)

        def on_socket_close(_c: Any, _u: Any, closed: Any) -> None:
            if self._served:
                self._events.remove_reader(closed)
                self._events.remove_writer(closed)

        self.on_socket_open, self.on_socket_close = on_socket_open, on_socket_close
        # Without this callback paho would write each packet by itself, and from within `publish`.
        self.on_socket_register_write = lambda _c, _u, _socket: None
