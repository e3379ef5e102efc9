"""The command line: what each verb prints, and the exit code that a script sees."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from gauge_mqtt import __version__
from gauge_mqtt.app.cli import main
from gauge_mqtt.app.settings import NAMES, SECRETS, flag, variable
from gauge_mqtt.contract.usage import KEYS, Usage, json_schema
from tests.support import brokers
from tests.support.program import TOKENS, gauge, write_log

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "jsonl"
DISCOVERY = [["discovery"], ["discovery", "show"], ["discovery", "clear"]]
STATUSLINE = [["statusline"], ["statusline", "install"], ["statusline", "status"], ["statusline", "uninstall"]]
CALIBRATE = [["calibrate"], ["calibrate", "show"], ["calibrate", "revoke"]]
SERVICE = [["service"], ["service", "show"], ["service", "install"], ["service", "uninstall"]]
GROUPS = [["service"], ["discovery"], ["statusline"], ["calibrate"]]
VERBS = [
    ["run"],
    ["watch"],
    ["record"],
    ["once"],
    ["doctor"],
    ["insights"],
    ["dump"],
    *SERVICE,
    *STATUSLINE,
    *DISCOVERY,
    *CALIBRATE,
    ["homeassistant"],
    ["show-config"],
]
WITHOUT_SETTINGS = [["telemetry-env"]]


def process(*args: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The real program in a process of its own."""
    command = [sys.executable, "-m", "gauge_mqtt", *args]
    return subprocess.run(
        command, env=os.environ | environ, capture_output=True, text=True, check=False, timeout=30
    )  # fmt: skip


def test_every_verb_is_known() -> None:
    found = [[name] for name in main.commands]
    found += [[*group, name] for group in GROUPS for name in main.commands[group[0]].commands]  # type: ignore[attr-defined]
    assert sorted(found) == sorted(VERBS + WITHOUT_SETTINGS)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_verb_has_help(verb: list[str], option: str) -> None:
    result = gauge(*verb, option)
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {' '.join(verb)} ")
    assert len(result.output.splitlines()[2].strip()) > 20, "a sentence that says what it does"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in GROUPS], ids=" ".join)
def test_every_setting_is_an_option_of_every_verb(verb: list[str]) -> None:
    page = gauge(*verb, "--help").output
    for name in NAMES:
        assert (f" {flag(name)} " in page) == (name not in SECRETS), name
        assert (f"[{variable(name)}]" in page) == (name not in SECRETS), name


def test_the_first_page_lists_the_exit_codes_and_the_verbs_in_order_of_need() -> None:
    page = gauge("--help").output
    assert "Exit codes: 0 all is well, 1 it failed, 2 wrong usage or settings, 3 doctor" in " ".join(page.split())
    places = [page.index(f"\n  {verb} ") for verb in ("run", "once", "doctor", "discovery", "show-config")]
    assert places == sorted(places)


def test_what_a_verb_does_is_said_whole_in_80_columns() -> None:
    assert "..." not in gauge("--help").output.partition("Commands:")[2]
    for group in GROUPS:
        assert "..." not in gauge(*group, "--help").output.partition("Commands:")[2]


def test_the_installed_program_and_the_module_are_the_same() -> None:
    program = Path(sys.executable).with_name("gauge-mqtt")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    assert said == process("--version").stdout == f"gauge-mqtt, version {__version__}\n"


@pytest.mark.parametrize("verb", ["run", "once", "doctor", "show-config"])
def test_an_unknown_flag_is_wrong_usage_and_names_the_nearest(verb: str) -> None:
    result = gauge(verb, "--http-prot", "1")
    assert result.exit_code == 2
    assert "--http-port" in result.output


def test_a_password_is_no_flag_and_is_not_repeated() -> None:
    for args in (["--mqtt-password=hunter2"], ["--mqtt-password", "hunter2"]):
        result = gauge("run", *args)
        assert result.exit_code == 2
        assert "hunter2" not in result.output


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in GROUPS], ids=" ".join)
def test_a_bad_setting_is_wrong_usage_of_every_verb_without_a_traceback(verb: list[str]) -> None:
    what = {"homeassistant": ["card"], "record": ["tape"]}.get(verb[0], [])
    result = gauge(*verb, *what, CLAUDE_GAUGE_HTTP_PROT="1")
    assert result.exit_code == 2
    assert result.output == (
        "Error: CLAUDE_GAUGE_HTTP_PROT is not a setting; did you mean CLAUDE_GAUGE_HTTP_PORT?\n"
    )  # fmt: skip


def test_a_setting_of_which_the_file_cannot_be_read_is_told_by_every_verb_that_needs_it() -> None:
    for verb in (["run"], ["discovery", "clear"]):
        result = gauge(*verb, "--mqtt-password-file", "/nowhere/password", "--mqtt-url", "mqtt://broker")
        assert result.exit_code == 2
        assert "/nowhere/password" in result.output


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits the part of JSON Schema that our contract uses."""
    if "anyOf" in schema:
        return any(fits(value, part) for part in schema["anyOf"])
    kinds: dict[str, Any] = {
        "null": type(None), "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
    }  # fmt: skip
    right = isinstance(value, kinds[schema["type"]]) and isinstance(value, bool) == (schema["type"] == "boolean")
    return (
        right
        and ("minimum" not in schema or schema["minimum"] <= value)
        and ("maximum" not in schema or value <= schema["maximum"])
        and ("enum" not in schema or value in schema["enum"])
        and ("items" not in schema or all(fits(item, {"type": "string"} | schema["items"]) for item in value))
    )


def test_once_as_json_is_the_contract() -> None:
    logs = write_log()
    result = process("once", "--json", CLAUDE_GAUGE_5H_CEILING="86240")
    assert result.returncode == 0, result.stderr
    body, schema = json.loads(result.stdout), json_schema()
    assert list(body) == list(KEYS) == list(schema["properties"])
    assert set(schema["required"]) <= set(body)
    assert [key for key, value in body.items() if not fits(value, schema["properties"][key])] == []
    TypeAdapter(Usage).validate_python(body)
    assert (body["window_5h_tokens"], body["window_5h_pct"], body["last_model"]) == (TOKENS, 0.5, "opus")
    assert str(logs) not in result.stdout + result.stderr


@pytest.mark.parametrize("case", sorted(path.name for path in FIXTURES.iterdir()))
def test_once_reads_every_captured_session(case: str) -> None:
    shutil.copytree(FIXTURES / case, Path.home() / ".claude/projects")
    result = gauge("once", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["window_5h_tokens"] is not None


def test_once_for_a_person() -> None:
    write_log()
    result = gauge("once")
    assert result.exit_code == 0
    assert "43,120 tokens" in result.stdout
    assert "OPUS" in result.stdout
    assert "CLAUDE_GAUGE_5H_CEILING and CLAUDE_GAUGE_7D_CEILING" in result.stderr
    full = gauge("once", CLAUDE_GAUGE_5H_CEILING="86240", CLAUDE_GAUGE_7D_CEILING="86240")
    assert "50.0% used (ceiling)" in full.stdout
    assert full.stderr == ""


def test_once_takes_the_largest_finished_windows_for_full() -> None:
    write_log()
    history = {"CLAUDE_GAUGE_5H_CEILING": "history", "CLAUDE_GAUGE_7D_CEILING": "history"}
    assert gauge("once", **history).stdout.count("share unknown") == 2
    write_log(name="old", tokens=86_240, age_s=30 * 3600)
    for day in range(2, 9):
        write_log(name=f"day{day}", tokens=10_000, age_s=day * 24 * 3600 - 3600)
    shown = gauge("once", **history).stdout
    assert "43,120 tokens  50.0% used (history)" in re.sub(" {3,}", "  ", shown)
    assert shown.count("used (history)") == 2
    (row,) = [row for row in gauge("once", "--explain", **history).stdout.splitlines() if "window_5h_pct " in row]
    assert "0.5" in row
    assert ": history, 0 s old" in row


def test_once_explained_names_every_key_with_its_meaning_and_age() -> None:
    write_log()
    result = gauge("once", "--explain")
    assert result.exit_code == 0
    for key, spec in KEYS.items():
        (row,) = [row for row in result.stdout.splitlines() if row.split()[0] == key]
        assert spec.about in row
    assert "jsonl, 0 s old" in result.stdout


def test_once_without_logs_fails_and_says_where_it_looked() -> None:
    result = gauge("once", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rate_1m"] is None
    assert f"{Path.home()}/.claude/projects" in result.stderr
    assert "CLAUDE_CONFIG_DIR" in result.stderr
    assert "Traceback" not in result.stderr


def test_show_config_says_where_each_value_comes_from_and_masks_secrets(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("stall_minutes = 7\n")
    environ = {"CLAUDE_GAUGE_MQTT_PASSWORD": "hunter2", "CLAUDE_GAUGE_HTTP_PORT": "1001"}
    result = gauge("show-config", "--config", str(file), "--instance", "Desk One", **environ)
    assert result.exit_code == 0
    rows = {row.split()[0]: row for row in result.stdout.splitlines()}
    assert list(rows) == list(NAMES)
    assert f"file {file}" in rows["stall_minutes"]
    assert "environment CLAUDE_GAUGE_HTTP_PORT" in rows["http_port"]
    assert "desk_one" in rows["instance"]
    assert "flag --instance" in rows["instance"]
    assert "not set" in rows["5h_ceiling"]
    assert "environment CLAUDE_GAUGE_MQTT_PASSWORD" in rows["mqtt_password"]
    assert "hunter2" not in result.output


def test_discovery_show_is_the_message_itself() -> None:
    result = gauge("discovery", "show", "--instance", "desk")
    assert result.exit_code == 0
    assert result.stderr == "homeassistant/device/claude_gauge_desk/config\n"
    assert set(KEYS) <= set(json.loads(result.stdout)["components"])


def test_discovery_clear_empties_what_is_there_and_counts_it(mosquitto: brokers.Mosquitto) -> None:
    mosquitto.start()
    with brokers.RecordingClient(mosquitto.port) as client:
        client.publish("claude_gauge/desk/of_long_ago", b"1", retain=True)
        client.publish("claude_gauge/other/rate_1m", b"1", retain=True)
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    result = gauge("discovery", "clear", "--instance", "desk", "--mqtt-url", url)
    assert result.exit_code == 0
    assert f"topics of desk emptied on {url}" in result.stdout
    assert list(brokers.retained_on(mosquitto.port)) == ["claude_gauge/other/rate_1m"]


def test_discovery_clear_without_a_broker_fails_in_words() -> None:
    result = gauge("discovery", "clear", "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}")
    assert result.exit_code == 1
    assert "connection refused" in result.output
