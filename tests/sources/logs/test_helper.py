"""The second process of a first start: what it reads counts as if read here, its death costs time only."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.history import generate
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.logs import helper
from gauge_mqtt.sources.logs.helper import Helper, Job, Told
from gauge_mqtt.sources.logs.listing import ListedFile, look
from gauge_mqtt.sources.logs.logbook import Logbook
from tests.support.lines import answer, line, prompt
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="there is no helper on one core"),
]
REPORT = {
    "type": "system",
    "subtype": "local_command",
    "usageReport": {
        "rate_limits": {"limits": [{"kind": "session", "percent": 12, "resets_at": "2099-01-01T00:00:00Z"}]}
    },
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("history")
    generate(home, seed=4, size_mb=3, days=6, files=30, shape="A", end=datetime.now(UTC))
    return home / "projects"


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(helper, "WORTH_BYTES", 0)
    gc.collect()  # what other tests have dropped is not closed meanwhile
    descriptors = len([*Path("/proc/self/fd").iterdir()])
    yield
    assert len([*Path("/proc/self/fd").iterdir()]) == descriptors
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Wait for each file until the helper has read it, or is dead. The paths that it has told."""
    told, once = list[bytes](), Helper.told

    def waiting(self: Helper, item: ListedFile) -> Told | None:
        while (found := once(self, item)) is None and os.waitid(os.P_PID, self._pid, ALREADY) is None:
            time.sleep(0.001)
        found = found or once(self, item)
        told.extend([item.path] if found else [])
        return found

    monkeypatch.setattr(Helper, "told", waiting)
    monkeypatch.setattr(helper, "ASKED", 1)
    return told


ALREADY = os.WEXITED | os.WNOHANG | os.WNOWAIT


async def read(root: Path) -> Logbook:
    book = Logbook([root])
    await book.catch_up(lambda: None)
    return book


async def alone(root: Path) -> Logbook:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(helper, "WORTH_BYTES", 1 << 60)
        return await read(root)


def account(book: Logbook) -> tuple[object, ...]:
    """All that is known of the files."""
    files = {path: file for file in book.files.values() if (path := file.path)}
    groups = {message: (group.records, group.reused) for message, group in book.ledger.groups.items()}
    return dict(book.ledger), groups, book.ledger.hours, files, book.tail.counters


async def test_what_it_has_read_counts_as_if_it_had_been_read_here(root: Path, patient: list[bytes]) -> None:
    book, without = await read(root), await alone(root)
    assert len(patient) == sum(1 for file in without.files.values() if file.offset) > 10
    assert account(book) == account(without)


async def test_turns_and_percentages_come_through(tmp_path: Path, patient: list[bytes]) -> None:
    now = time.time()
    (tmp_path / "a.jsonl").write_bytes(line(answer(now - 5)) + line(prompt(now - 2)))
    (tmp_path / "b.jsonl").write_bytes(line(REPORT | {"timestamp": datetime.now(UTC).isoformat()}))
    book, told = Logbook([tmp_path]), list[tuple[bytes, list[Sample]]]()
    book.tail.on_plan = lambda path, samples: told.append((path, samples))
    await book.catch_up(lambda: None)
    assert len(patient) == 2
    assert [file.turn.waiting_since for file in book.files.values() if file.turn and file.turn.waiting_since]
    assert [path for path, _ in told] == [bytes(tmp_path / "b.jsonl")]


@pytest.mark.parametrize("after", [0, 1, 5])
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

    monkeypatch.setattr("gauge_mqtt.sources.logs.helper.os.write", dying)
    book = await read(root)
    monkeypatch.undo()
    assert len(patient) <= after
    assert account(book) == account(await alone(root))


async def test_where_no_process_is_to_be_had(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert account(await read(root)) == account(await alone(root))


async def test_it_ends_with_the_reading_that_is_cancelled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")

    async def endless(*_: object) -> int:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    monkeypatch.setattr(Logbook, "_read_all", endless)
    monkeypatch.setattr(helper, "read", lambda *_: time.sleep(600))
    task = asyncio.create_task(Logbook([root]).catch_up(lambda: None))
    await eventually(children.read_text)
    task.cancel()
    await asyncio.wait({task})
    assert not children.read_text()


async def test_it_holds_nothing_of_its_parents_and_ends_when_nobody_reads_its_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would outlive a killed parent, with its sockets."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(answer(time.time() - 60)))
    item = look(bytes(path))
    assert item
    monkeypatch.setattr(helper, "read", lambda *_: b"x" * (1 << 20))
    child = Helper.start([Job(item, turns=False, settled=True)] * 100, b"")
    assert child
    pid, pipe = child._pid, child._pipe  # noqa: SLF001
    await eventually(lambda: len([*Path(f"/proc/{pid}/fd").iterdir()]) == 4)
    os.close(pipe)
    await eventually(lambda: os.waitid(os.P_PID, pid, ALREADY) is not None)
    await asyncio.to_thread(os.waitpid, pid, 0)


async def test_a_file_that_grew_since_it_was_listed_is_read_as_far_as_it_was_listed(
    tmp_path: Path, patient: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, start = tmp_path / "a.jsonl", Helper.start
    path.write_bytes(line(answer(time.time() - 60)))

    def grown(*args: object) -> Helper | None:
        with path.open("ab") as file:
            file.write(line(answer(time.time() - 30)))
        return start(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Helper, "start", grown)
    book = await read(tmp_path)
    assert len(patient) == len(book.ledger) == 1
    assert book.follow([path.as_posix()]).news
    assert len(book.ledger) == 2
