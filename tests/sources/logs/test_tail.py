"""Reading a file that somebody else writes, at every awkward moment."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs import tail as tail_module
from gauge_mqtt.sources.logs.listing import look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.records import USAGE_MARKS
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.lines import answer, line, lines, prompt, results

AT = 1_795_348_800.0
FULL = 43_120


class Reader:
    """One file and a tail on it."""

    def __init__(self, path: Path) -> None:
        self.path, self.tail = path, Tail(Ledger())
        path.touch()
        found = look(bytes(path))
        assert found
        self.file = LogFile(found.path, found.device, found.inode)

    def append(self, data: bytes) -> int:
        with self.path.open("ab") as file:
            file.write(data)
        return self.read()

    def read(self) -> int:
        while self.tail.advance(self.file, turns=True):
            pass
        return self.total

    @property
    def total(self) -> int:
        return sum(entry.tokens for _, entry in self.tail.ledger)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path / "s.jsonl")


def test_half_a_line_waits_for_its_other_half(reader: Reader) -> None:
    whole = line(answer(AT, message__content=[{"type": "text", "text": "é" * 5000}]))
    for cut in range(0, len(whole) - 1, 997):
        assert reader.append(whole[cut : min(cut + 997, len(whole) - 1)]) == 0
    assert reader.append(b"\n") == FULL
    assert reader.tail.counters.refused == 0


def test_a_line_is_read_once(reader: Reader) -> None:
    reader.append(line(answer(AT)))
    records = reader.tail.counters.records
    reader.read()
    reader.append(b"")
    assert reader.tail.counters.records == records == 1


def test_truncated_file_is_read_anew(reader: Reader) -> None:
    reader.append(lines(answer(AT), answer(AT)))
    reader.path.write_bytes(line(answer(AT)))
    assert reader.read() == 3 * FULL
    assert reader.tail.counters.resets == 1


def test_file_rewritten_longer_in_place_is_noticed(reader: Reader) -> None:
    """Same inode, larger size: only its first bytes tell that it is another file."""
    reader.append(line(answer(AT)))
    reader.path.write_bytes(lines(prompt(AT, "other start"), answer(AT), answer(AT)))
    assert reader.read() == 3 * FULL


def test_file_replaced_under_its_name(reader: Reader) -> None:
    reader.append(lines(answer(AT), answer(AT)))
    other = reader.path.with_suffix(".new")
    other.write_bytes(lines(answer(AT), answer(AT), answer(AT)))
    other.replace(reader.path)
    assert reader.read() == 5 * FULL


def test_vanished_file_is_an_os_error(reader: Reader) -> None:
    reader.path.unlink()
    with pytest.raises(OSError, match="No such file"):
        reader.read()


def test_what_is_not_a_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    file = LogFile(str(tmp_path / "pipe.jsonl"), 0, 0)
    assert not Tail(Ledger()).advance(file, turns=True)


def test_a_last_line_without_newline_counts_once_settled(reader: Reader) -> None:
    unfinished = line(answer(AT)).rstrip()
    assert reader.append(unfinished) == 0
    assert reader.tail.finish(reader.file, turns=True)
    assert reader.total == FULL
    assert not reader.tail.finish(reader.file, turns=True)
    assert reader.append(b"\n" + line(answer(AT))) == 2 * FULL


def test_a_torn_last_line_is_no_fault(reader: Reader) -> None:
    reader.append(line(answer(AT))[:300])
    assert not reader.tail.finish(reader.file, turns=True)
    assert reader.tail.counters.refused == 0


def test_endless_line_is_skipped_and_counted_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "SLICE", 1 << 12)
    monkeypatch.setattr(tail_module, "LINE_MAX", 1 << 16)
    reader.append(line(answer(AT)))
    for _ in range(10):
        reader.append(b'{"usage":' + b"x" * 40_000)
    assert reader.append(b"\n" + line(answer(AT))) == 2 * FULL
    assert reader.tail.counters.oversize == 1
    assert reader.append(line(answer(AT))) == 3 * FULL


def test_slices_smaller_than_a_line_lose_nothing(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "SLICE", 300)
    reader.path.write_bytes(lines(*(answer(AT) for _ in range(50))))
    assert reader.read() == 50 * FULL


def test_a_usage_whose_counts_have_other_names_is_refused(reader: Reader) -> None:
    reader.append(line(answer(AT)).replace(b"_tokens", b"_units"))
    assert (reader.tail.counters.records, reader.tail.counters.refused) == (0, 1)


def test_api_error_records_are_not_called_refused(reader: Reader) -> None:
    broken = answer(AT, message__model="<synthetic>", message__usage__output_tokens=None)
    assert reader.append(line(broken)) == 0
    assert reader.tail.counters.refused == 0
    reader.append(line(answer(AT, message__usage__output_tokens=None)))
    assert reader.tail.counters.refused == 1


def test_a_tool_that_still_runs_is_found_far_before_the_result_of_another(reader: Reader) -> None:
    tools = [{"type": "tool_use", "id": tool} for tool in ("slow", "quick")]
    between = {"type": "attachment", "timestamp": AT, "content": "x" * 100_000}
    reader.append(lines(prompt(AT), answer(AT + 1, message__content=tools), between, results(AT + 2, "quick")))
    assert reader.file.turn
    assert reader.file.turn.waiting_since is None
    reader.append(line(results(AT + 3, "slow")))
    assert reader.file.turn.waiting_since == AT + 3


def test_a_prompt_from_the_future_hides_no_open_turn(reader: Reader) -> None:
    year = 365 * 24 * 3600
    reader.append(lines(answer(AT), prompt(AT + 1), prompt(time.time() + year), prompt(AT + 2, isMeta=True)))
    assert reader.file.turn
    assert (reader.file.turn.waiting_since, reader.file.turn.newest_at) == (AT + 1, AT + 1)


def test_the_open_turn_is_followed_across_appends(reader: Reader) -> None:
    reader.append(line(prompt(AT)))
    assert reader.file.turn
    assert reader.file.turn.waiting_since == AT
    reader.append(line(answer(AT + 5, message__content=[{"type": "tool_use", "id": "t"}])))
    assert reader.file.turn.waiting_since is None
    reader.append(line(results(AT + 9, "t")))
    assert reader.file.turn.waiting_since == AT + 9


GOOD = line(answer(AT, message__id="fixed"))


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 2), st.binary(max_size=4)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_lines_never_raise_and_hide_nobody_else(tmp_path: Path, damage: list[tuple[int, bytes]]) -> None:
    bad = bytearray(GOOD)
    for position, junk in damage:
        bad[position : position + len(junk)] = junk
    path = tmp_path / f"{abs(hash(bytes(bad)))}.jsonl"
    reader = Reader(path)
    reader.append(bytes(bad).rstrip(b"\n") + b"\n" + line(answer(AT, message__id="after")))
    assert any(key.startswith("after\n") for key, _ in reader.tail.ledger)


@pytest.mark.parametrize(
    "junk",
    [
        b'{"type":"user","message":' + b"[" * 200_000 + USAGE_MARKS[0],
        line(answer(AT, timestamp="0001-01-01T00:00:00+14:00")),
        line(answer(AT, timestamp="9999-12-31T23:59:59-14:00")),
        USAGE_MARKS[0] * 1000,
        USAGE_MARKS[1] * 1000,
        b"\xff\xfe" * 500,
    ],
    ids=["deep", "year 1", "year 9999", "marks", "other marks", "no utf-8"],
)
def test_hostile_lines_cost_a_counter(reader: Reader, junk: bytes) -> None:
    reader.append(junk.rstrip(b"\n") + b"\n" + line(answer(AT)))
    assert len([entry for _, entry in reader.tail.ledger if abs(entry.at - AT) < 86_400]) == 1
