"""A file that is rewritten in its place is read anew, and what was known of it stays known."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs import logbook
from gauge_mqtt.sources.logs import tail as tail_module
from gauge_mqtt.sources.logs.listing import Listing, list_at_once, look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.logbook import Logbook
from gauge_mqtt.sources.logs.peek import SETTLED_S
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.lines import answer, line, lines, prompt

AT = 1_795_348_800.0
FULL = 43_120


def answers(count: int, at: float = AT) -> list[bytes]:
    return [line(answer(at - number)) for number in range(count)]


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def over_it(path: Path, data: bytes) -> None:
    """Without emptying it first: what is shorter leaves the end of what was there."""
    with path.open("r+b") as file:
        file.write(data)


def renamed(path: Path, data: bytes) -> None:
    path.with_suffix(".tmp").write_bytes(data)
    path.with_suffix(".tmp").replace(path)


def copied_with_times(path: Path, data: bytes) -> None:
    """As `rsync -t` or a restore does."""
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=times)


WAYS = [in_place, over_it, renamed, copied_with_times]
HEAD = line(prompt(AT - 9999, "please " + "x" * 400))
"""Longer than what is compared at the beginning of a file."""


class Reader:
    """One file and a tail on it."""

    def __init__(self, path: Path) -> None:
        self.path, self.tail = path, Tail(Ledger())
        path.touch()
        found = look(bytes(path))
        assert found
        self.file = LogFile(found.path, found.device, found.inode)

    def read(self) -> int:
        while self.tail.advance(self.file, turns=True):
            pass
        return len(self.tail.ledger)


@pytest.mark.parametrize("write", WAYS)
def test_compacted_with_the_same_beginning_and_longer_than_before(tmp_path: Path, write: Callable[..., None]) -> None:
    reader, old = Reader(tmp_path / "s.jsonl"), answers(10)
    reader.path.write_bytes(HEAD + b"".join(old))
    assert reader.read() == 10
    write(reader.path, HEAD + b"".join(old[6:]) + b"".join(answers(7, AT + 100)))
    assert reader.read() == 17


@pytest.mark.parametrize("write", WAYS)
def test_rewritten_in_the_same_size(tmp_path: Path, write: Callable[..., None]) -> None:
    reader = Reader(tmp_path / "s.jsonl")
    reader.path.write_bytes(HEAD + answers(1)[0])
    assert reader.read() == 1
    other = line(answer(AT, message__id="msg_X", requestId="req_X"))
    write(reader.path, HEAD + other.ljust(len(answers(1)[0]) - 1).replace(b"\n", b" ") + b"\n")
    assert reader.read() == 2


def test_lines_that_end_alike_tell_which_is_which(tmp_path: Path) -> None:
    """The counts stand last, and are the same in each line: a few hundred bytes before the offset say nothing."""
    reader, long = Reader(tmp_path / "s.jsonl"), [{"type": "text", "text": "o" * 400}]
    same = [line(answer(AT, message__id=f"m{n:03}", requestId=f"r{n:03}", message__content=long)) for n in range(12)]
    assert len({(len(one), one[-500:]) for one in same}) == 1
    reader.path.write_bytes(HEAD + b"".join(same[:6]))
    assert reader.read() == 6
    in_place(reader.path, HEAD + b"".join(same[6:]))
    assert reader.read() == 12


def test_twice_in_a_row_and_shrunk(tmp_path: Path) -> None:
    reader, parts = Reader(tmp_path / "s.jsonl"), [answers(4, AT + 100 * n) for n in range(4)]
    known = 0
    for part in parts:
        reader.path.write_bytes(HEAD + b"".join(part))
        known += 4
        assert reader.read() == known
    reader.path.write_bytes(HEAD + parts[0][0])
    assert reader.read() == known
    with reader.path.open("ab") as file:
        file.write(answers(1, AT + 900)[0])
    assert reader.read() == known + 1
    assert reader.tail.counters.resets == 4


def test_rewritten_between_two_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "SLICE", 1500)
    reader, old, new = Reader(tmp_path / "s.jsonl"), answers(20), answers(30, AT + 1000)
    reader.path.write_bytes(HEAD + b"".join(old))
    for _ in range(4):
        reader.tail.advance(reader.file, turns=True)
    before = len(reader.tail.ledger)
    assert 0 < before < 20
    in_place(reader.path, HEAD + b"".join(new))
    assert reader.read() == before + 30


@given(st.lists(st.tuples(st.sampled_from(["append", "cut", "turn", "drop"]), st.integers(0, 30)), max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_to_it_every_line_that_stood_at_a_look_is_known(
    tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    path = tmp_path / f"{time.monotonic_ns()}.jsonl"
    reader, content, seen = Reader(path), answers(3), set[bytes]()
    for step, number in steps:
        if step == "append":
            content = content + answers(number % 4 + 1)
        elif step == "cut":
            content = content[: number % (len(content) + 1)]
        elif step == "turn":
            content = content[::-1]
        else:
            content = content[number % (len(content) + 1) :] + answers(2)
        path.write_bytes(HEAD + b"".join(content))
        seen |= set(content)
        assert reader.read() == len(seen)


@pytest.mark.anyio
@pytest.mark.parametrize("write", WAYS)
async def test_between_two_runs(tmp_path: Path, write: Callable[..., None]) -> None:
    root, now = tmp_path / "projects", time.time()
    root.mkdir()
    log, old = root / "s.jsonl", answers(10, now - 100)
    log.write_bytes(HEAD + b"".join(old))
    await JsonlSource([root], tmp_path / "state").load()
    write(log, HEAD + b"".join(old[6:]) + b"".join(answers(7, now - 50)))
    source = JsonlSource([root], tmp_path / "state")
    await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert window
    assert window.tokens == 17 * FULL


@pytest.mark.anyio
@pytest.mark.parametrize("write", WAYS)
async def test_between_its_listing_and_its_reading(
    tmp_path: Path, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read without being looked at again."""
    path, now, book = tmp_path / "a.jsonl", time.time() - 3600, Logbook([tmp_path])
    old, new = answers(3, now), answers(5, now)
    path.write_bytes(b"".join(old))

    def too_early(roots: Sequence[bytes]) -> Listing:
        found = list_at_once(roots)
        write(path, b"".join(new))
        return found

    monkeypatch.setattr(logbook, "list_at_once", too_early)
    await book.catch_up(lambda: None)
    monkeypatch.undo()
    assert len(book.ledger) <= 5
    await book.catch_up(lambda: None)
    assert sum(entry.tokens for _, entry in book.ledger) == 5 * FULL
    assert len(book.files) == 1


@pytest.mark.anyio
async def test_overwritten_in_the_middle_alone(tmp_path: Path) -> None:
    """Its beginning, its end and its size are what they were."""
    root, now = tmp_path / "projects", time.time()
    root.mkdir()
    log, old = root / "s.jsonl", answers(20, now - 100)
    log.write_bytes(HEAD + b"".join(old))
    await JsonlSource([root], tmp_path / "state").load()
    new = line(answer(now - 80)).replace(b'"ok"', b'""').rstrip()
    with log.open("r+b") as file:
        file.seek(len(HEAD))
        file.write(new.ljust(len(old[0]) - 1) + b"\n")
    await asyncio.sleep(SETTLED_S + 0.1)
    source = JsonlSource([root], tmp_path / "state")
    await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert window
    assert window.tokens == 21 * FULL
    assert source.book.tail.counters.resets == 1


@pytest.mark.anyio
async def test_a_file_with_old_times_and_new_lines_counts(tmp_path: Path) -> None:
    root, now = tmp_path / "projects", time.time()
    root.mkdir()
    for name in ("a", "b"):
        (root / f"{name}.jsonl").write_bytes(lines(answer(now - 600)))
    ten_days_ago = now - 10 * 86_400
    os.utime(root / "a.jsonl", (ten_days_ago, ten_days_ago))
    source = JsonlSource([root], None)
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert reading.window_5h
    assert reading.window_7d
    assert (reading.window_5h.tokens, reading.window_7d.tokens) == (2 * FULL, 2 * FULL)


@pytest.mark.anyio
async def test_after_a_restore_what_is_older_than_a_week_by_its_lines_is_not_opened(tmp_path: Path) -> None:
    root, now = tmp_path / "projects", time.time()
    root.mkdir()
    for number, age in enumerate((600, 3 * 86_400, 10 * 86_400, 20 * 86_400)):
        (root / f"{number}.jsonl").write_bytes(lines(answer(now - age)))
        os.utime(root / f"{number}.jsonl", (now - age, now - age))
    for _ in range(2):
        source = JsonlSource([root], tmp_path / "state")
        await source.load()
        opened = [file.path[-7:] for file in source.book.files.values() if file.offset]
        assert sorted(opened) == [b"0.jsonl", b"1.jsonl"]
        window = source.read(datetime.now(UTC)).window_7d
        assert window
        assert window.tokens == 2 * FULL


@pytest.mark.anyio
async def test_a_prompt_from_the_future_hides_no_open_turn(tmp_path: Path) -> None:
    root, now = tmp_path / "projects", time.time()
    root.mkdir()
    (root / "a.jsonl").write_bytes(line(prompt(now - 400)))
    (root / "b.jsonl").write_bytes(line(prompt(now + 3000)))
    source = JsonlSource([root], None)
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert reading.open_turn_at
    assert abs(reading.open_turn_at.timestamp() - now + 400) < 1
    assert reading.telemetry_at == reading.open_turn_at
