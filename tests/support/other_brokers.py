"""Brokers other than mosquitto: real ones where their package is, each as a process with files and ports of its own.

They keep what they like on disk, and lose it at `kill`: each start is one of an empty broker.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.support.brokers import EMBEDDED_BROKER, HOST, free_port, port_open
from tests.support.cache import cached
from tests.support.ccusage import npm_install
from tests.support.waiting import until

AEDES = "0.51.3"
"""The last that the Node of Debian 12 can run."""
AEDES_BROKER = """
const broker = require('aedes')()
require('net').createServer(broker.handle).listen(Number(process.argv[1]), '127.0.0.1')
"""
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Not the one on PATH, which changes the user."""
START_WITHIN_S = 120.0


class OtherBroker:
    """`login`: what it wants. `v311`: it refuses MQTT 5. `wildcards`: it hands out retained values to them."""

    name: str
    login: tuple[str, str] | None = None
    v311 = True
    wildcards = True

    def __init__(self, directory: Path) -> None:
        self.port, self._directory = free_port(), directory
        self._child: subprocess.Popen[bytes] | None = None

    def missing(self) -> str | None:
        """Why it cannot be had here."""
        raise NotImplementedError

    def command(self, home: Path) -> tuple[list[str], dict[str, str]]:
        """What starts it, and what it wants in its environment. `home`: an empty folder."""
        raise NotImplementedError

    def start(self) -> Self:
        home = self._directory / self.name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        command, environ = self.command(home)
        with (self._directory / f"{self.name}.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, env=os.environ | {"HOME": str(home)} | environ, cwd=home, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        until(lambda: port_open(self.port) or self._died(), START_WITHIN_S)
        return self

    def _died(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, (self._directory / f"{self.name}.log").read_text()[-2000:]
        return False

    def kill(self) -> None:
        """With all that it has started."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None


class Aedes(OtherBroker):
    name = "aedes"

    def missing(self) -> str | None:
        return None if shutil.which("node") and shutil.which("npm") else "no node or no npm here"

    def command(self, home: Path) -> tuple[list[str], dict[str, str]]:
        del home

        def install(folder: Path) -> None:
            said = npm_install(folder, f"aedes@{AEDES}")
            if not (folder / "node_modules/aedes").exists():
                raise RuntimeError(f"npm brought no aedes {AEDES}: {said}")

        modules = cached(f"npm-aedes-{AEDES}", install) / "node_modules"
        return ["node", "-e", AEDES_BROKER, str(self.port)], {"NODE_PATH": str(modules)}


class Amqtt(OtherBroker):
    name = "amqtt"

    def missing(self) -> str | None:
        try:
            import amqtt  # noqa: F401, PLC0415
        except ImportError:
            return "the extra gauge-mqtt[broker] is not installed"
        return None

    def command(self, home: Path) -> tuple[list[str], dict[str, str]]:
        del home
        return [sys.executable, "-c", EMBEDDED_BROKER, str(self.port)], {}


class RabbitMq(OtherBroker):
    name = "rabbitmq"
    wildcards = False

    def missing(self) -> str | None:
        return None if Path(RABBITMQ).exists() else "no rabbitmq-server here"

    def command(self, home: Path) -> tuple[list[str], dict[str, str]]:
        names = free_port()
        (home / "plugins").write_text("[rabbitmq_mqtt].")
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = {HOST}:{free_port()}\n"
            f"mqtt.listeners.tcp.default = {HOST}:{self.port}\nmqtt.allow_anonymous = true\n"
        )
        # Nodes find each other by `epmd`, which would outlive them: it is started first, as a child to be killed, too.
        start = f"epmd -address {HOST} -port {names} & exec {RABBITMQ}"
        return ["sh", "-c", start], {
            "ERL_EPMD_ADDRESS": HOST, "ERL_EPMD_PORT": str(names), "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_NODENAME": f"gauge{self.port}@localhost", "RABBITMQ_MNESIA_BASE": str(home / "db"),
            "RABBITMQ_LOG_BASE": str(home / "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"), "RABBITMQ_PID_FILE": str(home / "pid"),
        }  # fmt: skip


class Ejabberd(OtherBroker):
    name = "ejabberd"
    login = ("gauge@localhost", "any")
    v311 = False

    def missing(self) -> str | None:
        return None if self._code() and shutil.which("erl") else "no ejabberd here"

    @staticmethod
    def _code() -> Path | None:
        return next(Path("/usr/lib").glob("*/ejabberd-*/ebin"), None)

    def command(self, home: Path) -> tuple[list[str], dict[str, str]]:
        code = self._code()
        assert code is not None
        (home / "ejabberd.yml").write_text(
            "hosts: [localhost]\nauth_method: [anonymous]\nanonymous_protocol: both\nallow_multiple_connections: true\n"
            f'listen: [{{port: {self.port}, ip: "{HOST}", module: mod_mqtt}}]\nmodules: {{mod_mqtt: {{}}}}\n'
        )
        command = ["erl", "-noinput", "-mnesia", "dir", f'"{home}/db"', "-pa", str(code), "-s", "ejabberd"]
        return command, {
            "EJABBERD_CONFIG_PATH": str(home / "ejabberd.yml"), "EJABBERD_LOG_PATH": str(home / "log/ejabberd.log"),
            "SPOOL_DIR": str(home / "db"), "ERL_LIBS": str(code.parents[1]),
        }  # fmt: skip


SMALL = (Aedes, Amqtt)
LARGE = (RabbitMq, Ejabberd)
"""With Erlang, 100 MB, and some seconds to start."""


@pytest.fixture(
    params=[*SMALL, *(pytest.param(kind, marks=pytest.mark.brokers) for kind in LARGE)], ids=lambda k: k.name
)
def other_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherBroker]:
    """Not started yet."""
    broker: OtherBroker = request.param(tmp_path)
    if reason := broker.missing():
        pytest.skip(reason)
    yield broker
    broker.kill()
