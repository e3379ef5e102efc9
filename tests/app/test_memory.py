"""What an instance keeps over restarts: on disk whole or not at all, and nothing odd there ends the publisher."""

import asyncio
import json
import logging
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from gauge_mqtt.app.memory import SIZE_MAX, WAITED_FOR, Memory
from gauge_mqtt.contract.usage import HEARTBEAT_S, Usage
from gauge_mqtt.core.highs import UNKNOWN_HIGHS, Highs
from gauge_mqtt.core.reading import Account, Reading
from gauge_mqtt.core.totals import UNCOUNTED, Counted
from tests.support.brokers import Mosquitto
from tests.support.lines import answer, line
from tests.support.program import Daemon, url, write_log
from tests.support.waiting import until

NOW = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
HOUR = int(NOW.timestamp() // 3600)


def reading(tokens: int) -> Reading:
    return Reading(source="jsonl", account=Account(since=-inf, tokens={HOUR: tokens}))


def remembering(directory: Path) -> Memory:
    return Memory(directory, "desk", "here")


def counted(memory: Memory, tokens: int) -> int | None:
    return memory.count([reading(tokens)], NOW).tokens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a memory that has counted 30 tokens."""
    tmp_path = tmp_path / "state"
    memory = remembering(tmp_path)
    counted(memory, 70)
    counted(memory, 100)
    memory.save()
    return tmp_path / "memory-desk.json"


def test_a_total_goes_on_after_a_restart(file: Path) -> None:
    assert counted(remembering(file.parent), 100) == 30
    assert counted(remembering(file.parent), 101) == 31


def test_the_file_is_for_its_owner_alone_and_nothing_else_is_left(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_each_instance_has_a_memory_of_its_own(file: Path) -> None:
    assert Memory(file.parent, "lap", "here").count([reading(100)], NOW) == Counted(0)


@pytest.mark.parametrize(
    "junk",
    [
        b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"version":2}', b'{"version":1,"known":5}', b"[" * 100_000,
        b'{"version":1,"totals":{"tokens":{"origin":"here","total":-5,"settled":0,"since":0,"open":{}}}}',
        b'{"version":1,"totals":{"tokens":{"origin":"here","total":1e300,"settled":0,"since":0,"open":{}}}}',
        b'{"version":1,"totals":{"tokens":{"origin":"here","total":1,"settled":0,"since":0,"open":{"x":1}}}}',
        b'{"version":1,"history":{"origin":"here","days":{"20000":{"block":-5}}}}',
        b'{"version":1,"history":{"origin":"here","days":{"x":{}}}}',
        b" " * (SIZE_MAX + 1),
    ],
)  # fmt: skip
def test_a_file_that_we_did_not_write_is_told_and_begun_anew(
    file: Path, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(junk)
    memory = remembering(file.parent)
    assert "the totals begin anew" in caplog.text
    assert counted(memory, 100) == 0
    memory.save()
    assert counted(remembering(file.parent), 103) == 3


def test_a_file_that_cannot_be_read_makes_the_totals_unknown_until_it_can(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = file.read_bytes()
    file.unlink()
    file.mkdir()
    memory = remembering(file.parent)
    assert memory.count([reading(100)], NOW) == UNCOUNTED
    memory.save()
    memory.load()
    assert caplog.text.count("the totals are unknown") == 1
    file.rmdir()
    file.write_bytes(kept)
    memory.load()
    assert counted(memory, 101) == 31


def test_what_cannot_be_saved_is_said_once_and_saved_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    memory = Memory(tmp_path / "state", "desk", "here")
    memory.load()
    (tmp_path / "state").unlink()
    (tmp_path / "state").touch()
    counted(memory, 70)
    for tokens in (80, 90):
        counted(memory, tokens)
        memory.save()
    (tmp_path / "state").unlink()
    memory.load()
    counted(memory, 95)
    memory.save()
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert (tmp_path / "state/memory-desk.json").exists()


def test_without_a_directory_nothing_is_kept_and_all_is_counted(tmp_path: Path) -> None:
    memory = Memory(None, "desk", "here")
    counted(memory, 1)
    assert counted(memory, 5) == 4
    memory.save()
    assert not list(tmp_path.rglob("memory*"))


def test_what_was_known_once_stays_known(tmp_path: Path) -> None:
    memory, heard = remembering(tmp_path), []
    memory.on_known = heard.append
    usage = Usage(instance="desk", source="ccusage", updated_at=NOW)
    memory.note(usage)
    assert heard == []
    for _look in range(2):
        memory.note(usage.model_copy(update={"cost_5h_usd": 0.0, "refused_lines": 0}))
    assert heard == [{"cost_5h_usd", "refused_lines"}]
    memory.note(usage)
    memory.save()
    assert remembering(tmp_path).known == {"cost_5h_usd", "refused_lines"} < WAITED_FOR


def test_names_of_another_version_are_passed_over(file: Path) -> None:
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"known": ["cost_5h_usd", "of_the_future"], "more": 1}))
    memory = remembering(file.parent)
    assert memory.known == {"cost_5h_usd"}
    assert counted(memory, 100) == 30


def test_the_first_reading_that_has_an_account_is_believed() -> None:
    memory = Memory(None, "desk", "here")
    tail = replace(reading(0), account=None)
    assert memory.count([tail], NOW) == UNCOUNTED
    for tokens, total in ((50, 0), (60, 10)):
        assert memory.count([tail, reading(tokens), reading(10**9)], NOW + timedelta(seconds=1)).tokens == total


def test_where_a_counter_begins_is_saved_at_once_and_the_rest_at_the_end(tmp_path: Path) -> None:
    memory, file = remembering(tmp_path), tmp_path / "memory-desk.json"

    async def live() -> None:
        running = asyncio.create_task(memory.run())
        await asyncio.sleep(0.05)
        assert not file.exists()
        counted(memory, 70)
        await asyncio.to_thread(until, file.exists, HEARTBEAT_S / 2)
        counted(memory, 90)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(live())
    assert counted(remembering(tmp_path), 90) == 20


def finished_block(tokens: int) -> Reading:
    return Reading(source="jsonl", account=Account(since=-inf, tokens={HOUR - 9: tokens}))


def test_the_largest_windows_are_kept_over_a_restart(tmp_path: Path) -> None:
    memory = remembering(tmp_path)
    assert memory.highs([], NOW) == UNKNOWN_HIGHS
    assert memory.highs([finished_block(70)], NOW) == Highs(block=70)
    memory.save()
    assert remembering(tmp_path).highs([], NOW) == Highs(block=70)
    assert remembering(tmp_path).highs([finished_block(20)], NOW) == Highs(block=70)
    assert Memory(tmp_path, "desk", "there").highs([finished_block(20)], NOW) == Highs(block=20)


def test_they_are_worked_out_once_a_minute() -> None:
    memory = Memory(None, "desk", "here")
    memory.highs([finished_block(70)], NOW)
    assert memory.highs([finished_block(80)], NOW + timedelta(seconds=29)) == Highs(block=70)
    assert memory.highs([finished_block(80)], NOW + timedelta(seconds=60)) == Highs(block=80)


def test_a_file_from_before_there_was_a_history_is_read(file: Path) -> None:
    kept = json.loads(file.read_text())
    del kept["history"]
    file.write_text(json.dumps(kept))
    memory = remembering(file.parent)
    assert memory.highs([], NOW) == UNKNOWN_HIGHS
    assert counted(memory, 100) == 30


def test_the_largest_windows_are_unknown_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "memory-desk.json").mkdir()
    assert remembering(tmp_path).highs([finished_block(70)], NOW) == UNKNOWN_HIGHS


def test_killed_without_its_index_and_with_more_history_the_program_counts_each_token_once(
    mosquitto: Mosquitto,
) -> None:
    mosquitto.start()
    log = write_log(tokens=1_000)

    def total(daemon: Daemon) -> int | None:
        return daemon.usage().get("tokens_total")

    with Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: total(daemon) == 0)
        with log.open("ab") as session:
            session.write(line(answer(time.time(), 500)))
        until(lambda: total(daemon) == 500)
        until((Path.home() / ".local/state/gauge-mqtt/memory-lab.json").exists)
        daemon.end(signal.SIGKILL)
    for index in (Path.home() / ".local/state/gauge-mqtt").glob("*index*"):
        index.unlink()
    shutil.copy(log, log.with_name("resumed.jsonl"))
    with log.open("ab") as session:
        session.write(line(answer(time.time() - 3 * 3600, 300)))
    with Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: total(daemon) == 800)
        daemon.end(signal.SIGTERM)
    with Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: total(daemon) == 800)


def test_the_largest_block_outlives_the_logs_it_was_counted_in(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    old = write_log(name="old", tokens=86_240, age_s=8 * 3600)
    write_log()

    def shown(daemon: Daemon) -> tuple[object, object]:
        usage = daemon.usage()
        return usage.get("window_5h_source"), usage.get("window_5h_pct")

    with Daemon("--mqtt-url", url(mosquitto), "--5h-ceiling", "history") as daemon:
        until(lambda: shown(daemon) == ("history", 0.5))
        daemon.end(signal.SIGTERM)
    old.unlink()
    for index in (Path.home() / ".local/state/gauge-mqtt").glob("*index*"):
        index.unlink()
    with Daemon("--mqtt-url", url(mosquitto), "--5h-ceiling", "history") as daemon:
        until(lambda: shown(daemon) == ("history", 0.5))
