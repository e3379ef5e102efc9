"""paho's side of a connection: its thread, and the one door through which that thread reaches the event loop."""

import asyncio
import contextlib
import functools
import socket
import ssl
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gauge_mqtt.sinks.mqtt.broker import Broker

CONNECT_TIMEOUT_S = 3.0
"""For the TCP connection, for the TLS handshake, and for the broker's answer, each."""
KEEPALIVE_S = 15
WINDOW = 20
"""Messages awaiting their acknowledgement; a broker drops in silence what exceeds its queue."""
PING_UNANSWERED = 0x8D
"""paho's reason for an end by itself: the broker did not answer a ping."""


class BrokerLimits(NamedTuple):
    """What the broker takes, as its CONNACK says: messages in flight, and bytes of a packet (`None`: any)."""

    window: int
    packet_max: int | None


class Listener(Protocol):
    """Who hears of the connection, in the event loop's thread."""

    def on_open(self) -> None: ...
    def on_connack(self, reason: ReasonCode, limits: BrokerLimits) -> None: ...
    def on_dismissed(self, reason: ReasonCode) -> None: ...
    def on_acknowledged(self, topics: tuple[str, ...], reasons: list[ReasonCode]) -> None: ...
    def on_message(self, topic: str, payload: bytes, retained: bool) -> None: ...  # noqa: FBT001 (always positional)
    def on_end(self, cause: Exception | None) -> None: ...


class LoopMailbox:
    """Calls from another thread into the event loop; a bundle of them wakes it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()

    def post(self, callback: Callable[..., None], *args: Any) -> None:
        self._calls.append((callback, args))
        if len(self._calls) == 1:  # else it is on its way already
            with contextlib.suppress(RuntimeError):  # the loop is closed: a hung connect outlived the program
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        try:
            while self._calls:
                callback, args = self._calls[0]
                callback(*args)
                self._calls.popleft()
        except BaseException:
            self._calls.popleft()
            if self._calls:
                self._loop.call_soon(self._deliver)
            raise


class PahoConnection(Client):
    """A paho client for one connection. Its daemon thread also reads the certificates, looks the host up and connects,
    all of which may block; and it reports its end whatever the cause, where stock paho dies of a malformed packet
    and still says that it is connected.

    What is to be sent is put into an outbox that paho's thread empties: were it published from the event loop's thread,
    each message would wake the other thread and fight it for the interpreter, and none would leave before the last.
    """

    def __init__(
        self, broker: Broker, client_id: str, version: MQTTProtocolVersion, will: tuple[str, bytes] | None
    ) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, reconnect_on_failure=False)
        self._broker = broker
        self._opened: socket.socket | None = None
        self._unwanted = False
        self._silent = False
        self._on_end: Callable[[Exception | None], None] = lambda _cause: None
        self._outbox: deque[Callable[[], None]] = deque()
        self._woken = False
        self._awaited: dict[int | None, tuple[str, ...]] = {}
        self.connect_timeout = CONNECT_TIMEOUT_S
        self.username_pw_set(broker.username, broker.password)
        if will is not None:
            self.will_set(*will, qos=1, retain=True)

    def start(self, listener: Listener) -> None:
        """Connect and serve in a thread of its own. Every callback only hands over. Raises `OSError` without files or
        threads to spare.
        """
        post = LoopMailbox(asyncio.get_running_loop()).post

        def on_disconnect(_c: Any, _u: Any, flags: Any, reason: ReasonCode, _p: Any) -> None:
            if flags.is_disconnect_packet_from_server:
                post(listener.on_dismissed, reason)
            self._silent = reason.value == PING_UNANSWERED

        def on_socket_open(_c: Any, _u: Any, opened: Any) -> None:
            self._opened = opened
            if self._unwanted:  # a connect that took too long must not take its successor's client id over
                raise ConnectionAbortedError
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            post(listener.on_open)

        def on_message(_c: Any, _u: Any, message: MQTTMessage) -> None:
            with contextlib.suppress(UnicodeDecodeError):  # a topic that no broker should pass on; none of ours
                post(listener.on_message, message.topic, bytes(message.payload), message.retain)

        def acknowledged(mid: int, reasons: list[ReasonCode]) -> None:
            if topics := self._awaited.pop(mid, None):
                post(listener.on_acknowledged, topics, reasons)

        def on_connect(_c: Any, _u: Any, _f: Any, reason: ReasonCode, offer: Properties | None) -> None:
            window = min(WINDOW, getattr(offer, "ReceiveMaximum", WINDOW))
            post(listener.on_connack, reason, BrokerLimits(window, getattr(offer, "MaximumPacketSize", None)))

        self.on_connect = on_connect
        self.on_disconnect = on_disconnect
        self.on_publish = lambda _c, _u, mid, reason, _p: acknowledged(mid, [reason])
        self.on_subscribe = lambda _c, _u, mid, reasons, _p: acknowledged(mid, reasons)
        self.on_message = on_message
        self.on_socket_open = on_socket_open
        self._on_end = lambda cause: post(listener.on_end, cause)
        self.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
        self.loop_start()

    def send(self, topic: str, payload: bytes, *, retain: bool, properties: Properties | None) -> None:
        """Publish at QoS 1, soon; the listener hears of its acknowledgement."""

        def publish() -> None:
            self._awaited[self.publish(topic, payload, 1, retain, properties).mid] = (topic,)

        self._put(publish)

    def listen(self, filters: tuple[str, ...]) -> None:
        """Subscribe, soon; the listener hears of the acknowledgement."""

        def subscribe() -> None:
            self._awaited[self.subscribe([(topic, 1) for topic in filters])[1]] = filters

        self._put(subscribe)

    def _put(self, act: Callable[[], None]) -> None:
        self._outbox.append(act)
        if not self._woken and self._sockpairW is not None:
            self._woken = True
            with contextlib.suppress(OSError):  # full: then it is awake; closed: then it is over
                self._sockpairW.send(b"0")

    def loop_write(self) -> MQTTErrorCode:
        """What paho's thread does when it is woken."""
        self._woken = False  # first: what is put from here on wakes again
        while self._outbox:
            self._outbox.popleft()()
            super().loop_write()  # at once: the first message need not wait until the last is packed
        return super().loop_write()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:  # noqa: FBT001, FBT002 (paho's signature)
        """What paho's thread runs."""
        cause: Exception | None = None
        try:
            if self._broker.tls:
                self.tls_set_context(trust(self._broker))
            self.reconnect()
            super().loop_forever(timeout, retry_first_connection)
            if self._silent:
                cause = TimeoutError(f"no answer to a ping within {KEEPALIVE_S} s")
        except Exception as error:  # noqa: BLE001 (the guard of this thread: the cause travels on)
            cause = error.with_traceback(None)  # its frames would keep this object, and with it two open files
        finally:
            # Closures over this object, likewise.
            self.on_socket_open = self.on_disconnect = self.on_publish = self.on_subscribe = None
            self._outbox.clear()
            if self._opened is not None:
                self._opened.close()
        self._on_end(cause)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def abort(self) -> None:
        """End without a word, from any thread and at once: the broker publishes the will."""
        self._unwanted = True
        if self._opened is not None:
            with contextlib.suppress(OSError):
                # Not `SSLSocket.shutdown`, which takes the TLS layer away under the other thread's hands.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def trust(broker: Broker) -> ssl.SSLContext:
    """Always verifying. Made anew when a file was renewed, and only then: it costs 30 ms of CPU."""
    files = (broker.ca_file, broker.cert_file, broker.key_file)
    return _trust(*files, tuple(file.stat().st_mtime_ns for file in files if file is not None))


@functools.lru_cache(maxsize=1)
def _trust(ca: Path | None, cert: Path | None, key: Path | None, _renewed: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.sslsocket_class = _TlsSocket
    if ca is not None:
        # From Python 3.13 on "strict" refuses what `openssl req -x509` makes; chain and host name are checked as ever.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket that a failed handshake closes; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 (ssl's signature)
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
