"""The official percentages from where Claude Code leaves them to MQTT, by the real programs."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.ccusage_fake import script
from tests.support.percentages import FIXTURES, redraw, report
from tests.support.program import Daemon, gauge, url, write_log
from tests.support.waiting import until


def test_from_the_status_line_and_the_logs_to_mqtt(mosquitto: Mosquitto) -> None:
    log = write_log()
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:

        def value(key: str) -> bytes | None:
            return client.latest.get(f"claude_gauge/lab/{key}")

        until(lambda: value("window_7d_tokens") not in {None, b"None"} and value("window_5h_pct") == b"None")
        redraw(23.5)
        shown = {
            "window_5h_pct": b"0.235",
            "window_7d_pct": b"0.412",
            "window_5h_source": b"official",
            "needle_5h": b"235",
        }
        until(lambda: {key: value(key) for key in shown} == shown)  # before the look that is due each minute
        redraw(10, session="b")
        redraw(31, session="c")
        until(lambda: value("window_5h_pct") == b"0.31")
        with log.open("ab") as file:
            file.write(report(30))
        until(lambda: value("window_5h_pct") == b"0.3")
        usage = daemon.usage()
        assert usage["source"] == "jsonl"
        assert usage["window_5h_resets_at"] > usage["updated_at"]
        health = daemon.get("/healthz").json()["sources"]["quota"]
        assert health["ok"]
        assert "by statusline" in health["detail"]
        assert 'quota_samples_total{channel="report"} 3' in daemon.get("/metrics").text
    assert (Path.home() / ".local/state/gauge-mqtt/quota/c.json").exists()


def test_a_report_is_known_after_a_restart() -> None:
    log = write_log()
    with log.open("ab") as file:
        file.write(report(30))
    assert gauge("once").exit_code == 0
    assert "30.0% used (official)" in gauge("once").output


def test_once_tells_them_and_asks_for_no_ceiling() -> None:
    write_log()
    assert "gauge-mqtt statusline install" in gauge("once").output
    redraw(23.5)
    said = gauge("once").output
    assert "23.5% used (official)" in said
    assert "statusline install" not in said
    usage = json.loads(gauge("once", "--json").output)
    assert (usage["window_5h_pct"], usage["window_5h_source"], usage["source"]) == (0.235, "official", "jsonl")


def test_the_quota_comes_beside_other_sources() -> None:
    write_log()
    redraw(23.5)
    usage = json.loads(
        gauge("once", "--json", "--source", "prometheus", "--prom-url", "http://127.0.0.1:9").stdout.splitlines()[0]
    )
    assert (usage["window_5h_pct"], usage["source"]) == (0.235, "prometheus")


def test_doctor_tells_what_the_plan_said_and_by_which_channel() -> None:
    write_log()
    before = gauge("doctor").output
    assert "note  official percentages: none was told yet\n      fix: gauge-mqtt statusline install" in before
    assert "note  5h_ceiling: not set" in before
    redraw(23.5)
    said = gauge("doctor").output
    assert "ok    official percentages: 5 h 23.5 % (the status line, just now), 7 d 41.2 %" in said
    assert "5h_ceiling" not in said
    redraw(5, session="x", transcript_path="/other/.claude/projects/p/x.jsonl")
    said = gauge("doctor").output
    assert f"note  accounts: the account used last is shown; there are {Path.home()}/.claude too" in said
    assert "export CLAUDE_GAUGE_QUOTA_ACCOUNT=/the/one/to/show" in said
    chosen = gauge("doctor", CLAUDE_GAUGE_QUOTA_ACCOUNT=f"{Path.home()}/.claude").output
    assert "5 h 23.5 %" in chosen
    assert "accounts" not in chosen


def without_percentages(**environ: str) -> tuple[str, str]:
    """What the doctor says of them, and the remedy."""
    rows = gauge("doctor", **environ).output.splitlines()
    at = next(n for n, row in enumerate(rows) if row.startswith("note  official percentages: "))
    return rows[at].split(": ", 1)[1], rows[at + 1].removeprefix("      fix: ")


def test_doctor_tells_what_was_over_from_what_was_never_told() -> None:
    write_log()
    install, ask = "gauge-mqtt statusline install", "claude, then ask something"
    assert without_percentages() == ("none was told yet", install)
    assert gauge("statusline", "install", "--yes").exit_code == 0
    said, fix = without_percentages()
    assert (said, fix[: len(ask)]) == ("none was told yet", ask)
    redraw(0, rate_limits=None)  # with an API key
    assert without_percentages()[0] == "none was told yet"
    reset = int(time.time()) - 60
    redraw(0, rate_limits={"five_hour": {"used_percentage": 140, "resets_at": reset}})
    assert without_percentages()[0] == "none was told yet (not believed: 1)"
    redraw(0, rate_limits={"five_hour": {"used_percentage": 23.5, "resets_at": reset}})
    said, fix = without_percentages()
    assert (said, fix[: len(ask)]) == ("none that stands now: what was told is over, or too old", ask)
    said, fix = without_percentages(CLAUDE_GAUGE_QUOTA_ACCOUNT="/elsewhere")
    assert (said, fix) == (f"none was told yet for /elsewhere, but for {Path.home()}/.claude", install)


def test_doctor_knows_of_percentages_that_only_the_history_has() -> None:
    write_log()
    at = time.time() - 10 * 86_400
    samples = [[at, 0.2, at + 3_600, None]]
    track = {"account": f"{Path.home()}/.claude", "window": "5h", "samples": samples}
    state = Path.home() / ".local/state/gauge-mqtt"
    state.mkdir(parents=True)
    (state / "quota-history.json").write_text(json.dumps({"version": 1, "tracks": [track]}))
    assert "what was told is over" in without_percentages()[0]


def test_doctor_sends_nobody_to_a_status_line_that_is_forbidden() -> None:
    write_log()
    (Path.home() / ".claude/settings.json").write_text('{"disableAllHooks": true}')
    assert without_percentages() == ("none was told yet", "export CLAUDE_GAUGE_QUOTA_POLL=15")


@pytest.mark.parametrize(("does", "code", "words"), [
    (f"cat {FIXTURES}/print_slash_usage.txt", 3, "fault claude -p /usage: `claude -p /usage` told no percentages"),
    ("echo 'Current session: 7% used · resets 11:59pm (UTC)'", 3, "5 h 7 % (claude -p /usage, just now)"),
])  # fmt: skip
def test_doctor_asks_claude_code_where_that_is_wanted(tmp_path: Path, does: str, code: int, words: str) -> None:
    program = script(tmp_path / "claude", does)
    if datetime.now(UTC).hour < 18:  # within five hours of its reset
        does = does.replace("11:59pm", f"{datetime.fromtimestamp(time.time() + 7_200, UTC):%-I:%M%p}")
        program = script(tmp_path / "claude", does)
    result = gauge("doctor", CLAUDE_GAUGE_QUOTA_POLL="5", CLAUDE_GAUGE_CLAUDE=str(program))
    assert result.exit_code == code, "there are no logs here"
    assert words in result.output


@pytest.mark.parametrize(("value", "words"), [("4.9", "greater than or equal to 5"), ("x", "valid number")])
def test_it_is_never_asked_more_often_than_every_five_minutes(value: str, words: str) -> None:
    refused = gauge("once", CLAUDE_GAUGE_QUOTA_POLL=value)
    assert refused.exit_code == 2
    assert words in refused.output


WATCHER = """
import os, sys
log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def seen(event, arguments):
    if event in {"open", "socket.connect", "subprocess.Popen", "os.exec", "os.posix_spawn"}:
        what = arguments[0] if event != "socket.connect" else arguments[1]
        os.write(log, f"{event} {os.fsdecode(what) if isinstance(what, bytes) else what}\\n".encode(errors="replace"))
sys.addaudithook(seen)
"""


def test_no_credential_is_opened_and_nobody_but_the_broker_is_called(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """By Python's own audit events, of the publisher and of the status line command."""
    write_log()
    mosquitto.start()
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(WATCHER)
    for name in (".credentials.json", "settings.json", "history.jsonl"):
        (Path.home() / ".claude" / name).write_text('{"accessToken": "secret"}')
    (Path.home() / ".claude.json").write_text("{}")
    watched = {"PYTHONPATH": str(tmp_path / "hook"), "WATCHED": str(tmp_path / "seen")}
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto), **watched):
        until(lambda: client.latest.get("claude_gauge/lab/window_7d_tokens") not in {None, b"None"})
        redraw(23.5, environ=watched)
        until(lambda: client.latest.get("claude_gauge/lab/window_5h_pct") == b"0.235")
    seen = (tmp_path / "seen").read_text().splitlines()
    home = str(Path.home())
    opened = {row.split(" ", 1)[1].removeprefix(home) for row in seen if row.startswith(f"open {home}/")}
    assert "/.claude.json" in opened, "it was watched"
    assert {name for name in opened if "/.claude/" in name} == {"/.claude/projects/-home-user-project/one.jsonl"}
    assert {name for name in opened if not name.startswith(("/.claude/", "/.local/state/gauge-mqtt/"))} <= {
        "/.claude.json",
        "/.config/claude/.claude.json",
        "/.config/gauge-mqtt/config.toml",
    }
    called = {row.rpartition(", ")[2].rstrip(")") for row in seen if row.startswith("socket.connect")}
    assert called <= {str(mosquitto.port), "1883"}, called
    assert [row for row in seen if row.startswith(("subprocess", "os."))] == ["os.exec /bin/sh"], "the chained command"


def test_explain_tells_basis_error_and_age_of_a_fuel() -> None:
    write_log()
    redraw(23.5)
    rows = {
        row.split()[0]: " ".join(row.split()) for row in gauge("once", "--explain").output.splitlines() if row.split()
    }
    assert rows["window_5h_pct"].startswith("window_5h_pct 0.235")
    assert "official, " in rows["window_5h_pct"]
    assert "s old" in rows["window_5h_pct"]
    assert "0.005" in rows["window_5h_error"]
    assert "official, " in rows["window_5h_error"]
    assert "jsonl, " in rows["window_5h_tokens"]


def test_the_limit_ahead_is_told_from_the_share_and_the_pace() -> None:
    """Half of the plan went with these tokens, all of them a moment ago: the other half lasts as long, 15 minutes."""
    write_log()
    redraw(50)
    usage = json.loads(gauge("once", "--json").output)
    left = (datetime.fromisoformat(usage["limit_5h_at"]) - datetime.now(UTC)).total_seconds() / 60
    assert 12 <= left <= 18
    assert usage["limit_7d_at"] is None or usage["limit_7d_at"] > usage["updated_at"]
