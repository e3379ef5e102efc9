"""Responses whose requests have no name: told apart by their runs of lines, against a known truth."""

import json
import time
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import OPEN_WINDOW
from gauge_mqtt.sources.logs import index
from gauge_mqtt.sources.logs.listing import look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.logbook import Logbook
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.lines import answer, line, prompt, results

AT = 1_795_348_800.0
USAGE = "message__usage"


def relay(at: float, given: int, output: int, **changes: Any) -> dict[str, Any]:
    """A line of a gateway that names no request and gives each response the same id."""
    usage = {"input_tokens": given, "output_tokens": output}
    return answer(at, **{"message__id": "relay", "requestId": ..., USAGE: usage, **changes})


def total(folder: Path, *records: dict[str, Any]) -> int:
    path = folder / "s.jsonl"
    path.write_bytes(b"".join(map(line, records)))
    reader = Reader(folder)
    reader.read(path)
    return reader.total


class Reader:
    """Reads files as the publisher does, and can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tail = Tail(Ledger())
        self.files: dict[bytes, LogFile] = {}

    def read(self, path: Path) -> None:
        found = look(bytes(path))
        assert found is not None
        file = self.files.setdefault(found.path, LogFile(found.path, found.device, found.inode))
        while self.tail.advance(file, turns=False):
            pass

    def restart(self) -> None:
        index.write(self.folder, index.encode(self.tail.ledger, self.files.values(), [self.folder]))
        loaded = index.load(self.folder, [self.folder])
        assert loaded is not None
        self.tail, self.files = Tail(loaded[0]), {file.path: file for file in loaded[1]}

    @property
    def total(self) -> int:
        return sum(entry.tokens for _, entry in self.tail.ledger)


def test_a_record_of_the_user_ends_a_run(tmp_path: Path) -> None:
    assert total(tmp_path, relay(AT, 100, 5), prompt(AT + 1), relay(AT + 2, 100, 5)) == 210
    assert total(tmp_path, relay(AT, 100, 5), results(AT + 1, "t"), relay(AT + 2, 100, 5)) == 210


def test_lines_of_one_run_are_one_response(tmp_path: Path) -> None:
    drafts = [relay(AT, 100, 1), relay(AT + 1, 100, 5), relay(AT + 2, 100, 5)]
    assert total(tmp_path, prompt(AT - 1), *drafts, prompt(AT + 3)) == 105
    placeholder = relay(AT, 0, 0, message__stop_reason=None)
    assert total(tmp_path, prompt(AT - 1), placeholder, relay(AT + 1, 100, 5)) == 105


def test_what_has_ended_is_given_no_more_input(tmp_path: Path) -> None:
    """Two sessions of it came without any record of the user between."""
    assert total(tmp_path, *(relay(AT + n, 1000 + 10 * n, 10) for n in range(10))) == 10_550


def test_sessions_and_chains_have_runs_of_their_own(tmp_path: Path) -> None:
    main, other, side = relay(AT, 100, 1), relay(AT, 100, 2, sessionId="b"), relay(AT, 100, 3, isSidechain=True)
    again = [relay(AT + 1, 100, 11), relay(AT + 1, 100, 12, sessionId="b"), relay(AT + 1, 100, 13, isSidechain=True)]
    foreign = prompt(AT + 0.5, sessionId="c")
    assert total(tmp_path, main, other, foreign, *again[:2]) == 111 + 112
    assert total(tmp_path, main, prompt(AT + 0.5, isSidechain=True), again[0]) == 111
    assert total(tmp_path, main, relay(AT + 9, 200, 1), side, again[2]) == 101 + 201 + 113


def test_a_line_that_follows_its_parent_goes_on_whatever_stands_between(tmp_path: Path) -> None:
    first = relay(AT, 100, 5, uuid="a")
    assert total(tmp_path, first, results(AT + 1, "t"), relay(AT + 2, 100, 7, parentUuid="a")) == 107


def test_the_same_line_is_the_same_response_whenever_it_comes(tmp_path: Path) -> None:
    said = [relay(AT, 100, 1, uuid="a"), relay(AT + 1, 100, 5, uuid="b")]
    assert total(tmp_path, *said, prompt(AT + 2), relay(AT + 3, 100, 7, uuid="b")) == 107


def test_a_line_break_in_a_request_id_outlives_a_restart(tmp_path: Path) -> None:
    """It ends the message id in the ledger's keys."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(line(relay(AT, 100, 5, requestId="a\nb")))
    reader = Reader(tmp_path)
    reader.read(path)
    reader.restart()
    with path.open("ab") as file:
        file.write(line(relay(AT, 100, 5, requestId="a\nb")))
    reader.read(path)
    assert reader.tail.ledger.sums(AT - 1, AT).tokens == 105


def test_the_result_of_a_tool_may_stand_within_a_response(tmp_path: Path) -> None:
    """A tool is done before the response is: captured from Claude Code 2.1.330."""
    tool = {"message__stop_reason": "tool_use"}
    said = [relay(AT, 100, 5, **tool), results(AT + 1, "t1"), relay(AT + 2, 100, 5, **tool), results(AT + 3, "t2")]
    assert total(tmp_path, *said) == 105
    assert total(tmp_path, *said, relay(AT + 4, 140, 5, **tool)) == 250
    assert total(tmp_path, *said, relay(AT + 4, 100, 5)) == 210
    assert total(tmp_path, *said, prompt(AT + 4), relay(AT + 5, 100, 5, **tool)) == 210


def test_newer_versions_name_their_requests(tmp_path: Path) -> None:
    """The result of a tool stands between two lines of one response."""
    ref = {"requestRef": "7f"}
    assert total(tmp_path, relay(AT, 100, 5, **ref), results(AT + 1, "t"), relay(AT + 2, 100, 5, **ref)) == 105
    assert total(tmp_path, relay(AT, 100, 5, **ref), relay(AT + 2, 100, 5, requestRef="80")) == 210


def test_a_sidechain_with_one_id_for_all_is_no_copy_of_the_main_chain(tmp_path: Path) -> None:
    """Before the main chain has said its second response."""
    main = tmp_path / "s.jsonl"
    main.write_bytes(line(relay(AT, 100, 5, requestId="r1")))
    side = tmp_path / "agent.jsonl"
    said = [relay(AT + n, 100, 5, requestId=f"r{n}", isSidechain=True) for n in (2, 3, 4)]
    side.write_bytes(b"".join(map(line, said)))
    for order in ((main, side), (side, main)):
        reader = Reader(tmp_path)
        for path in order:
            reader.read(path)
        assert reader.total == 4 * 105


@pytest.mark.parametrize("name", ["message__stop_reason", "agentId", "requestRef", "uuid", "parentUuid", "isSidechain"])
def test_what_tells_a_line_from_others_may_be_of_any_type(name: str, tmp_path: Path) -> None:
    odd = None if name == "isSidechain" else 7
    records = relay(AT, 100, 5, **{name: odd}), prompt(AT + 1), relay(AT + 2, 100, 5)
    assert total(tmp_path, *records) == 2 * 105


def test_few_responses_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(line(relay(AT + n, 1, 1, message__id=f"m{n}", agentId=f"a{n}")) for n in range(100)))
    reader = Reader(tmp_path)
    reader.read(path)
    assert reader.total == 200
    assert len(reader.files[bytes(path)].runs.runs) == 16


@pytest.mark.parametrize(
    "poison", [[], [Entry(AT, 7, 0, 0, 0, -1, None, main=True)], [Entry(1e300, 7, 0, 0, 0, -1, None, main=True)]]
)
def test_an_index_whose_responses_do_not_fit_its_minutes_is_read_anew(tmp_path: Path, poison: list[Entry]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(line(relay(AT, 100, 5)) + line(prompt(AT + 1)) + line(relay(AT + 2, 100, 5)))
    reader = Reader(tmp_path)
    reader.read(path)
    records = reader.tail.ledger.groups["relay"].records
    records[next(iter(records))] = poison
    index.write(tmp_path, index.encode(reader.tail.ledger, reader.files.values(), [tmp_path]))
    assert index.load(tmp_path, [tmp_path]) is None


def conversation(random: Random, session: str, at: float) -> tuple[list[bytes], int]:
    """Lines of one session file and what was truly used in it: one id for all, a prompt before each response."""
    lines: list[bytes] = []
    truth = 0
    side = random.random() < 0.3
    same = {"sessionId": session, "isSidechain": side}
    for number in range(random.randint(2, 6)):
        at += 60
        told = prompt(at, uuid=f"{session} u{number}", **same)
        lines.append(line(told | {"message": results(at, "t")["message"]} if random.random() < 0.5 else told))
        given, output = random.randint(0, 3) * 100, random.randint(1, 50)
        for piece in range(random.randint(1, 3)):
            said = output if random.random() < 0.5 else random.randint(0, output)
            lines.append(line(relay(at + 1 + piece, given, said, uuid=f"{session} {number} {piece}", **same)))
            if random.random() < 0.2:
                lines.append(json.dumps({"type": "attachment", "attachment": {"type": "user"}}).encode() + b"\n")
        lines.append(line(relay(at + 5, given, output, uuid=f"{session} {number} last", **same)))
        truth += given + output
    return lines, truth


@pytest.mark.parametrize("restarts", [False, True])
@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_for_any_interleaving_the_total_is_the_truth(tmp_path: Path, restarts: bool, seed: int) -> None:  # noqa: FBT001
    """Sessions are written side by side, forks repeat the beginning of others; reading stops anywhere in a line."""
    random, folder = Random(seed), Path(mkdtemp(dir=tmp_path))
    texts: dict[Path, bytes] = {}
    truth = 0
    for number in range(random.randint(1, 4)):
        lines, used = conversation(random, f"session {number}", AT + random.randint(0, 300))
        truth += used
        texts[folder / f"{number}.jsonl"] = b"".join(lines)
        if random.random() < 0.5:
            copied = b"".join(lines[: random.randint(0, len(lines))])
            texts[folder / f"fork {number}.jsonl"] = copied.replace(f'"session {number}"'.encode(), b'"fork"')
    reader = Reader(folder)
    while texts:
        path = random.choice(list(texts))
        size = random.choice((40, 400, 4000))
        with path.open("ab") as file:
            file.write(texts[path][:size])
        texts[path] = texts[path][size:]
        if not texts[path]:
            del texts[path]
        reader.read(path)
        if restarts and random.random() < 0.1:
            reader.restart()
    assert reader.total == truth


@pytest.mark.anyio
async def test_the_gateway_of_the_report(tmp_path: Path) -> None:
    """Three sessions of ten responses, all with one id."""
    now = time.time()
    for session in range(3):
        said = [relay(now - 600 - n, 1000 + 10 * n, 10, sessionId=f"s{session}") for n in range(10)]
        (tmp_path / f"{session}.jsonl").write_bytes(b"".join(map(line, said)))
    book = Logbook([tmp_path])
    await book.catch_up(lambda: None)
    assert book.ledger.sums(now - OPEN_WINDOW.total_seconds(), now).tokens == 31_650
    assert book.ledger.groups["relay"].is_reused
