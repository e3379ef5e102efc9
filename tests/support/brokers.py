"""A real mosquitto for a test, in a container where there is an engine and the image, else as a process.

It keeps nothing on disk: killed and started again, it is empty. `Ear` is somebody who listens.
"""

import asyncio
import functools
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

IMAGE = "eclipse-mosquitto:2"
HOST = "127.0.0.1"
_OPEN = ("allow_anonymous true",)
_EMBEDDED = """
import asyncio, sys
from gauge_mqtt.sinks.mqtt.embedded import EmbeddedBroker
asyncio.run(EmbeddedBroker(int(sys.argv[1])).run())
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def until(condition: Callable[[], Any], within: float = 5.0) -> Any:
    """What `condition` gives as soon as that is true; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)
    return value


@contextmanager
def embedded() -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The small broker that `gauge-mqtt run` brings, in a process of its own: its port, and that process."""
    port = free_port()
    child = subprocess.Popen([sys.executable, "-c", _EMBEDDED, str(port)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: port_open(port), 10)
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
    """A broker that can be killed, frozen and started again on its port. `room`: its files, as it sees them."""

    port: int
    room: str

    def start(self, *lines: str) -> Self: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


def _configure(directory: Path, listener: str, lines: tuple[str, ...]) -> Path:
    config = directory / "mosquitto.conf"
    config.write_text("\n".join((listener, "persistence false", "set_tcp_nodelay true", *lines, "")))
    return config


class Process:
    """mosquitto as a child of the test."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory, self.room = free_port(), directory, str(directory)
        self._lines: tuple[str, ...] = ()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, *lines: str) -> Self:
        self._lines = lines or self._lines
        root = ("user root",) if os.geteuid() == 0 else ()  # else it drops to a user who may not read `room`
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


class Container:
    """mosquitto in a container of its own, on a fixed port of this machine."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory, self.room = free_port(), directory, "/room"
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
            .with_volume_mapping(str(self.directory), self.room)
            .with_command(f"mosquitto -c {self.room}/mosquitto.conf")
            .start()
        )
        until(self._greets, 20)
        return self

    def _greets(self) -> bool:
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


class Ear:
    """A client that remembers what it hears: `heard` in order, `now` the last payload per topic."""

    def __init__(self, port: int, *filters: str, login: tuple[str, str] | None = None, v311: bool = False) -> None:
        self.heard: list[MQTTMessage] = []
        self.now: dict[str, bytes] = {}
        self._filters = filters or ("#",)
        self._subscribed = threading.Event()
        version = MQTTProtocolVersion.MQTTv311 if v311 else MQTTProtocolVersion.MQTTv5
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=version)
        if login:
            self.client.username_pw_set(*login)
        self.client.on_connect = lambda *_: self.client.subscribe([(topic, 1) for topic in self._filters])
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._hear
        self._port = port

    def _hear(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.heard.append(message)
        self.now[message.topic] = bytes(message.payload)

    def __enter__(self) -> Self:
        self.client.connect(HOST, self._port)
        self.client.loop_start()
        assert self._subscribed.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain).wait_for_publish(5)

    @property
    def topics(self) -> list[str]:
        return [message.topic for message in self.heard]


def retained_on(port: int, **how: Any) -> dict[str, bytes]:
    """Everything a broker holds, as somebody finds it who comes late."""
    with Ear(port, **how) as ear:
        ear.say("test/marker", b"")
        until(lambda: "test/marker" in ear.now)
        return {message.topic: bytes(message.payload) for message in ear.heard if message.retain}


PUBLISH = """
import asyncio, sys
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.sink import MqttSink
broker = Broker(host="127.0.0.1", port=int(sys.argv[1]), only_v311="only_v311" in sys.argv)
asyncio.run(MqttSink(broker, Topics("lab"), b"{}").run())
"""


async def publisher(port: int, *flags: str) -> asyncio.subprocess.Process:
    """A publisher in a process of its own, to be killed."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", PUBLISH, str(port), *flags)
