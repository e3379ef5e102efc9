"""`gauge-mqtt run` with insights on: the same numbers on the broker, over HTTP, in `/metrics` and in the terminal."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.contract.insights import KEYS
from gauge_mqtt.contract.topics import Topics
from tests.support import brokers
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.insight_diary import Diary
from tests.support.lines import answer, line
from tests.support.program import Daemon, gauge, url, write_log
from tests.support.waiting import until

TOPICS = Topics("lab")
TOKENS, RESPONSES = TOPICS.insights["tokens"], TOPICS.insights["responses"]
QUICK = "from gauge_mqtt.sources.logs.insights import feed; feed.REST_S = 0.05"


def test_every_surface_says_the_same(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    Diary(Path.home() / ".claude", 4).live([time.time() - 3000, time.time() - 86_400]).write()
    path = write_log()
    switched_on = {"CLAUDE_GAUGE_INSIGHTS": "1"}
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), changed=QUICK, **switched_on) as daemon,
    ):
        until(lambda: RESPONSES in client.latest)
        told = json.loads(gauge("insights", "--json", **switched_on).output)
        before = int(client.latest[RESPONSES])
        assert before == told["responses"] > 1
        with path.open("ab") as log:
            log.write(line(answer(time.time())))
        until(lambda: client.latest[RESPONSES] == str(before + 1).encode())
        served: dict[str, Any] = daemon.get("/insights").json()
        assert served["responses"] == before + 1
        until(lambda: client.latest[TOKENS] == str(served["tokens"]).encode())
        assert daemon.get("/insights?period=week").json()["tokens"] > served["tokens"]
        assert daemon.get("/insights?period=year").status_code == 400
        assert {*daemon.get("/insights/schema").json()["properties"]} >= {*KEYS}
        metrics = daemon.get("/metrics").text
        assert f"claude_gauge_insights_tokens {served['tokens']}\n" in metrics
        assert f'claude_gauge_insights_hours{{hour="00"}} {served["hours"][0]}\n' in metrics
        for tool, calls in served["tools"].items():
            assert f'claude_gauge_insights_tools{{tool="{tool}"}} {calls}\n' in metrics
        device = json.loads(client.latest[TOPICS.insights_discovery])
        assert device["components"]["tokens"]["state_topic"] == TOKENS
        missing = {topic for topic in TOPICS.insights.values() if topic not in client.latest}
        assert missing == set()
        assert daemon.get("/healthz").json()["insights"] == {"ok": True, "detail": "kept"}
        again = daemon.end()
        assert again[0] == 0
        assert "Traceback" not in daemon.log
    gauge("discovery", "clear", "--mqtt-url", url(mosquitto), "--instance", "lab")
    until(lambda: brokers.retained_on(mosquitto.port) == {})


def test_off_nothing_is_kept_nothing_said_and_nothing_served(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get("claude_gauge/lab/window_7d_tokens") == b"43120")
        response = daemon.get("/insights")
        assert response.status_code == 404
        assert "CLAUDE_GAUGE_INSIGHTS=1" in response.text
        assert "insights" not in daemon.get("/metrics").text
        assert not any("insights" in topic for topic in client.latest)
        assert "insights" not in daemon.get("/healthz").json()
        daemon.end()
    assert not list(Path.home().rglob("insights.sqlite3*"))


def test_a_state_directory_that_cannot_be_written_costs_the_insights_alone(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    mosquitto.start()
    write_log()
    (tmp_path / "file").write_text("no directory")
    on = {"CLAUDE_GAUGE_INSIGHTS": "1", "CLAUDE_GAUGE_STATE_DIR": str(tmp_path / "file")}
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto), **on) as daemon:
        until(lambda: client.latest.get("claude_gauge/lab/window_7d_tokens") == b"43120")
        until(lambda: not daemon.get("/healthz").json()["insights"]["ok"])
        report = daemon.get("/healthz").json()
        assert "cannot be kept" in report["insights"]["detail"]
        assert daemon.get("/insights").text == "null"
        assert "Traceback" not in daemon.log


@pytest.mark.parametrize("source", ["demo"])
def test_without_session_logs_there_are_none_and_that_is_said(mosquitto: Mosquitto, source: str) -> None:
    mosquitto.start()
    on = {"CLAUDE_GAUGE_INSIGHTS": "1"}
    with Daemon("--mqtt-url", url(mosquitto), "--source", source, **on) as daemon:
        until(lambda: "there are no insights" in daemon.log)
