"""The second process of a start: what it reads counts as if read here, its death costs time only."""

import asyncio
import errno
import gc
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history import generate
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.logs import ahead, tail
from gauge_mqtt.sources.logs.ahead import Told
from gauge_mqtt.sources.logs.helper import Helper
from gauge_mqtt.sources.logs.listing import Failed, ListedFile, Listing, list_at_once
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.logbook import Logbook
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.lines import answer, line, prompt
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="there is no helper on one core"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]
REPORT = {
    "type": "system",
    "subtype": "local_command",
    "usageReport": {
        "rate_limits": {"limits": [{"kind": "session", "percent": 12, "resets_at": "2099-01-01T00:00:00Z"}]}
    },
}
ALREADY = os.WEXITED | os.WNOHANG | os.WNOWAIT


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("history")
    generate(home, seed=4, size_mb=3, days=6, files=30, shape="A", end=datetime.now(UTC))
    return home / "projects"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    gc.collect()  # what other tests have dropped is not closed meanwhile
    descriptors = len([*Path("/proc/self/fd").iterdir()])
    yield
    assert len([*Path("/proc/self/fd").iterdir()]) == descriptors
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Wait until the helper has read what is next, or is dead. The paths that it has told."""
    told, once, take = list[bytes](), Helper.told, Logbook._take  # noqa: SLF001

    def waiting(self: Helper) -> Told | None:
        while (found := once(self)) is None and not self.is_done:
            select.select([self._pipe], [], [])
            self._receive()
        return found

    def taking(self: Logbook, found: Told, these: Sequence[Any], now: float) -> list[Any]:
        left = take(self, found, these, now)
        told.extend(item.path for _, item in these if item not in [one[1] for one in left])
        return left

    monkeypatch.setattr(Helper, "told", waiting)
    monkeypatch.setattr(Logbook, "_take", taking)
    return told


async def read(root: Path, *, reads: bool = True) -> Logbook:
    """With a helper."""
    started = ahead.start([bytes(root)], reads=reads)
    assert started
    helper, book = Helper(started), Logbook([root])
    try:
        await book.catch_up(lambda: None, helper=helper)
    finally:
        helper.close()
    return book


async def alone(root: Path) -> Logbook:
    book = Logbook([root])
    await book.catch_up(lambda: None)
    return book


def account(book: Logbook) -> tuple[object, ...]:
    """All that is known of the files."""
    files = {path: file for file in book.files.values() if (path := file.path)}
    groups = {message: (group.records, group.reused) for message, group in book.ledger.groups.items()}
    return dict(book.ledger), groups, book.ledger.hours, files, book.tail.counters


async def test_what_it_has_read_counts_as_if_it_had_been_read_here(root: Path, patient: list[bytes]) -> None:
    book, without = await read(root), await alone(root)
    assert len(patient) == sum(1 for file in without.files.values() if file.offset) > 10
    assert account(book) == account(without)


@pytest.mark.parametrize("slow_s", [0, 0.001, 0.02])
async def test_the_two_meet_wherever_they_are(root: Path, monkeypatch: pytest.MonkeyPatch, slow_s: float) -> None:
    us, begin = os.getpid(), Tail.begin

    def slowly(self: Tail, file: LogFile, item: ListedFile, *, turns: bool) -> bool:
        time.sleep(slow_s if os.getpid() != us else 0)
        return begin(self, file, item, turns=turns)

    monkeypatch.setattr(Tail, "begin", slowly)
    monkeypatch.setattr(ahead, "TOLD_FILES", 4)
    monkeypatch.setattr("gauge_mqtt.sources.logs.logbook.FEW_FILES", 0)
    monkeypatch.setattr("gauge_mqtt.sources.logs.pauses.BUSY_S", 0)
    assert account(await read(root)) == account(await alone(root))


async def test_a_large_file_is_told_in_pieces(
    root: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    without, pieces, into = await alone(root), list[int](), Told.into
    monkeypatch.setattr(tail, "SLICE", 1 << 14)
    monkeypatch.setattr(ahead, "TOLD_BYTES", 0)
    monkeypatch.setattr(Told, "into", lambda self, tail: (pieces.append(len(self.files)), into(self, tail))[1])
    assert account(await read(root)) == account(without)
    assert patient
    assert pieces.count(0) > 10


async def test_turns_and_percentages_come_through(tmp_path: Path, patient: list[bytes]) -> None:
    now = time.time()
    (tmp_path / "a.jsonl").write_bytes(line(answer(now - 5)) + line(prompt(now - 2)))
    (tmp_path / "b.jsonl").write_bytes(line(REPORT | {"timestamp": datetime.now(UTC).isoformat()}))
    started = ahead.start([bytes(tmp_path)])
    assert started
    helper, book, told = Helper(started), Logbook([tmp_path]), list[tuple[bytes, list[Sample]]]()
    book.tail.on_plan = lambda path, samples: told.append((path, samples))
    await book.catch_up(lambda: None, helper=helper)
    helper.close()
    assert len(patient) == 2
    assert [file.turn.waiting_since for file in book.files.values() if file.turn and file.turn.waiting_since]
    assert [path for path, _ in told] == [bytes(tmp_path / "b.jsonl")]


@pytest.mark.parametrize("after", [0, 1, 2, 5])
async def test_one_that_dies_is_done_without(
    root: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    write, written = os.write, 0

    def dying(pipe: int, data: bytes) -> int:
        nonlocal written
        written += 1
        if written > after:
            write(pipe, bytes(data[:100]))
            os.kill(os.getpid(), signal.SIGKILL)
        return write(pipe, data)

    monkeypatch.setattr(ahead, "TOLD_FILES", 1)
    monkeypatch.setattr("gauge_mqtt.sources.logs.ahead.os.write", dying)
    book = await read(root)
    monkeypatch.undo()
    assert len(patient) < max(after, 1)
    assert account(book) == account(await alone(root))


@pytest.mark.parametrize("where", ["listing", "reading", "killed"])
async def test_its_own_fault_is_said_once_and_costs_time_only(
    root: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    us, number, walk, begin = os.getpid(), 0, ahead.list_at_once, Tail.begin

    def fail() -> None:
        if where == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise KeyError("what a prompt said")

    def unlisted(roots: Sequence[bytes]) -> Listing:
        if where == "listing":
            fail()
        return walk(roots)

    def faulty(self: Tail, file: LogFile, item: ListedFile, *, turns: bool) -> bool:
        nonlocal number
        number += 1
        if os.getpid() != us and number > 5:
            fail()
        return begin(self, file, item, turns=turns)

    monkeypatch.setattr(ahead, "TOLD_FILES", 1)
    monkeypatch.setattr(ahead, "list_at_once", unlisted)
    monkeypatch.setattr(Tail, "begin", faulty)
    book = await read(root)
    monkeypatch.undo()
    (said,) = (record.getMessage() for record in caplog.records)
    assert "reads the logs ahead" in said
    assert ("was ended from outside" if where == "killed" else "has failed: KeyError at test_helper.py:") in said
    assert "prompt" not in said
    assert len(patient) == (0 if where == "listing" else 5)
    assert account(book) == account(await alone(root))


async def test_what_ends_well_is_not_worth_a_word(
    root: Path, patient: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    await read(root)
    assert patient
    assert not caplog.records


async def test_where_no_process_is_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert ahead.start([bytes(tmp_path)]) is None


async def test_with_an_index_it_only_lists(root: Path, patient: list[bytes]) -> None:
    book = await read(root, reads=False)
    assert not patient
    assert account(book) == account(await alone(root))


async def test_all_that_is_there_is_told_before_anything_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the pipe holds: else who waits for it would wait for what is read first."""
    monkeypatch.setattr(ahead, "list_at_once", lambda roots: Listing([*list_at_once(roots).files] * 1000, []))
    monkeypatch.setattr(ahead, "newest_first", lambda *_: time.sleep(600))
    monkeypatch.setattr(ahead, "PATIENCE_S", 600)
    started = ahead.start([bytes(root)])
    assert started
    helper = Helper(started)
    try:
        found = await helper.found()
    finally:
        helper.close()
    assert found
    assert len(found[0].files) > 10_000


async def test_what_it_could_not_list_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Failed(b"/secret", OSError(errno.EACCES, "Permission denied"), is_directory=True)
    (tmp_path / "a.jsonl").write_bytes(line(answer(time.time() - 60)))
    monkeypatch.setattr(ahead, "list_at_once", lambda roots: Listing(list_at_once(roots).files, [refused]))
    book = await read(tmp_path)
    assert len(book.ledger) == 1
    assert book.unreadable.directories() == {b"/secret"}
    assert book.unreadable.reason == "Permission denied"


async def test_what_it_could_not_read_or_found_replaced_is_read_here(
    root: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    us, begin, number = os.getpid(), Tail.begin, 0

    def unlucky(self: Tail, file: LogFile, item: ListedFile, *, turns: bool) -> bool:
        nonlocal number
        number += 1
        if os.getpid() != us and number % 4 == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        more = begin(self, file, item, turns=turns)
        if os.getpid() != us and number % 4 == 2:
            file.inode += 1
        return more

    monkeypatch.setattr(Tail, "begin", unlucky)
    book, without = await read(root), await alone(root)
    assert 5 < len(patient) < 30
    assert account(book)[:-1] == account(without)[:-1]  # but for the counters: some were read twice


async def test_restored_from_a_backup_it_reads_as_old_as_the_lines_are(tmp_path: Path, patient: list[bytes]) -> None:
    """All files are of today by their times."""
    now = time.time()
    for number, days in enumerate([20, 1, 3]):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(line(answer(now - days * 86_400)))
        os.utime(path, (1, 1))
    book = await read(tmp_path)
    assert patient == [bytes(tmp_path / "1.jsonl"), bytes(tmp_path / "2.jsonl")]
    assert account(book) == account(await alone(tmp_path))


@pytest.mark.parametrize("there", [True, False])
async def test_it_ends_with_the_first_look_however_that_ends(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")

    async def endless(*_: object) -> int:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    monkeypatch.setattr(Logbook, "_read_all", endless)
    monkeypatch.setattr(ahead, "newest_first", lambda *_: time.sleep(600))
    source = JsonlSource([root if there else tmp_path / "gone"], None)
    started = ahead.start([bytes(root)])
    assert started
    source.helper = Helper(started)
    assert children.read_text()
    task = asyncio.create_task(source.run(lambda: None))
    if there:
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait({task})
    await eventually(lambda: not children.read_text())
    task.cancel()
    await asyncio.wait({task})


async def test_it_holds_nothing_of_its_parents_and_ends_when_nobody_reads_its_pipe(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would outlive a killed parent, with its sockets."""
    monkeypatch.setattr(ahead, "list_at_once", lambda roots: Listing([*list_at_once(roots).files] * 1000, []))
    monkeypatch.setattr(ahead, "WAITING_MAX", 0)
    started = ahead.start([bytes(root)])
    assert started
    await eventually(lambda: len([*Path(f"/proc/{started.pid}/fd").iterdir()]) == 1)
    os.close(started.pipe)
    await eventually(lambda: os.waitid(os.P_PID, started.pid, ALREADY) is not None)
    await asyncio.to_thread(os.waitpid, started.pid, 0)


async def test_a_file_that_grew_since_it_was_listed_is_read_as_far_as_it_was_listed(
    tmp_path: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(answer(time.time() - 60)))

    def grown(roots: list[bytes]) -> Listing:
        found = list_at_once(roots)
        with path.open("ab") as file:
            file.write(line(answer(time.time() - 30)))
        return found

    monkeypatch.setattr(ahead, "list_at_once", grown)
    book = await read(tmp_path)
    assert len(patient) == len(book.ledger) == 1
    assert book.follow([path.as_posix()]).news
    assert len(book.ledger) == 2
