"""A bundle for a bug report, from a history that is full of what must not be in it."""

import json
import socket
import time
from pathlib import Path

import pytest

from gauge_mqtt.app.dump import redacted
from tests.support.lines import answer, line, prompt
from tests.support.program import gauge

CANARIES = {
    "project": "-home-canaryuser-canaryproject",
    "session": "canarysession",
    "text": "canarytext",
    "secret": "canarysecret",
    "broker": "canarybroker",
    "user": "canarymqttuser",
    "instance": "canaryinstance",
    "selector": "canaryselector",
    "branch": "canarybranch",
    "prom": "canaryprom",
}


@pytest.fixture(autouse=True)
def _seeded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "canaryhome"
    log = home / f".claude/projects/{CANARIES['project']}/{CANARIES['session']}.jsonl"
    log.parent.mkdir(parents=True)
    record = answer(time.time() - 90, 43_120) | {"cwd": "/home/canaryuser/x", "gitBranch": CANARIES["branch"]}
    log.write_bytes(line(prompt(time.time() - 100) | {"extra": CANARIES["text"]}) + line(record))
    (log.parent / "canaryunreadable.jsonl").symlink_to("/nowhere/canarylink")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(socket, "gethostname", lambda: "canaryhost.canarydomain")
    for name, value in {
        "MQTT_URL": f"mqtt://{CANARIES['broker']}.invalid:1",
        "MQTT_USERNAME": CANARIES["user"],
        "MQTT_PASSWORD": CANARIES["secret"],
        "INSTANCE": CANARIES["instance"],
        "HTTP_PORT": "1",
        "PROM_URL": f"http://{CANARIES['prom']}.invalid:1",
        "PROM_SELECTOR": f'host="{CANARIES["selector"]}"',
        "5H_CEILING": "50000000",
    }.items():
        monkeypatch.setenv(f"CLAUDE_GAUGE_{name}", value)


def test_nothing_of_a_seeded_history_is_in_it(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    done = gauge("dump", str(bundle))
    assert done.exit_code == 0, done.output
    text = bundle.read_text()
    assert [word for word in (*CANARIES.values(), "canary", str(tmp_path)) if word in text] == []
    assert bundle.stat().st_mode & 0o777 == 0o600
    found = json.loads(text)
    assert found["settings"]["5h_ceiling"] == {"value": 50_000_000, "from": "environment"}
    assert found["settings"]["mqtt_password"] == {"value": "set", "from": "environment"}
    assert {check["about"] for check in found["doctor"]} >= {"settings", "logs", "broker"}
    assert found["versions"]["gauge-mqtt"]


def test_the_last_hour_is_a_tape_of_the_minutes() -> None:
    found = json.loads(gauge("dump").output)
    rates = [moment["readings"][0]["rate_tokens"] for moment in found["last_hour"][1:]]
    assert len(rates) == 61
    assert sum(rates) == 43_120
    assert rates[-1] == 0


def test_an_existing_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    done = gauge("dump", str(tmp_path / "there"))
    assert (done.exit_code, (tmp_path / "there").read_text()) == (1, "mine")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12 sessions in /home/me/.claude/projects, newest", "12 sessions in <path>, newest"),
        ("refused by mqtt://me@broker.lan:1883; x", "refused by mqtt://<host>; x"),
        ("it says 'hello world' and \"more\"", "it says <quoted> and <quoted>"),
        ("who@example.org at 10.0.0.7 or fe80::1", "<mail> at <address> or <address>"),
        ("5 h 41,300,000 tokens, 7 d unknown; at 12:30", "5 h 41,300,000 tokens, 7 d unknown; at 12:30"),
        ("the desk is on", "the <name> is on"),
    ],
)
def test_what_is_redacted_leaves_a_word_for_its_kind(text: str, wanted: str) -> None:
    assert redacted(text, ["desk"]) == wanted
