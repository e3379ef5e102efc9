"""The verb `insights`, as a user runs it."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gauge_mqtt.contract.insights import KEYS
from tests.support.insight_diary import Diary
from tests.support.lines import answer, lines, prompt

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PROGRAM = Path(sys.executable).with_name("gauge-mqtt")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    Diary(tmp_path / "config", 2).live([time.time() - 7200, time.time() - 3 * 86_400]).write()

    def ask(*words: str, insights: str = "1") -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": str(tmp_path / "config"),
            "CLAUDE_GAUGE_STATE_DIR": str(tmp_path / "state"), "CLAUDE_GAUGE_INSIGHTS": insights, "TZ": "Europe/Berlin",
        }  # fmt: skip
        return subprocess.run(
            [PROGRAM, "insights", *words], env=environment, capture_output=True, text=True, check=False, timeout=60,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return ask


def test_a_page_a_json_and_a_csv(run: Run) -> None:
    page = run("--week")
    assert page.returncode == 0, page.stderr
    assert "Claude insights" in page.stdout
    assert max(map(len, page.stdout.splitlines())) <= 80
    told = json.loads(run("--week", "--json").stdout)
    assert {*told} == {"schema", "first_day", "last_day", "updated_at", *KEYS}
    assert told["tokens"] > 0
    rows = list(csv.DictReader(io.StringIO(run("--week", "--csv").stdout)))
    assert len({row["day"] for row in rows}) == 7
    assert sum(int(row["value"]) for row in rows if row["key"] == "tokens") == told["tokens"]


def test_today_and_another_day(run: Run) -> None:
    today, week = (json.loads(run(*words, "--json").stdout) for words in ((), ("--week",)))
    assert 0 < today["tokens"] < week["tokens"]
    past = json.loads(run("--until", "2020-01-01", "--json").stdout)
    assert (past["tokens"], past["last_day"]) == (0, "2020-01-01")
    assert run("--until", "yesterday").returncode == 2
    for day in ("0001-01-01", "9999-12-31"):
        refused = run("--until", day, "--month")
        assert (refused.returncode, "no log can tell" in refused.stderr) == (2, True)
    assert run("--until", "1971-01-01", "--month").returncode == run("--until", "9998-12-31").returncode == 0


def test_a_flight_report_to_keep(run: Run, tmp_path: Path) -> None:
    done = run("--report", str(tmp_path / "reports"))
    assert done.returncode == 0, done.stderr
    names = sorted(path.suffix for path in (tmp_path / "reports").iterdir())
    assert names == [".html", ".md", ".svg", ".svg"]
    (tmp_path / "reports" / "file").touch()
    refused = run("--report", str(tmp_path / "reports" / "file"))
    assert (refused.returncode, "cannot be written" in refused.stderr) == (1, True)


def test_the_phrases_used_most_are_for_the_terminal_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config" / "projects" / "-p" / "more.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    now = time.time()
    said = [{"type": "text", "text": "You are absolutely right about quokkas."}]
    records = [answer(now - n, message__content=said) for n in range(1, 60)]
    records += [prompt(now - n, "please do make it blue") for n in range(1, 80)]
    failed = [{"type": "text", "text": "API Error: 529 overloaded once more"}]
    records += [answer(now - n, message__content=failed, isApiErrorMessage=True) for n in range(1, 99)]
    path.write_bytes(lines(*records, *records))
    done = run("--phrases")
    assert done.stdout.splitlines() == [
        "Claude: 'are absolutely right about quokkas', 59 times", "You: 'please do make it blue', 79 times",
    ]  # fmt: skip
    run("--json")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert b"quokkas" not in kept


def test_off_it_says_how_to_switch_it_on_and_keeps_nothing(run: Run, tmp_path: Path) -> None:
    off = run(insights="0")
    assert off.returncode == 1
    assert "CLAUDE_GAUGE_INSIGHTS=1" in off.stderr
    assert not (tmp_path / "state").exists()


def test_what_was_kept_is_deleted_after_asking(run: Run, tmp_path: Path) -> None:
    run()
    kept = tmp_path / "state" / "insights.sqlite3"
    assert kept.exists()
    assert run("--forget").returncode == 1, "nobody there to answer"
    assert kept.exists()
    assert run("--forget", "--yes").stdout == "deleted\n"
    assert list((tmp_path / "state").iterdir()) == []
    assert run("--forget", "--yes").stdout == "there was nothing to delete\n"


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", False), (b"n\n", True)])
def test_switched_off_it_asks_at_a_terminal_whether_to_delete(
    answer: bytes,
    left: bool,  # noqa: FBT001
    run: Run,
    tmp_path: Path,
) -> None:
    run()
    ours, theirs = pty.openpty()
    environment = os.environ | {"HOME": str(tmp_path), "CLAUDE_GAUGE_STATE_DIR": str(tmp_path / "state")}
    os.write(ours, answer)
    done = subprocess.run(
        [PROGRAM, "insights"], env=environment, stdin=theirs, capture_output=True, check=False, timeout=60
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert b"Delete the counts" in done.stdout
    assert (tmp_path / "state" / "insights.sqlite3").exists() is left


def test_a_state_directory_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    told = run()
    assert told.returncode == 1
    assert "the insights cannot be kept" in told.stderr
    assert "Traceback" not in told.stderr


def test_days_are_those_of_the_users_own_zone(run: Run) -> None:
    told = json.loads(run("--json").stdout)
    assert told["last_day"] == datetime.now().astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()
