"""What runs beside Home Assistant: a broker with persistence, and the publisher as a user starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx

from gauge_mqtt.contract.messages import Event, retained
from gauge_mqtt.contract.topics import Topics, slug
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.homeassistant.discovery import entity_slug
from tests.support import brokers
from tests.support.brokers import HOST, RecordingClient, free_port
from tests.support.lines import answer, line
from tests.support.waiting import PATIENCE_S, until

FOREIGN = ("CLAUDE_", "XDG_")


class PersistentBroker(brokers.MosquittoProcess):
    """A mosquitto that saves its retained messages and sessions when it is shut down, and loses them when killed."""

    def shut_down(self) -> None:
        """As with its machine: what it holds is written to disk, and is there again after `start`."""
        assert self._child is not None
        self._child.terminate()
        self._child.wait(PATIENCE_S)
        self._child = None

    def save(self) -> None:
        """What it holds now is there again after `kill` and `start`, as after a power cut."""
        assert self._child is not None
        database = Path(self.folder, "mosquitto.db")
        before = database.stat().st_mtime_ns if database.exists() else 0
        self._child.send_signal(signal.SIGUSR1)
        until(lambda: database.exists() and database.stat().st_mtime_ns > before)

    def start(self, *lines: str) -> Self:
        data = f"persistence_location {self.folder}/"
        return super().start(*(lines or ("allow_anonymous true", "persistence true", data)))


class Publisher:
    """`gauge-mqtt run` with a home, and so with session logs, of its own. It logs to `gauge.log` in there."""

    def __init__(self, home: Path, broker_port: int, instance: str, **environ: str) -> None:
        self.home, self.instance = home, slug(instance)
        self.node, self.discovery = Topics(self.instance).node, Topics(self.instance).discovery
        self.port = free_port()
        self._log = home / "gauge.log"
        self._logs = home / ".claude/projects/-home-user-project"
        self._logs.mkdir(parents=True)
        own = {"HOME": str(home), "CLAUDE_GAUGE_INSTANCE": instance, "CLAUDE_GAUGE_HTTP_PORT": str(self.port)}
        own |= {"CLAUDE_GAUGE_MQTT_URL": f"mqtt://{HOST}:{broker_port}", "CLAUDE_GAUGE_SOURCE": "jsonl"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environ = kept | own | environ
        self._child: subprocess.Popen[bytes] | None = None

    def entity(self, label: str, platform: str = "sensor") -> str:
        """The id that the contract promises."""
        return f"{platform}.{entity_slug(f'Claude Gauge {self.instance} {label}')}"

    def work(self, tokens: int = 43_120, ago_s: float = 5.0) -> None:
        """Claude Code answers."""
        self.write(answer(time.time() - ago_s, tokens))

    def write(self, record: dict[str, Any]) -> None:
        """One line more in its session log."""
        with (self._logs / "session.jsonl").open("ab") as log:
            log.write(line(record))

    def start(self) -> Self:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "gauge_mqtt", "run"]
            self._child = subprocess.Popen(command, env=self.environ, cwd=self.home, stdout=log, stderr=log)
        return self

    def send(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._child is not None:
            self.send(number)
            self.send(signal.SIGCONT)
            self._child.wait(PATIENCE_S)
            self._child = None

    def usage(self) -> dict[str, Any]:
        """`GET /usage`, as soon as it answers."""
        return dict(until(self._usage))

    def _usage(self) -> Any:
        try:
            return httpx.get(f"http://{HOST}:{self.port}/usage", trust_env=False).json()
        except httpx.TransportError:
            return None

    def cli(self, *arguments: str) -> str:
        """Another command of it, with the same settings; what it prints."""
        command = [sys.executable, "-m", "gauge_mqtt", *arguments]
        done = subprocess.run(command, env=self.environ, cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


NewPublisher = Callable[..., Publisher]


class BrokerLoss(NamedTuple):
    """The broker was killed and came back empty. `killed`: the publisher that died meanwhile; `survivor`: one that did
    not. `at`: when the broker was killed, by the monotonic clock.
    """

    killed: Publisher
    survivor: Publisher
    at: float


def known(instance: str) -> Usage:
    """A snapshot in which nothing is unknown."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Usage(
        rate_1m=1234.5, window_5h_tokens=1_234_567, window_7d_tokens=12_345_678, window_5h_pct=0.29, window_7d_pct=1.0,
        thinking_ratio=0.123456, cache_hit_rate=0.0, last_model="opus", hot=True, warn=True, stall=False, idle=False,
        updated_at=now, instance=instance, source="jsonl", window_5h_source="official", window_7d_source="ceiling",
        window_5h_resets_at=now, window_7d_resets_at=now, window_5h_asof=now, window_7d_asof=now,
        cost_5h_usd=1.25, cost_7d_usd=99.5, last_model_id="claude-opus-5-5", needle_5h=290, needle_tach=800,
        needle_7d=1000, warn_reasons=("fuel_7d", "cache"), stall_reason="none", redline=8000, redline_source="set",
        telemetry_at=now, refused_lines=3, tokens_total=12_345, cost_total_usd=6.5,
        window_5h_error=0.005, window_7d_error=0.01, limit_5h_at=now, limit_7d_at=now, elsewhere_5h_pct=0.04,
        calibration="2026-11-20: 3 % off", model_week_pct=0.7, model_week_name="opus",
    )  # fmt: skip


class FakePublisher:
    """Publishes what a test hands it on the topics of `instance`, as a publisher of another version would."""

    def __init__(self, client: RecordingClient, instance: str) -> None:
        self._client, self.topics = client, Topics(instance)

    def describe(self, payload: bytes) -> None:
        self._client.publish(self.topics.discovery, payload, retain=True)

    def show(self, usage: Usage) -> None:
        for topic, payload in retained(usage, self.topics).items():
            self._client.publish(topic, payload, retain=True)
        self._client.publish(self.topics.availability, b"online", retain=True)

    def send_event(self, event: Event) -> None:
        self._client.publish(self.topics.event, event.to_json())
