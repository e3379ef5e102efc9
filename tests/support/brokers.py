"""A real mosquitto for a test, in a container where there is an engine and the image, else as a process.

It keeps nothing on disk unless asked to: killed and started again, it is empty. `RecordingClient` publishes and
records.
"""

import asyncio
import fcntl
import functools
import gc
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.waiting import PATIENCE_S, until

IMAGE = "eclipse-mosquitto:2"
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
_OPEN = ("allow_anonymous true",)
EMBEDDED_BROKER = """
import asyncio, sys
from gauge_mqtt.sinks.mqtt.embedded import EmbeddedBroker
asyncio.run(EmbeddedBroker(int(sys.argv[1])).run())
"""


def free_port() -> int:
    """A port for one server of this test process. No other process of tests gets it as long as this one lives, and no
    outgoing connection, since those take higher ones.
    """
    locks = Path(tempfile.gettempdir()) / f"claude-gauge-test-ports-{os.getuid()}"
    locks.mkdir(exist_ok=True)
    for port in random.sample(PORTS, len(PORTS)):
        lock = os.open(locks / str(port), os.O_WRONLY | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind((HOST, port))
        except OSError:
            os.close(lock)
        else:
            return port  # the lock stays until the process ends
    raise AssertionError("no port is free")


def port_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def embedded(stderr: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The small broker that `gauge-mqtt run` brings, in a process of its own: its port, and that process."""
    port = free_port()
    child = subprocess.Popen([sys.executable, "-c", EMBEDDED_BROKER, str(port)], stderr=stderr)
    try:
        until(lambda: port_open(port))
        yield port, child
    finally:
        child.kill()
        child.wait()


@functools.cache
def engine() -> Any | None:
    """A Docker client that has the image, or `None`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = _engine()
        gc.collect()  # where there is no engine, docker leaves a socket open; here that is only a warning
    return client


def _engine() -> Any | None:
    try:
        import docker  # noqa: PLC0415
        from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415
    except ImportError:
        return None
    try:
        client = docker.from_env(timeout=60)
        client.ping()
        try:
            client.images.get(IMAGE)
        except ImageNotFound:
            client.images.pull(IMAGE)
    except DockerException:
        return None
    return client


def kind() -> str:
    if engine() is not None:
        return f"{IMAGE} in Docker, by testcontainers"
    return f"process {found}" if (found := mosquitto()) else "none found: tests with a real broker are skipped"


def mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


class Mosquitto(Protocol):
    """A broker that can be killed, frozen and started again on its port. `folder`: that of its files, as it sees it."""

    port: int
    folder: str

    def start(self, *lines: str) -> Self: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


def _configure(directory: Path, listener: str, lines: tuple[str, ...]) -> Path:
    config = directory / "mosquitto.conf"
    saved = [] if "persistence true" in lines else ["persistence false"]
    config.write_text("\n".join((listener, *saved, "set_tcp_nodelay true", *lines, "")))
    return config


class MosquittoProcess:
    """mosquitto as a child of the test."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory, self.folder = free_port(), directory, str(directory)
        self._lines: tuple[str, ...] = ()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, *lines: str) -> Self:
        self._lines = lines or self._lines
        root = ("user root",) if os.geteuid() == 0 else ()  # else it drops to a user who may not read `folder`
        config = _configure(self.directory, f"listener {self.port} {HOST}", (*root, *(self._lines or _OPEN)))
        program = mosquitto()
        assert program is not None
        with (self.directory / "log").open("ab") as log:
            self._child = subprocess.Popen([program, "-c", config], stderr=log)
        until(lambda: port_open(self.port) or self._died())
        return self

    def _died(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, (self.directory / "log").read_text()
        return False

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def freeze(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)


class MosquittoContainer:
    """mosquitto in a container of its own, on a fixed port of this machine."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory, self.folder = free_port(), directory, "/broker"
        self._lines: tuple[str, ...] = ()
        self._container: Any = None

    def start(self, *lines: str) -> Self:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415

        self._lines = lines or self._lines
        _configure(self.directory, "listener 1883", self._lines or _OPEN)
        self.directory.chmod(0o755)
        for file in self.directory.iterdir():
            file.chmod(0o644)
        self._container = (
            DockerContainer(IMAGE)
            .with_bind_ports(1883, self.port)
            .with_volume_mapping(str(self.directory), self.folder)
            .with_command(f"mosquitto -c {self.folder}/mosquitto.conf")
            .start()
        )
        until(self._answers)
        return self

    def _answers(self) -> bool:
        """Docker's proxy accepts before mosquitto does, so that only an answer counts; any answer will do."""
        with socket.socket() as probe:
            probe.settimeout(0.5)
            try:
                probe.connect((HOST, self.port))
                probe.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
                return bool(probe.recv(1)) or bool(self._lines)
            except OSError:
                return False

    def kill(self) -> None:
        if self._container is not None:
            self._container.stop()
            self._container = None

    def freeze(self) -> None:
        self._container.get_wrapped_container().pause()

    def thaw(self) -> None:
        if self._container is not None:
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
            if wrapped.status == "paused":
                wrapped.unpause()


class RecordingClient:
    """A client that keeps what it receives: `messages` in order, `latest` the last payload of each topic."""

    def __init__(self, port: int, *filters: str, login: tuple[str, str] | None = None, v311: bool = False) -> None:
        self.messages: list[MQTTMessage] = []
        self.latest: dict[str, bytes] = {}
        self._filters = filters or ("#",)
        self._subscribed = threading.Event()
        version = MQTTProtocolVersion.MQTTv311 if v311 else MQTTProtocolVersion.MQTTv5
        self.paho = Client(CallbackAPIVersion.VERSION2, protocol=version)
        if login:
            self.paho.username_pw_set(*login)
        self.paho.on_connect = lambda *_: self.paho.subscribe([(topic, 1) for topic in self._filters])
        self.paho.on_subscribe = lambda *_: self._subscribed.set()
        self.paho.on_message = self._on_message
        self._port = port

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.messages.append(message)
        self.latest[message.topic] = bytes(message.payload)

    def __enter__(self) -> Self:
        self.paho.connect(HOST, self._port)
        self.paho.loop_start()
        assert self._subscribed.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.paho.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE_S)

    @property
    def topics(self) -> list[str]:
        return [message.topic for message in self.messages]


def retained_on(port: int, **how: Any) -> dict[str, bytes]:
    """The retained messages that a new subscriber gets: topic -> payload."""
    with RecordingClient(port, **how) as client:
        client.publish("test/marker", b"")
        until(lambda: "test/marker" in client.latest)
        return {message.topic: bytes(message.payload) for message in client.messages if message.retain}


PUBLISH = """
import asyncio, sys
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.sink import MqttSink
login = dict(word.split("=") for word in sys.argv[2:] if "=" in word)
broker = Broker(host="127.0.0.1", port=int(sys.argv[1]), only_v311="only_v311" in sys.argv, **login)
asyncio.run(MqttSink(broker, Topics("lab"), b"{}").run())
"""


async def publisher(port: int, *flags: str) -> asyncio.subprocess.Process:
    """A publisher in a process of its own, to be killed."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", PUBLISH, str(port), *flags)
