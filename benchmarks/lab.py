"""What the benchmarks share: a mosquitto of their own, the daemon under test, a listener, and accounts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from paho.mqtt import client as mqtt

INSTANCE = "bench"
BASE = f"claude_gauge/{INSTANCE}"
HOST = "127.0.0.1"
UNKNOWN = b"None"
PATIENCE_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_for(true: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.005)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def mosquitto(*, nodelay: bool = True) -> Iterator[int]:
    """A broker of our own on a free port; the system's service is left alone."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise RuntimeError("mosquitto is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        conf = Path(home, "mosquitto.conf")
        conf.write_text(
            f"listener {port} {HOST}\nallow_anonymous true\npersistence false\nset_tcp_nodelay {str(nodelay).lower()}\n"
        )
        process = subprocess.Popen([program, "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: answers(port), "mosquitto", 10)
            yield port
        finally:
            _end(process)


class Heard(NamedTuple):
    at: float
    payload: bytes


class Listener:
    """A subscriber that notes when each message came, by `time.perf_counter`."""

    def __init__(self, port: int, topics: Sequence[str] = (f"{BASE}/#",)) -> None:
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        self.news = threading.Event()
        self.client = mqtt_client(port)
        self.client.on_message = self._note
        for topic in topics:
            self.client.subscribe(topic, qos=1)

    def _note(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.heard[message.topic].append(Heard(time.perf_counter(), message.payload))
        self.news.set()

    def known(self, key: str, seconds: float = PATIENCE_S) -> Heard:
        """The first value of a contract key that is not unknown."""

        def first() -> Heard | None:
            return next((h for h in self.heard[f"{BASE}/{key}"] if h.payload not in {UNKNOWN, b""}), None)

        wait_for(first, f"a value of {key}", seconds)
        found = first()
        assert found is not None  # noqa: S101
        return found

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def mqtt_client(port: int) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_socket_open = lambda _c, _d, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect(HOST, port)
    client.loop_start()
    wait_for(client.is_connected, "a connection to mosquitto", 10)
    return client


class Accounts(NamedTuple):
    cpu_s: float
    peak_mb: float
    rss_mb: float
    children: int
    finished_cpu_s: float


@dataclass
class Daemon:
    process: subprocess.Popen[bytes]
    started: float
    http_port: int

    def accounts(self) -> Accounts:
        """CPU of the process and its finished children, memory, how many children live; CPU of the finished alone."""
        proc = Path("/proc", str(self.process.pid))
        ticks = [int(n) for n in (proc / "stat").read_text().rpartition(")")[2].split()[11:15]]
        own, finished = (sum(part) / os.sysconf("SC_CLK_TCK") for part in (ticks[:2], ticks[2:]))
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        peak, rss = (int(status[key].split()[0]) / 1024 for key in ("VmHWM", "VmRSS"))
        children = sum(len(task.read_text().split()) for task in proc.glob("task/*/children"))
        return Accounts(own + finished, peak, rss, children, finished)


@contextmanager
def daemon(
    root: Path, state: Path, mqtt_port: int, *, ccusage: Path | None = None, insights: bool = False
) -> Iterator[Daemon]:
    """`gauge-mqtt run` on the history in `root`; ended with SIGTERM. Nothing of the caller's settings reaches it,
    Python's neither: with PYTHONDONTWRITEBYTECODE every start would compile the whole package.

    The source is always said: left to itself the daemon takes a ccusage that happens to be installed.
    """
    http_port = free_port()
    program = Path(sys.executable).with_name("gauge-mqtt")
    command = [program, "run", "--mqtt-url", f"mqtt://{HOST}:{mqtt_port}", "--http-port", str(http_port)]
    command += ["--state-dir", state, "--instance", INSTANCE]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("CLAUDE_", "PYTHON"))}
    environ |= {"CLAUDE_CONFIG_DIR": str(root), "CLAUDE_GAUGE_SOURCE": "ccusage" if ccusage else "jsonl"}
    if ccusage:
        environ["CLAUDE_GAUGE_CCUSAGE"] = str(ccusage)
    if insights:
        environ |= {"CLAUDE_GAUGE_INSIGHTS": "1", "TZ": "UTC"}
    log = state.with_suffix(".log")
    with log.open("ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
    try:
        yield Daemon(process, started, http_port)
    except TimeoutError:
        print(log.read_text()[-3000:])
        raise
    finally:
        _end(process)


class Ran(NamedTuple):
    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run(command: Sequence[str | Path], environ: Mapping[str, str]) -> Ran:
    """A whole process from start to end, with its own accounts. In a neutral directory: ccusage reads settings there.

    `ru_maxrss` of a child begins at the size of its parent: a benchmark must stay smaller than what it measures.
    """
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=home, env={"HOME": home, "TZ": "UTC", **environ}, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")
        output.seek(0)
        return Ran(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output.read())
