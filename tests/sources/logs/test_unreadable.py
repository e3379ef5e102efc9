"""What is there and may not be read: nothing shown is short, nothing dies, nothing is swept for it, and it heals."""

import asyncio
import errno
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.logs import logbook
from gauge_mqtt.sources.logs import source as jsonl
from gauge_mqtt.sources.logs.listing import is_gone
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.unreadable import cure
from tests.support.lines import answer, line
from tests.support.permissions import unprivileged
from tests.support.waiting import eventually

FULL = 43_120
pytestmark = pytest.mark.anyio


@pytest.fixture
def home() -> Iterator[Path]:
    with unprivileged() as path:
        yield path


@pytest.fixture
def root(home: Path) -> Path:
    root = home / "config" / "projects"
    for project in ("a", "b"):
        folder = root / project
        folder.mkdir(parents=True)
        (folder / "s.jsonl").write_bytes(line(answer(time.time() - 100)))
    return root


def _at(root: Path, name: str) -> Path:
    return root.parent if name == ".." else root / name


def week(source: JsonlSource) -> int | None:
    window = source.read(datetime.now(UTC)).window_7d
    return window.tokens if window else None


def unreadable(source: JsonlSource) -> dict[str, float]:
    return {m.name: m.value for m in source.metrics() if m.name.startswith("source_unreadable")}


@asynccontextmanager
async def running(source: JsonlSource) -> AsyncIterator[JsonlSource]:
    task = asyncio.create_task(source.run(lambda: None))
    try:
        await eventually(lambda: source.watching or source.failing_since is not None, tasks=(task,))
        await asyncio.sleep(0.05)
        yield source
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


@contextmanager
def counted_sweeps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    sweeps, walk = list[float](), logbook.list_at_once
    monkeypatch.setattr(logbook, "list_at_once", lambda roots: sweeps.append(time.time()) or walk(roots))
    yield sweeps


async def test_what_may_be_short_is_unknown(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (root / "a" / "s.jsonl").chmod(0)
    async with running(JsonlSource([root], None)) as source:
        reading = source.read(datetime.now(UTC))
        assert (reading.window_5h, reading.window_7d, reading.failing_since) == (None, None, None)
        assert unreadable(source) == {"source_unreadable": 1, "source_unreadable_total": 1}
        assert "Permission denied" in source.health.detail
        assert str(root / "a") not in source.health.detail  # the name of a project
        (root / "a" / "s.jsonl").chmod(0o644)
        await eventually(lambda: week(source) == 2 * FULL)
        assert unreadable(source) == {"source_unreadable": 0, "source_unreadable_total": 1}
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_directory_may_hold_anything(root: Path) -> None:
    (root / "a").chmod(0)
    async with running(JsonlSource([root], None)) as source:
        reading = source.read(datetime.now(UTC))
        assert (reading.window_5h, reading.window_7d, reading.rate_tokens) == (None, None, None)
        (root / "a").chmod(0o755)
        await eventually(lambda: week(source) == 2 * FULL)
        await eventually(lambda: source.watching)
        await asyncio.sleep(0.1)
        with (root / "a" / "s.jsonl").open("ab") as file:
            file.write(line(answer(time.time())))
        await eventually(lambda: week(source) == 3 * FULL)
        assert source.polling is None


@pytest.mark.parametrize("denied", [["a/s.jsonl", "b/s.jsonl"], ["a", "b"], [""], [".."]])
async def test_nothing_that_can_be_read_is_a_failing_source(
    root: Path, denied: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """`..`: the configuration directory itself may not be entered."""
    caplog.set_level("INFO")
    for name in denied:
        _at(root, name).chmod(0)
    async with running(JsonlSource([root], None)) as source:
        await eventually(lambda: source.failing_since is not None)
        reading = source.read(datetime.now(UTC))
        assert reading.failure
        assert "Permission denied" in reading.failure
        assert (reading.window_5h, reading.window_7d, reading.rate_tokens) == (None, None, None)
        for name in denied:
            _at(root, name).chmod(0o755)
        await eventually(lambda: week(source) == 2 * FULL)
        assert source.failing_since is None
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.parametrize("denied", ["a/s.jsonl", "a", "", ".."])
async def test_permissions_that_change_under_a_running_publisher(root: Path, denied: str) -> None:
    async with running(JsonlSource([root], None)) as source:
        with (root / "a" / "s.jsonl").open("ab", buffering=0) as file:
            _at(root, denied).chmod(0)
            file.write(line(answer(time.time())))
            await eventually(lambda: week(source) is None)
            _at(root, denied).chmod(0o755)
            await eventually(lambda: week(source) == 3 * FULL)
            await eventually(lambda: source.watching)
            file.write(line(answer(time.time())))
            await eventually(lambda: week(source) == 4 * FULL)


async def test_what_was_read_before_is_not_short(root: Path) -> None:
    async with running(JsonlSource([root], None)) as source:
        (root / "a" / "s.jsonl").chmod(0)
        await eventually(lambda: unreadable(source)["source_unreadable"] == 1)
        assert week(source) == 2 * FULL


async def test_after_a_restart_what_is_behind_a_closed_door_is_not_forgotten(home: Path, root: Path) -> None:
    """The index names no file: which of them lie below a directory that cannot be read is not known then."""
    state = home / "state"
    async with running(JsonlSource([root], state)):
        pass
    root.chmod(0)
    source = JsonlSource([root], state)
    async with running(source):
        await eventually(lambda: source.failing_since is not None)
        root.chmod(0o755)
        await eventually(lambda: week(source) == 2 * FULL)
        assert source.book.tail.counters.records == 0
    (root / "a" / "s.jsonl").unlink()
    async with running(JsonlSource([root], state)) as source:
        assert len(source.book.files) == 1


async def test_a_file_that_cannot_be_read_causes_no_sweeps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "a" / "s.jsonl").open("ab", buffering=0) as file:
        (root / "a" / "s.jsonl").chmod(0)
        async with running(JsonlSource([root], None)) as source:
            await asyncio.sleep(0.3)
            with counted_sweeps(monkeypatch) as sweeps:
                for _ in range(100):
                    file.write(line(answer(time.time())))
                    await asyncio.sleep(0.005)
                await asyncio.sleep(jsonl.SEARCH_S + 0.5)
            assert not sweeps
            assert week(source) is None


async def test_a_deleted_file_is_no_reason_to_sweep_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(JsonlSource([root], None)):
        with counted_sweeps(monkeypatch) as sweeps:
            for number in range(100):
                (root / f"{number}.jsonl").touch()
                (root / f"{number}.jsonl").unlink()
                await asyncio.sleep(0.01)
        assert len(sweeps) <= 3


async def test_out_of_file_descriptors(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running(JsonlSource([root], None)) as source:
        held: list[int] = []
        log = (root / "a" / "s.jsonl").open("ab", buffering=0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
        try:
            with suppress(OSError):
                while len(held) < 200:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            log.write(line(answer(time.time())))
            await eventually(lambda: week(source) is None)
            spent = time.process_time()
            await asyncio.sleep(2.5)
            assert time.process_time() - spent < 0.5
        finally:
            for fd in held:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        await eventually(lambda: week(source) == 3 * FULL)
        log.write(line(answer(time.time())))
        await eventually(lambda: week(source) == 4 * FULL)
        log.close()
        await eventually(lambda: source.watching and source.polling is None)
    assert len(caplog.records) <= 4


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE])
def test_only_not_found_is_gone(number: int) -> None:
    assert not is_gone(OSError(number, os.strerror(number)))
    assert is_gone(FileNotFoundError(errno.ENOENT, ""))
    assert is_gone(NotADirectoryError(errno.ENOTDIR, ""))


def test_each_fault_has_its_cure(root: Path) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied")
    log = root / "a" / "s.jsonl"
    log.chmod(0)
    assert cure(bytes(log), denied) == f"chmod -R u+rX {log}"
    (root / "a").chmod(0)
    assert cure(bytes(log), denied) == f"chmod -R u+rX {root / 'a'}"
    assert "ulimit" in cure(bytes(log), OSError(errno.EMFILE, ""))
    assert "disk" in cure(bytes(log), OSError(errno.EIO, ""))
    assert "setfacl" in cure(b"/etc/shadow", denied)
