"""The session log source on a real file system, with the real inotify."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.logs import index, watch
from gauge_mqtt.sources.logs import source as jsonl
from gauge_mqtt.sources.logs.place import INDEX
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.tail import SLICE
from gauge_mqtt.sources.observed import Observed
from tests.support.lines import answer, line, lines, prompt
from tests.support.waiting import eventually

FULL = 43_120
pytestmark = pytest.mark.anyio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "projects"
    path.mkdir()
    return path


def now() -> datetime:
    return datetime.now(UTC)


def rate(source: JsonlSource) -> int | None:
    return source.read(now()).rate_tokens


def week(reading: Reading) -> int | None:
    return reading.window_7d.tokens if reading.window_7d else None


@asynccontextmanager
async def running(source: JsonlSource) -> AsyncIterator[JsonlSource]:
    task = asyncio.create_task(source.run(lambda: None))
    try:
        await eventually(lambda: source.watching or source.failing_since is not None, tasks=[task])
        await asyncio.sleep(0.05)  # the sweep behind the new watches
        yield source
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_an_appended_line_moves_the_tach(root: Path) -> None:
    log = root / "p" / "s.jsonl"
    log.parent.mkdir()
    log.write_bytes(line(answer(time.time() - 3600)))
    async with running(JsonlSource([root], None)) as source:
        assert rate(source) == 0
        with log.open("ab") as file:
            file.write(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)
        assert week(source.read(now())) == 2 * FULL


async def test_first_lines_of_a_new_session_in_a_new_directory(root: Path) -> None:
    """inotify announces the directory and maybe the file, never the lines that were there before its watch."""
    async with running(JsonlSource([root], None)) as source:
        for number in range(20):
            folder = root / f"project-{number}" / "session" / "subagents"
            folder.mkdir(parents=True)
            (folder / "agent-1.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == 20 * FULL)


async def test_a_directory_with_the_name_of_a_session_is_looked_into(root: Path) -> None:
    async with running(JsonlSource([root], None)) as source:
        folder = root / "project.jsonl"
        folder.mkdir()
        (folder / "s.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)


async def test_old_lines_of_resumed_and_forked_sessions_do_not_count_into_the_last_minute(root: Path) -> None:
    async with running(JsonlSource([root], None)) as source:
        history = [answer(time.time() - 86_400 - n) for n in range(50)]
        (root / "fork.jsonl").write_bytes(lines(*history, answer(time.time())))
        await eventually(lambda: week(source.read(now())) == 51 * FULL)
        assert rate(source) == FULL


async def test_a_large_session_that_appears_is_read_a_slice_at_a_time(root: Path) -> None:
    """In one go it would hold up the broker's heartbeat and every other session."""
    async with running(JsonlSource([root], None)) as source:
        log = root / "large.jsonl"
        log.write_bytes(line(answer(time.time())) + line(prompt(time.time(), "x" * 60_000)) * 400)
        followed = source.book.follow([str(log)])
        assert followed.more
        assert 0 < followed.size <= SLICE
        with log.open("ab") as file:
            file.write(line(answer(time.time())))
        await eventually(lambda: rate(source) == 2 * FULL)


async def test_renamed_session_goes_on_where_it_was(root: Path) -> None:
    log = root / "a.jsonl"
    log.write_bytes(line(answer(time.time())))
    async with running(JsonlSource([root], None)) as source:
        records = source.book.tail.counters.records
        log.rename(root / "b.jsonl")
        with (root / "b.jsonl").open("ab") as file:
            file.write(line(answer(time.time())))
        await eventually(lambda: rate(source) == 2 * FULL)
        assert source.book.tail.counters.records == records + 1


async def test_deleted_sessions_stay_in_the_windows(root: Path) -> None:
    (root / "a.jsonl").write_bytes(line(answer(time.time() - 600)))
    async with running(JsonlSource([root], None)) as source:
        (root / "a.jsonl").unlink()
        await eventually(lambda: not source.book.files)
        assert week(source.read(now())) == FULL


async def test_missing_root_is_said_and_found_when_it_comes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "projects"
    async with running(JsonlSource([root], None)) as source:
        reading = source.read(now())
        assert reading.failing_since is not None
        assert reading.rate_tokens is None
        assert str(root) in caplog.text
        root.mkdir()
        (root / "s.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)
        assert source.read(now()).failing_since is None


async def test_vanished_root_fails_and_heals_with_a_live_watch(root: Path) -> None:
    (root / "s.jsonl").write_bytes(line(answer(time.time())))
    async with running(JsonlSource([root], None)) as source:
        shutil.rmtree(root)
        await eventually(lambda: source.failing_since is not None)
        assert rate(source) is None
        assert week(source.read(now())) == FULL
        root.mkdir()
        await eventually(lambda: source.failing_since is None)
        (root / "t.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == 2 * FULL)


async def test_the_second_of_two_roots_may_come_later(root: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    (root / "s.jsonl").write_bytes(line(answer(time.time())))
    async with running(JsonlSource([root, second], None)) as source:
        assert source.failing_since is None
        second.mkdir()
        (second / "t.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == 2 * FULL)


async def test_open_turn_is_seen_live_and_after_a_restart(root: Path, tmp_path: Path) -> None:
    log, at = root / "s.jsonl", time.time() - 400
    log.write_bytes(lines(answer(at - 100), prompt(at)))
    os.utime(log, (at, at))
    for _ in range(2):
        async with running(JsonlSource([root], tmp_path / "state")) as source:
            reading = source.read(now())
            assert reading.open_turn_at is not None
            assert abs(reading.open_turn_at.timestamp() - at) < 0.01
            assert reading.telemetry_at == reading.open_turn_at
    async with running(JsonlSource([root], tmp_path / "state")) as source:
        with log.open("ab") as file:
            file.write(line(answer(time.time())))
        await eventually(lambda: source.read(now()).open_turn_at is None)


async def test_restart_reads_only_what_is_new(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    for number in range(20):
        (root / f"{number}.jsonl").write_bytes(lines(*(answer(time.time() - 60 * n) for n in range(1, 30))))
    async with running(JsonlSource([root], state)) as source:
        before = source.read(now())
    with (root / "3.jsonl").open("ab") as file:
        file.write(line(answer(time.time())))
    async with running(JsonlSource([root], state)) as source:
        after = source.read(now())
        assert source.book.tail.counters.records == 1
    assert week(after) == (week(before) or 0) + FULL
    assert (state / INDEX.name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"\x00" * 100, b"junk", None], ids=["empty", "zeros", "junk", "cut"])
async def test_damaged_index_is_read_around(root: Path, tmp_path: Path, damage: bytes | None) -> None:
    state = tmp_path / "state"
    (root / "s.jsonl").write_bytes(lines(*(answer(time.time() - n) for n in range(1, 30))))
    async with running(JsonlSource([root], state)):
        pass
    saved = state / INDEX.name
    saved.write_bytes(saved.read_bytes()[:-7] if damage is None else damage)
    async with running(JsonlSource([root], state)) as source:
        assert week(source.read(now())) == 29 * FULL


async def test_index_of_another_version_is_put_aside_without_a_word(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "s.jsonl").write_bytes(line(answer(time.time() - 100)))
    state = tmp_path / "state"
    state.mkdir()
    of_old = [index.VERSION - 1, [str(root)], 0.0, 0.0, None, [], [["m", [time.time(), 1, 1, 1, 1, -1, None, True]]]]
    (state / INDEX.name).write_bytes(msgspec.msgpack.encode(of_old))
    async with running(JsonlSource([root], state)) as source:
        assert week(source.read(now())) == FULL
    assert "index" not in caplog.text


async def test_index_of_other_roots_is_not_believed(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "s.jsonl").write_bytes(line(answer(time.time())))
    async with running(JsonlSource([other], tmp_path / "state")):
        pass
    async with running(JsonlSource([root], tmp_path / "state")) as source:
        assert week(source.read(now())) == 0


async def test_state_directory_that_cannot_be_written_is_survived(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "s.jsonl").write_bytes(line(answer(time.time())))
    async with running(JsonlSource([root], Path("/proc/nowhere"))) as source:
        assert rate(source) == FULL
    assert "index was not saved" in caplog.text


async def test_polling_finds_changes_where_nothing_rings(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "_mountinfo", lambda: "22 1 0:1 / / rw - nfs4 server:/ rw")
    monkeypatch.setattr(jsonl, "POLL_QUIET_S", 0.2)
    async with running(JsonlSource([root], None)) as source:
        assert source.polling is not None
        assert "nfs4" in source.polling
        assert "nfs4" in caplog.text
        (root / "s.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)


async def test_sweep_heals_events_that_were_lost(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "SWEEP_QUIET_S", 0.3)
    monkeypatch.setattr(JsonlSource, "_on_change", lambda *_: None)
    async with running(JsonlSource([root], None)) as source:
        (root / "s.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)
        assert source.polling is None


async def test_where_there_is_no_inotify_watchdog_announces(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "announcer", Observed)
    monkeypatch.setattr(jsonl, "SWEEP_QUIET_S", 600)
    monkeypatch.setattr(jsonl, "SWEEP_ACTIVE_S", 600)
    async with running(JsonlSource([root], None)) as source:
        (root / "s.jsonl").write_bytes(line(answer(time.time())))
        await eventually(lambda: rate(source) == FULL)
        assert source.polling is None


async def test_an_inotify_that_has_gone_deaf_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "SWEEP_QUIET_S", 0.2)
    monkeypatch.setattr(jsonl, "SWEEP_ACTIVE_S", 0.2)
    monkeypatch.setattr(JsonlSource, "_on_change", lambda *_: None)
    async with running(JsonlSource([root], None)) as source:
        for number in range(3):
            log = root / f"{number}.jsonl"
            log.write_bytes(line(answer(time.time())))
            os.utime(log, (time.time() - 10, time.time() - 10))
            await eventually(lambda expected=(number + 1) * FULL: rate(source) == expected)  # type: ignore[misc]
        await eventually(lambda: source.polling is not None)
        assert "nobody had announced" in (source.polling or "")


LIMITED = """
import asyncio, sys, time
from datetime import UTC, datetime
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from gauge_mqtt.sources.logs import source as jsonl
from tests.support.lines import answer, line
jsonl.POLL_QUIET_S = 0.2
async def main():
    root = Path(sys.argv[1])
    source = jsonl.JsonlSource([root], None)
    task = asyncio.create_task(source.run(lambda: None))
    while not source.watching:
        await asyncio.sleep(0.01)
    print("polling:", source.polling)
    for folder in root.iterdir():
        (folder / "s.jsonl").write_bytes(line(answer(time.time(), 1000)))
    for _ in range(3000):
        await asyncio.sleep(0.01)
        if source.read(datetime.now(UTC)).rate_tokens == 60_000:
            print("all seen")
            break
    task.cancel()
asyncio.run(main())
"""


USER_NAMESPACES = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False)


@pytest.mark.skipif(USER_NAMESPACES.returncode != 0, reason="no user namespaces here: the limit is the machine's own")
def test_exhausted_watch_limit_is_said_and_survived(root: Path) -> None:
    """The limit is the kernel's own, in a user namespace."""
    for number in range(60):
        (root / str(number)).mkdir()
    limit = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"'
    program = [sys.executable, "-c", LIMITED, root, Path(__file__).parents[3]]
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", limit, *program],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "all seen" in run.stdout, run.stderr
    assert "sysctl fs.inotify.max_user_watches" in run.stdout
