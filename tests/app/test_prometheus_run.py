"""Architecture A as its owner meets it: the daemon on a real Prometheus, alone and beside the tail."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.usage import KEYS
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.program import TOKENS, Daemon, gauge, url, write_log
from tests.support.prom_history import Samples
from tests.support.prom_lab import Prometheus, prometheus_server
from tests.support.waiting import until

TOKEN = "claude_code_token_usage_tokens_total"  # noqa: S105, a metric
SPENT = 70_000


def run(session: str, host: str, begun: float, first: float, gain: float) -> Samples:
    """The output tokens of ten minutes."""
    labels = f'session_id="{session}",model="claude-opus-5-5",query_source="main",type="output",host_name="{host}"'
    return {(TOKEN, labels): [(begun + 15 * n, first + gain * n) for n in range(41)]}


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    """One run that grew from 10,000 to 70,000 output tokens two hours ago, on another machine."""
    with prometheus_server(tmp_path / "prometheus") as server:
        server.backfill(run("a", "other", time.time() - 7200, 10_000, 1500))
        yield server.start()


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Prometheus]:
    """Beside that run one of this machine, whose telemetry stopped at 4,000."""
    with prometheus_server(tmp_path / "prometheus") as server:
        begun, here = time.time() - 7200, socket.gethostname()
        server.backfill(run("a", "other", begun, 10_000, 1500) | run("b", here, begun, 4000, 0))
        yield server.start()


def test_run_publishes_the_windows_and_every_key(mosquitto: Mosquitto, prometheus: Prometheus) -> None:
    mosquitto.start()
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), "--prom-url", prometheus.url) as daemon,
    ):
        daemon.wait_for_log("source: prometheus (auto: prom_url is set, and there are no logs here)")
        until(lambda: client.latest.get("claude_gauge/lab/window_7d_tokens") == b"70000")
        until(lambda: daemon.usage()["rate_1m"] == 0)  # asked apart from the windows
        usage = daemon.usage()
        assert usage.keys() == KEYS.keys(), "the same keys, whatever the source"
        assert (usage["window_5h_tokens"], usage["thinking_ratio"]) == (SPENT, None)
        assert (usage["last_model"], usage["source"], usage["idle"]) == ("opus", "prometheus", True)
        assert 'claude_gauge_source_up{source="prometheus"} 1' in daemon.get("/metrics").text


def test_a_hybrid_has_the_tach_of_the_tail_and_either_may_die(mosquitto: Mosquitto, prometheus: Prometheus) -> None:
    mosquitto.start()
    write_log()
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), "--prom-url", prometheus.url) as daemon,
    ):
        daemon.wait_for_log("source: jsonl+prometheus (auto: prom_url is set, and there are logs here)")
        until(lambda: client.latest.get("claude_gauge/lab/window_7d_tokens") == b"70000")
        until(lambda: client.latest["claude_gauge/lab/rate_1m"] == str(TOKENS).encode())  # of the tail, in its own time
        prometheus.stop()
        daemon.wait_for_log("connection refused")
        write_log(name="two")
        until(lambda: client.latest["claude_gauge/lab/rate_1m"] == str(2 * TOKENS).encode())
        assert client.latest["claude_gauge/lab/window_7d_tokens"] == b"70000", "the last known, with its age"
        assert daemon.get("/healthz").status_code == 503
        prometheus.again()
        daemon.wait_for_log("prometheus answers again")


def test_a_hybrid_whose_telemetry_stopped_is_filled_up_and_says_so(mosquitto: Mosquitto, stopped: Prometheus) -> None:
    """The other machine has 70,000 tokens there; this one has 300,000 in its logs and exported 4,000 of them."""
    mosquitto.start()
    write_log(tokens=300_000, age_s=3600)
    env = ("--mqtt-url", url(mosquitto), "--prom-url", stopped.url)
    with RecordingClient(mosquitto.port) as client, Daemon(*env) as daemon:
        for key in ("window_5h_tokens", "window_7d_tokens"):
            until(lambda: client.latest.get(f"claude_gauge/lab/{key}") == b"370000")  # noqa: B023
        until(lambda: client.latest["claude_gauge/lab/source"] == b"jsonl+prometheus (telemetry short)")
        usage = daemon.usage()
        assert (usage["window_7d_tokens"], usage["source"]) == (370_000, "jsonl+prometheus (telemetry short)")
        assert "telemetry short" in daemon.get("/metrics").text
    page = gauge("doctor", *env, "--http-port=0")
    assert page.exit_code == 3
    assert "fault hybrid: the logs of this machine have 300,000 tokens of the last 5 h, Prometheus 4,000" in page.stdout
    once = json.loads(gauge("once", "--json", *env, "--http-port=0").stdout)
    assert (once["window_5h_tokens"], once["source"]) == (370_000, "jsonl+prometheus (telemetry short)")


def test_once_and_doctor(prometheus: Prometheus) -> None:
    given = ("--prom-url", prometheus.url, "--http-port=0")
    found = json.loads(gauge("once", "--json", *given).stdout)
    assert (found["window_7d_tokens"], found["cost_7d_usd"]) == (SPENT, None)
    page = gauge("doctor", *given).stdout
    assert "ok    windows: 5 h 70,000 tokens, 7 d 70,000 tokens" in page
    assert f"ok    prometheus: {prometheus.url}" in page
    lost = gauge("doctor", *given, "--prom-selector", 'host_name="nobody"')
    assert lost.exit_code == 3
    assert "fault selector: no metric of Claude Code fits" in lost.stdout
    assert "fix: export CLAUDE_GAUGE_PROM_URL" not in lost.stdout, "Prometheus is where it should be"
    broken = gauge("doctor", *given, "--prom-selector", 'host_name=~"("')
    assert broken.exit_code == 3
    told = broken.stdout.splitlines()
    (number,) = (number for number, row in enumerate(told) if row.startswith("fault prometheus:"))
    assert "answers 400" in told[number]
    assert told[number + 1].startswith("      fix: export CLAUDE_GAUGE_PROM_SELECTOR=")


@pytest.mark.parametrize("host", ["prometheus..local", "x" * 64])
def test_doctor_on_a_name_that_is_none(host: str) -> None:
    page = gauge("doctor", "--prom-url", f"http://{host}:9090", "--http-port=0").stdout
    assert f"fault prometheus: no such host: {host}" in page
