"""The stack's own parts, all at once, from programs instead of images: `scripts/test tests/stack/test_up.py`.

Set up by deploy/setup; mosquitto, the publisher and Prometheus with the very files and settings of docker-compose.yml,
only paths, addresses and intervals replaced. In the collector's place: a page as its exporter makes it.
"""

import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.brokers import RecordingClient, free_port
from tests.support.lines import answer, line
from tests.support.stack import SECRETS, copy_stack, prometheus3, read_yaml, replaced, secret, set_up, stack_broker
from tests.support.waiting import until

TOKENS = 43_120
JOBS = ("otel-collector", "gauge-mqtt", "prometheus")
EXPORTED_AGO_S = 20.0
SERIES = 'claude_code_token_usage_tokens_total{job="claude-code",session_id="s",type="output",model="claude-opus-4-8"}'


@contextmanager
def collector_page() -> Iterator[int]:
    """What the collector's exporter serves with `send_timestamps`: a sample of some seconds ago."""
    at = time.time() - EXPORTED_AGO_S
    page = f"# TYPE claude_code_token_usage_tokens counter\n{SERIES} 768.0 {at:.3f}\n# EOF\n".encode()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def running(*command: Any, **how: Any) -> Iterator[None]:
    with subprocess.Popen(command, **how) as child:
        try:
            yield
            assert child.poll() is None
        finally:
            child.terminate()


class Stack:
    """The running parts, as their ports, and what docker-compose.yml says of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_stack(folder / "stack")
        set_up(self.folder)
        self.services = read_yaml(self.folder / "docker-compose.yml")["services"]
        self.room = folder / "room"
        self.room.mkdir()
        self.http, self.prometheus = free_port(), free_port()

    @contextmanager
    def up(self) -> Iterator["Stack"]:
        with ExitStack() as parts:
            self.mqtt = parts.enter_context(stack_broker(self.folder, self.room))
            self.exporter = parts.enter_context(collector_page())
            environ = os.environ | self._publisher_environment()
            parts.enter_context(running(sys.executable, "-m", "gauge_mqtt", "run", env=environ))
            parts.enter_context(running(*self._prometheus_command(), stderr=subprocess.DEVNULL))
            yield self

    def _publisher_environment(self) -> dict[str, str]:
        home = Path.home()
        inside = {
            "CLAUDE_CONFIG_DIR": ("/claude", str(home / ".claude")),
            "CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS": ("${CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS:-}", "desk"),
            "CLAUDE_GAUGE_HTTP_HOST": ("0.0.0.0", "127.0.0.1"),  # noqa: S104, the container's
            "CLAUDE_GAUGE_HTTP_PORT": ("8080", str(self.http)),
            "CLAUDE_GAUGE_INSTANCE": ("${CLAUDE_GAUGE_INSTANCE:-desk}", "desk"),
            "CLAUDE_GAUGE_MQTT_PASSWORD_FILE": ("/run/secrets", f"{self.folder / SECRETS}"),
            "CLAUDE_GAUGE_MQTT_URL": (
                "${CLAUDE_GAUGE_MQTT_URL:-mqtt://mosquitto:1883}",
                f"mqtt://127.0.0.1:{self.mqtt}",
            ),
            "CLAUDE_GAUGE_MQTT_USERNAME": ("${CLAUDE_GAUGE_MQTT_USERNAME:-gauge}", "gauge"),
            "CLAUDE_GAUGE_STATE_DIR": ("/state", str(home / "state")),
        }
        given = self.services["publisher"]["environment"]
        assert set(given) == set(inside)
        return {name: replaced(value, dict([inside[name]])) for name, value in given.items()}

    def _prometheus_command(self) -> list[str]:
        found = prometheus3("prometheus") or shutil.which("prometheus")
        assert found, "prometheus is missing: scripts/test installs it"
        shutil.copytree(self.folder / "deploy/prometheus", self.room / "prometheus")
        config = self.room / "prometheus/prometheus.yml"
        places = {
            "otel-collector:8889": f"127.0.0.1:{self.exporter}", "publisher:8080": f"127.0.0.1:{self.http}",
            "localhost:9090": f"127.0.0.1:{self.prometheus}", "15s": "1s", "5s": "1s", "4s": "1s",
        }  # fmt: skip
        config.write_text(replaced(config.read_text(), places))
        told = replaced(
            " ".join(self.services["prometheus"]["command"]),
            {"/etc/prometheus": str(config.parent), "tsdb.path=/prometheus": f"tsdb.path={self.room}/tsdb"},
        )
        return [str(found), *told.split(), f"--web.listen-address=127.0.0.1:{self.prometheus}"]

    def query(self, promql: str) -> list[dict[str, Any]]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.prometheus}/api/v1/query", params={"query": promql})
        except httpx.TransportError:
            return []
        return list(answer.json()["data"]["result"]) if answer.status_code == 200 else []

    def health(self, name: str) -> list[str]:
        """The health check of a service, as docker-compose.yml has it."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return [word.replace("$$", "$") for word in command]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    log = Path.home() / ".claude/projects/-home-user-project/session.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes(line(answer(time.time() - 60, TOKENS)))
    return Stack(tmp_path)


def test_the_stack_comes_up_and_its_parts_find_each_other(stack: Stack) -> None:
    viewer = ("viewer", secret(stack.folder, "mqtt_viewer"))
    with stack.up(), RecordingClient(stack.mqtt, login=viewer) as client:
        until(lambda: client.latest.get("claude_gauge/desk/window_5h_tokens") == str(TOKENS).encode())
        until(lambda: client.latest.get("claude_gauge/desk/availability") == b"online")
        assert not [topic for topic in client.topics if not topic.startswith("claude_gauge/desk/")]
        with RecordingClient(
            stack.mqtt, login=("homeassistant", secret(stack.folder, "mqtt_homeassistant"))
        ) as home_assistant:
            until(lambda: "homeassistant/device/claude_gauge_desk/config" in home_assistant.latest)

        until(lambda: {r["metric"]["job"]: r["value"][1] for r in stack.query("up")} == dict.fromkeys(JOBS, "1"))
        (series,) = until(lambda: stack.query("claude_code_token_usage_tokens_total"))
        assert (series["metric"]["job"], series["metric"]["exported_job"]) == ("otel-collector", "claude-code")
        (since,) = stack.query("time() - timestamp(claude_code_token_usage_tokens_total)")
        assert float(since["value"][1]) >= EXPORTED_AGO_S, "it has the time of the scrape instead of the export's"
        (ours,) = until(lambda: stack.query("claude_gauge_window_5h_tokens"))
        assert ours["value"][1] == str(TOKENS)
        kept = httpx.get(f"http://127.0.0.1:{stack.prometheus}/api/v1/status/flags").json()["data"]
        assert kept["storage.tsdb.retention.time"] in {"15d", "2w1d"}


def test_each_health_check_says_well_and_then_unwell(stack: Stack) -> None:
    login = {"XDG_CONFIG_HOME": str(stack.room / "health")}
    (stack.room / "health").mkdir()
    shutil.copy(stack.folder / SECRETS / "mosquitto_sub", stack.room / "health")
    with stack.up():
        promtool = str(prometheus3("promtool") or shutil.which("promtool"))
        checks = {
            "mosquitto": [*stack.health("mosquitto"), "-p", str(stack.mqtt)],
            "publisher": [word.replace("8080", str(stack.http)) for word in stack.health("publisher")],
            "prometheus": [
                word.replace("9090", str(stack.prometheus)).replace("promtool", promtool)
                for word in stack.health("prometheus")
            ],
        }
        until(lambda: all(well(command, login) for command in checks.values()))
    assert {name: well(command, login) for name, command in checks.items()} == dict.fromkeys(checks, False)
    assert secret(stack.folder, "mqtt_health") not in str(checks)


def well(command: list[str], more: dict[str, str]) -> bool:
    return subprocess.run(command, env=os.environ | more, capture_output=True, check=False, timeout=15).returncode == 0
