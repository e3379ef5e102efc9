# ruff: noqa: E501 (one row of the matrix, one line)
"""Which lines count, row by row as ccusage 20's case matrix has them (see fixtures/ccusage_history/case_matrix.md)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.listing import walk
from gauge_mqtt.sources.logs.records import turn_steps, usage_record
from gauge_mqtt.sources.logs.tail import LogFile, Tail
from tests.support.lines import answer, line, prompt, results

AT = 1_795_348_800.0
FULL = 43_120
Make = Callable[[], list[bytes]]


def one(**changes: Any) -> Make:
    return lambda: [line(answer(AT, **changes))]


def two(first: dict[str, Any], second: dict[str, Any]) -> Make:
    """Two records that are alike but for the changes."""

    def make() -> list[bytes]:
        record = answer(AT)
        same = {"message__id": record["message"]["id"], "requestId": record["requestId"]}
        return [line(answer(AT, **{**same, **first})), line(answer(AT, **{**same, **second}))]

    return make


def raw(change: Callable[[bytes], bytes]) -> Make:
    return lambda: [change(line(answer(AT)))]


MATRIX: list[tuple[str, Make, int]] = [
    ("one line", one(), FULL),
    ("two identical id and request", two({}, {}), FULL),
    ("streaming, 1 then 20 output tokens", two({"message__usage__output_tokens": 1}, {}), FULL),
    ("streaming reversed", two({}, {"message__usage__output_tokens": 1}), FULL),
    ("same request, different id", two({"message__id": "a"}, {"message__id": "b"}), 2 * FULL),
    ("no request id, same id", two({"requestId": ...}, {"requestId": ...}), FULL),
    ("no message id, other uuid and request", two({"message__id": ..., "requestId": ...}, {"message__id": ..., "requestId": ...}), 2 * FULL),
    ("sidechain only", one(isSidechain=True), FULL),
    ("sidechain replay, other request", two({}, {"requestId": "r2", "isSidechain": True}), FULL),
    ("sidechain replay first", two({"requestId": "r2", "isSidechain": True}, {}), FULL),
    ("sidechain replay, larger than its parent", two({}, {"requestId": "r2", "isSidechain": True, "message__usage__cache_read_input_tokens": 99_999}), FULL),
    ("sidechain with its own id", two({}, {"message__id": "own", "isSidechain": True}), 2 * FULL),
    ("user type with usage", one(type="user"), FULL),
    ("no type", one(type=...), FULL),
    ("synthetic model", one(message__model="<synthetic>"), FULL),
    ("model missing", one(message__model=...), FULL),
    ("model null", one(message__model=None), 0),
    ("model empty", one(message__model=""), 0),
    ("session missing", one(sessionId=...), FULL),
    ("session null", one(sessionId=None), 0),
    ("request null", one(requestId=None), 0),
    ("request empty", one(requestId=""), 0),
    ("version missing", one(version=...), FULL),
    ("version dev", one(version="dev"), 0),
    ("cwd null", one(cwd=None), 0),
    ("stop reason null", one(message__stop_reason=None, parentUuid=None), FULL),
    ("speed null", one(message__usage__speed=None), 0),
    ("cache read null", one(message__usage__cache_read_input_tokens=None), 0),
    ("cache fields missing", one(message__usage__cache_read_input_tokens=..., message__usage__cache_creation_input_tokens=...), 120),
    ("breakdown wins over flat", one(message__usage__cache_creation={"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 3000}, message__usage__cache_creation_input_tokens=3000), FULL + 5000),
    ("breakdown of zero wins too", one(message__usage__cache_creation={"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, message__usage__cache_creation_input_tokens=3000), FULL),
    ("breakdown null, flat stands", one(message__usage__cache_creation=None, message__usage__cache_creation_input_tokens=3000), FULL + 3000),
    ("output missing", one(message__usage__output_tokens=...), 0),
    ("input negative", one(message__usage__input_tokens=-5), 0),
    ("input a float", one(message__usage__input_tokens=100.5), 0),
    ("input a string", one(message__usage__input_tokens="100"), 0),
    ("input absurd", one(message__usage__input_tokens=10**20), 0),
    ("timestamp missing", one(timestamp=...), 0),
    ("timestamp without milliseconds", one(timestamp="2026-11-22T12:00:00Z"), FULL),
    ("timestamp with offset", one(timestamp="2026-11-22T14:00:00+02:00"), FULL),
    ("timestamp without zone", one(timestamp="2026-11-22T12:00:00"), 0),
    ("timestamp a number", one(timestamp=1_795_348_800), 0),
    ("CRLF", raw(lambda b: b.replace(b"\n", b"\r\n")), FULL),
    ("no newline at the end", raw(lambda b: b.rstrip()), FULL),
    ("torn last line", lambda: [line(answer(AT)), line(answer(AT))[:200]], FULL),
    ("blank, garbage, good", lambda: [b"\n", b'{not json "usage":{}}\n', line(answer(AT))], FULL),
    ("UTF-8 BOM", raw(lambda b: b"\xef\xbb\xbf" + b), 0),
    ("NUL padding before", lambda: [b"\0" * 512 + b"\n", line(answer(AT))], FULL),
    ("3 MB line", one(message__content=[{"type": "text", "text": "x" * 3_000_000}]), FULL),
    ("tool result usage only", lambda: [line({**prompt(AT), "toolUseResult": {"usage": {"input_tokens": 9, "output_tokens": 9}}})], 0),
    ("API error record", one(isApiErrorMessage=True, message__usage={"input_tokens": 0, "output_tokens": 0}), 0),
    ("iterations inside usage", one(message__usage__iterations=[{"input_tokens": 5, "output_tokens": 5}]), FULL),
    # Where we depart from ccusage 20, and why:
    ("same id, other request, both main: one id is one response", two({}, {"requestId": "other"}), FULL),
    ("nested id null: a tool's input hides no response", one(message__content=[{"type": "tool_use", "id": "t", "input": {"id": None}}]), FULL),
    ("blank after the colon: still JSON", raw(lambda b: b.replace(b'"usage":{', b'"usage": {')), FULL),
    ("invalid UTF-8 in the text: as its blocks report, not its daily", raw(lambda b: b.replace(b'"ok"', b'"\xff\xfe"')), FULL),
]  # fmt: skip


def total(folder: Path) -> int:
    tail = Tail(Ledger())
    for found in walk([bytes(folder)]).files:
        file = LogFile(found.path, found.device, found.inode)
        while tail.advance(file, turns=True):
            pass
        tail.finish(file, turns=True)
    return sum(entry.tokens for _, entry in tail.ledger)


@pytest.mark.parametrize(("make", "tokens"), [row[1:] for row in MATRIX], ids=[row[0] for row in MATRIX])
def test_case_matrix(make: Make, tokens: int, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(b"".join(make()))
    assert total(tmp_path) == tokens


@pytest.mark.parametrize(
    ("path", "tokens"),
    [("p/s.jsonl", FULL), ("p/s/chat.jsonl", FULL), ("p/s/subagents/agent-1.jsonl", FULL), ("s.jsonl", FULL),
     ("p/s.json", 0), ("p/s.jsonl.bak", 0), (".h/s.jsonl", FULL)],
)  # fmt: skip
def test_layouts(path: str, tokens: int, tmp_path: Path) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(line(answer(AT)))
    assert total(tmp_path) == tokens


def test_copies_in_two_files_count_once(tmp_path: Path) -> None:
    record = line(answer(AT))
    (tmp_path / "a.jsonl").write_bytes(record)
    (tmp_path / "b.jsonl").write_bytes(record)
    assert total(tmp_path) == FULL


def test_no_links_are_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "s.jsonl").write_bytes(line(answer(AT)))
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "link.jsonl").symlink_to(outside / "s.jsonl")
    assert total(root) == 0


def test_a_record_without_any_id_is_its_own_key() -> None:
    bare = line(answer(AT, message__id=..., requestId=..., uuid=...)).strip()
    first, second = usage_record(bare), usage_record(bare)
    assert first is not None
    assert first == second
    with pytest.raises(msgspec.DecodeError):
        usage_record(bare[:-3])


def test_more_thinking_than_output_is_not_believed() -> None:
    record = usage_record(line(answer(AT, message__usage__output_tokens_details={"thinking_tokens": 21})))
    assert record is not None
    assert record[1].thinking == -1


SETS = sorted((Path(__file__).parents[2] / "fixtures" / "jsonl").iterdir())
DIFFERENT_ON_PURPOSE = {
    "2.1.330_interrupted": "the log holds the interrupted response with its placeholder, the server counted none",
    "2.1.96_placeholder_usage": "that CLI wrote placeholders and, for one response, never the final figure",
}


@pytest.mark.parametrize("folder", [s for s in SETS if (s / "truth.json").exists()], ids=lambda s: s.name)
def test_captured_sessions_match_what_the_server_served(folder: Path) -> None:
    tail = Tail(Ledger())
    for found in walk([bytes(folder)]).files:
        file = LogFile(found.path, found.device, found.inode)
        while tail.advance(file, turns=True):
            pass
    found_total = {
        "responses": len(tail.ledger),
        "input": sum(e.input for _, e in tail.ledger),
        "output": sum(e.output for _, e in tail.ledger),
        "thinking": sum(max(e.thinking, 0) for _, e in tail.ledger),
        "cacheRead": sum(e.cache_read for _, e in tail.ledger),
        "cacheCreation": sum(e.cache_creation for _, e in tail.ledger),
    }
    truth = json.loads((folder / "truth.json").read_text())["total"]
    same = all(found_total[key] == value for key, value in truth.items())
    assert same != (folder.name in DIFFERENT_ON_PURPOSE), (found_total, truth)
    assert tail.counters.refused == 0


def test_turn_steps_of_prompts_tools_and_answers() -> None:
    log = b"".join(
        line(record)
        for record in (
            prompt(AT, "do it"),
            answer(AT + 1, message__id="m1", message__content=[{"type": "tool_use", "id": "t1"}]),
            answer(AT + 2, message__id="m1", message__content=[{"type": "tool_use", "id": "t2"}]),
            results(AT + 3, "t1"),
            prompt(AT + 4, "<command-name>/clear</command-name>"),
            prompt(AT + 5, "reminder", isMeta=True),
            prompt(AT + 6, "[Request interrupted by user]"),
        )
    )
    steps = [(step.kind, step.tools) for step in turn_steps(b"junk\n" + log + b'{"type":"user" torn')]
    assert steps == [
        ("prompt", ()), ("answer", ("t1",)), ("answer", ("t2",)), ("results", ("t1",)), ("interrupt", ()),
    ]  # fmt: skip
