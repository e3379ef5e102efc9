"""Architecture B as its owner meets it: the daemon, `once` and `doctor` with the real ccusage."""

import json
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.ccusage import VERSION, ccusage_binary
from tests.support.ccusage_fake import script
from tests.support.lines import answer, line
from tests.support.program import TOKENS, Daemon, gauge, url, write_log
from tests.support.waiting import until

PRICED = "claude-sonnet-4-5-20250929"


def test_run_publishes_the_windows_of_ccusage_and_the_tach_of_the_tail(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    log = write_log()
    program = str(ccusage_binary())
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), "--ccusage", program, "--ccusage-ttl", "1") as daemon,
    ):
        daemon.wait_for_log(f"source: ccusage+jsonl (auto: ccusage {VERSION}")
        until(lambda: client.latest.get("claude_gauge/lab/window_5h_tokens") == b"43120")
        until(lambda: client.latest.get("claude_gauge/lab/source") == b"ccusage+jsonl")  # a message behind the window
        with log.open("ab") as file:
            file.write(line(answer(time.time(), 1000, message__id="msg_next", requestId="req_next")))
        until(lambda: client.latest["claude_gauge/lab/rate_1m"] == b"44120")
        until(lambda: client.latest["claude_gauge/lab/window_5h_tokens"] == b"44120")
        health = daemon.get("/healthz").json()
        assert health["ok"]
        assert VERSION in health["sources"]["ccusage"]["detail"]
        metrics = daemon.get("/metrics").text
        assert 'claude_gauge_source_up{source="ccusage"} 1' in metrics
        assert "claude_gauge_ccusage_failures_total 0" in metrics


def test_history_is_what_ccusage_has_counted_long_before_our_own_tail_reads() -> None:
    write_log()
    write_log(name="old", tokens=2 * TOKENS, age_s=20 * 24 * 3600)
    history = {"CLAUDE_GAUGE_5H_CEILING": "history", "CLAUDE_GAUGE_7D_CEILING": "history"}
    usage = json.loads(gauge("once", "--json", "--ccusage", str(ccusage_binary()), **history).stdout)
    assert (usage["source"], usage["window_5h_source"], usage["window_5h_pct"]) == ("ccusage+jsonl", "history", 0.5)
    assert (usage["window_7d_source"], usage["window_7d_pct"]) == ("history", 0.5)


def test_a_failing_ccusage_is_told_once_and_the_tach_goes_on(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.start()
    write_log()
    program = tmp_path / "ccusage"
    program.write_text("#!/bin/sh\n[ $1 = --version ] && echo ccusage 20.0.24 || { echo no luck >&2; exit 7; }\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), "--source=ccusage", f"--ccusage={program}", "--ccusage-ttl=1") as daemon,
    ):
        daemon.wait_for_log("failed with exit code 7: no luck")
        until(lambda: client.latest.get("claude_gauge/lab/rate_1m") == b"43120")
        until(lambda: client.latest.get("claude_gauge/lab/window_5h_tokens") == b"None")
        assert daemon.get("/healthz").status_code == 503
        until(lambda: "claude_gauge_ccusage_failures_total 3" in daemon.get("/metrics").text)
        assert daemon.log.count("no luck") == 1
        program.unlink()
        program.symlink_to(ccusage_binary())
        daemon.wait_for_log("ccusage answers again")
        until(lambda: client.latest["claude_gauge/lab/window_5h_tokens"] == b"43120")
        assert daemon.get("/healthz").status_code == 200


def test_once_has_costs_where_every_model_has_a_price() -> None:
    program = str(ccusage_binary())
    log = write_log()
    log.write_bytes(line(answer(time.time() - 60, message__model=PRICED, message__usage__output_tokens=20)))
    found = json.loads(gauge("once", "--json", "--source=ccusage", "--ccusage", program).stdout)
    assert found["cost_5h_usd"] == found["cost_7d_usd"] > 0
    with log.open("ab") as file:
        file.write(line(answer(time.time() - 30, message__model="claude-zeus-9", message__id="msg_zeus")))
    mixed = json.loads(gauge("once", "--json", "--source=ccusage", "--ccusage", program).stdout)
    assert mixed["window_5h_tokens"] == found["window_5h_tokens"] + TOKENS
    assert mixed["cost_5h_usd"] is None, "a sum that leaves a model out is no cost"


def test_once_without_the_ccusage_that_was_asked_for_says_how_to_get_it() -> None:
    write_log()
    result = gauge("once", "--source=ccusage", "--ccusage=/nowhere/ccusage")
    assert result.exit_code == 1
    assert "there is no program /nowhere/ccusage: npm install -g ccusage@20" in result.stderr


def test_doctor_compares_both_accounts() -> None:
    write_log().write_bytes(line(answer(time.time() - 5, message__id="msg_one")))
    equal = gauge("doctor", "--http-port=0", "--ccusage", str(ccusage_binary())).stdout
    assert f"ok    source: ccusage+jsonl (auto: ccusage {VERSION}" in equal
    assert "ok    ccusage 5 h: 43,120 by ccusage, 43,120 by our own reading: equal" in equal
    assert "differs" not in equal
    assert "ok    ccusage 7 d: 43,120 by ccusage" in equal
    replay = answer(time.time() - 4, message__id="msg_one", isSidechain=True)
    write_log(name="agent").write_bytes(line(replay))
    differ = gauge("doctor", "--http-port=0", "--source=jsonl", "--ccusage", str(ccusage_binary())).stdout
    assert "ok    ccusage 5 h: 86,240 by ccusage, 43,120 by our own reading: +43,120 (+100.00%)" in differ
    assert "ok    ccusage differs: in all its history, its blocks count 43,120 tokens of replayed side chains" in differ
    assert "fix: export CLAUDE_GAUGE_SOURCE" not in differ, "neither of both is the better one for everybody"


def test_doctor_names_no_cause_that_it_has_not_found(tmp_path: Path) -> None:
    """What it says of all ccusage of some releases was wrong for logs without a side chain."""
    write_log().write_bytes(line(answer(time.time() - 5, message__id="msg_one")))
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    end, instant = start + timedelta(hours=5), "%Y-%m-%dT%H:%M:%SZ"
    block = f'{{"startTime":"{start:{instant}}","endTime":"{end:{instant}}","totalTokens":43121}}'
    other = script(tmp_path / "ccusage", f"""echo '{{"blocks":[{block}],"daily":[{{"totalTokens":43121}}]}}'""")
    page = gauge("doctor", "--http-port=0", "--ccusage", str(other)).stdout
    assert "ok    ccusage 5 h: 43,121 by ccusage, 43,120 by our own reading: +1" in page
    assert "note  ccusage differs: no cause was found here" in page
    assert "side chains" not in page
    old = script(tmp_path / "ccusage", f"""echo '{{"blocks":[{block}],"daily":[]}}'""", "ccusage 18.0.11")
    page = gauge("doctor", "--http-port=0", "--source=ccusage", "--ccusage", str(old)).stdout
    assert "counts a streamed response by its first line" in page
    assert "fix: npm install -g ccusage@20" in page


def test_doctor_on_a_program_of_the_same_name(tmp_path: Path) -> None:
    write_log()
    program = tmp_path / "ccusage"
    program.write_text("#!/bin/sh\necho ccusage 0.4.4\n")
    program.chmod(0o755)
    auto = gauge("doctor", "--http-port=0", "--ccusage", str(program)).stdout
    assert "ok    source: jsonl (auto: the session logs alone, since" in auto
    assert "it calls itself 'ccusage 0.4.4'" in auto
    wanted = gauge("doctor", "--http-port=0", "--source=ccusage", "--ccusage", str(program))
    assert wanted.exit_code == 3
    assert "fault ccusage:" in wanted.stdout
    assert "fix: npm install -g ccusage@20" in wanted.stdout
