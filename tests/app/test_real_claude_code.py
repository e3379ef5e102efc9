"""The real Claude Code in a terminal, against a mock of its API: what the server's headers say is what MQTT says."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import motor_deg
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import iso
from tests.support.brokers import Mosquitto, RecordingClient, retained_on
from tests.support.claude_code import Terminal, skip_without_claude_code
from tests.support.messages_api import MessagesApi
from tests.support.program import Daemon, gauge, url
from tests.support.simulator import Simulator, shows
from tests.support.waiting import until

WITHIN_S = 1.0
"""From the server's answer to the subscriber: Claude Code waits 0.3 s before it draws."""
SLACK_S = 2.0
"""For a machine that does other things as well."""


@pytest.fixture(scope="module", autouse=True)
def _claude_code() -> None:
    skip_without_claude_code()


def test_the_headers_of_the_server_are_the_values_on_mqtt(mosquitto: Mosquitto, tmp_path: Path) -> None:
    config = Path.home() / ".claude"
    config.mkdir()
    (config / "settings.json").write_text('{"statusLine": {"type": "command", "command": "echo my-own-line"}}')
    assert gauge("statusline", "install", "--yes").exit_code == 0
    mosquitto.start()
    with (
        MessagesApi(0.235, 0.412) as api,
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto)),
        Terminal(api.url, tmp_path / "project") as terminal,
    ):

        def value(key: str) -> str:
            return client.latest.get(f"claude_gauge/lab/{key}", b"").decode()

        until(lambda: value("window_5h_pct") == "0.235", 60)  # it asks for its quota as it starts
        until(lambda: (value("needle_5h"), value("needle_7d")) == ("235", "412"))  # behind the rest
        assert value("window_7d_pct") == "0.412"
        assert (value("window_5h_source"), value("window_7d_source")) == ("official", "official")
        assert value("window_5h_resets_at") == iso(datetime.fromtimestamp(api.five_hour_resets_at, UTC))
        assert value("window_7d_resets_at") == iso(datetime.fromtimestamp(api.seven_day_resets_at, UTC))
        until(lambda: b"my-own-line" in terminal.screen)

        api.five_hour, before = 0.31, api.answered_at
        terminal.type("hello")
        until(lambda: value("window_5h_pct") == "0.31", 60)
        took = time.monotonic() - api.answered_at
        assert api.answered_at > before
        assert took < WITHIN_S + SLACK_S
        until(lambda: value("window_5h_tokens") == "15")
        assert {path.split("?")[0] for path, _ in api.requests} <= {"/v1/messages", "/v1/messages/count_tokens", "/"}
    assert "told the percentages" in gauge("statusline", "status").output
    assert gauge("statusline", "uninstall", "--yes").exit_code == 0
    assert json.loads((config / "settings.json").read_text())["statusLine"]["command"] == "echo my-own-line"


def test_on_a_fresh_machine_both_fuels_are_on_every_surface(
    mosquitto: Mosquitto, gauge_sim: Path, tmp_path: Path
) -> None:
    """No status line of one's own, no log and no ceiling: the status line's verb is all that is done."""
    jinja2 = pytest.importorskip("jinja2")
    (Path.home() / ".claude").mkdir()
    installed = gauge("statusline", "install", "--yes")
    assert installed.exit_code == 0, installed.output
    mosquitto.start()
    with (
        MessagesApi(0.235, 0.412) as api,
        Simulator(gauge_sim, mosquitto.port) as simulator,
        Daemon("--mqtt-url", url(mosquitto)) as daemon,
        Terminal(api.url, tmp_path / "project") as terminal,
    ):

        def needles_at(five_hour: float, seven_day: float) -> None:
            wanted = {"5h": motor_deg(round(1000 * five_hour)), "7d": motor_deg(round(1000 * seven_day))}
            simulator.wait(lambda state: state["link"] == "live" and shows(state, wanted), 60)

        needles_at(0.235, 0.412)
        api.five_hour, api.seven_day = 0.97, 0.5
        terminal.type("hello")
        needles_at(0.97, 0.5)
        simulator.wait(lambda state: "warn" in state["lit"])
        until(lambda: b"97%" in terminal.screen)  # our own line, where there was none

        usage = daemon.usage()
        assert {key: usage[f"window_{key}"] for key in ("5h_pct", "7d_pct", "5h_source", "7d_source")} == {
            "5h_pct": 0.97, "7d_pct": 0.5, "5h_source": "official", "7d_source": "official",
        }  # fmt: skip

        retained, topics = retained_on(mosquitto.port), Topics("lab")
        entities = json.loads(retained[topics.discovery])["components"]
        assert {f"{key}_{what}" for key in ("window_5h", "window_7d") for what in ("source", "resets_at", "error")} <= {
            *entities
        }
        for key, percent in (("window_5h_pct", 97.0), ("window_7d_pct", 50.0)):
            entity = entities[key]
            value = retained[entity["state_topic"]].decode()
            assert float(jinja2.Template(entity["value_template"]).render(value=value)) == percent
            assert (entity["platform"], entity["unit_of_measurement"]) == ("sensor", "%")
        assert retained[topics.availability] == b"online"
