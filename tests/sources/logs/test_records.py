# ruff: noqa: E501 (one row of the matrix, one line)
"""Which lines count, row by row as ccusage 20's case matrix has them (see fixtures/ccusage_history/case_matrix.md)."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.listing import walk
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.records import Response, response, turn_steps, usage_line
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.ccusage import ccusage_binary
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


def advice(tokens: int, **changes: Any) -> dict[str, Any]:
    """An iteration in which an advisor used `tokens`."""
    iteration = {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": tokens, "output_tokens": 0,
                 "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, **changes}  # fmt: skip
    return {key: value for key, value in iteration.items() if value is not ...}


MATRIX: list[tuple[str, Make, int]] = [
    ("one line", one(), FULL),
    ("two identical id and request", two({}, {}), FULL),
    ("streaming, 1 then 20 output tokens", two({"message__usage__output_tokens": 1}, {}), FULL),
    ("streaming reversed", two({}, {"message__usage__output_tokens": 1}), FULL),
    ("same request, different id", two({"message__id": "a"}, {"message__id": "b"}), 2 * FULL),
    ("no request id, same id", two({"requestId": ...}, {"requestId": ...}), FULL),
    ("same id, other request", two({}, {"requestId": "other"}), 2 * FULL),
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
    ("iterations without a type", one(message__usage__iterations=[{"input_tokens": 5, "output_tokens": 5}]), FULL),
    ("iterations of a message", one(message__usage__iterations=[advice(5, type="message")]), FULL),
    ("iterations of a compaction", one(message__usage__iterations=[advice(5, type="compaction")]), FULL),
    ("iterations null", one(message__usage__iterations=None), FULL),
    ("iterations no list", one(message__usage__iterations={"type": "advisor_message"}), FULL),
    ("an advisor", one(message__usage__iterations=[advice(5, type="message"), advice(900)]), FULL + 900),
    ("an advisor with its breakdown", one(message__usage__iterations=[advice(9, cache_creation_input_tokens=20, cache_creation={"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 8})]), FULL + 24),
    ("an advisor without cache", one(message__usage__iterations=[{"type": "advisor_message", "model": "m", "input_tokens": 5, "output_tokens": 6}]), FULL + 11),
    ("an advisor without a model", one(message__usage__iterations=[advice(9, model=...)]), FULL),
    ("an advisor whose model is empty", one(message__usage__iterations=[advice(9, model="")]), FULL),
    ("an advisor with a negative count", one(message__usage__iterations=[advice(9, input_tokens=-1)]), FULL),
    ("two advisors", one(message__usage__iterations=[advice(9), advice(9)]), FULL + 18),
    ("an advisor, line repeated", two(*[{"message__usage__iterations": [advice(9)]}] * 2), FULL + 9),
    ("an advisor on the first line only", two({"message__usage__iterations": [advice(9)]}, {"message__usage__output_tokens": 30}), FULL + 19),
    ("an advisor on the last line only", two({"message__usage__output_tokens": 1}, {"message__usage__iterations": [advice(9)]}), FULL + 9),
    ("an advisor that grows", two({"message__usage__iterations": [advice(9)]}, {"message__usage__iterations": [advice(99)]}), FULL + 99),
    ("an advisor, then a second", two({"message__usage__iterations": [advice(9)]}, {"message__usage__iterations": [advice(9), advice(99)]}), FULL + 108),
    ("an advisor in a replay", two({"message__usage__iterations": [advice(9)]}, {"requestId": "r2", "isSidechain": True, "message__usage__iterations": [advice(9)]}), FULL + 9),
    ("an id as proxies make them, longer than any of our own", one(message__id="resp_" + "bGl0ZWxsbTpjdXN0b20" * 99, requestId="r" * 3000, sessionId="s" * 3000), FULL),
    ("two long ids that begin alike", two({"message__id": "x" * 999 + "a"}, {"message__id": "x" * 999 + "b"}), 2 * FULL),
    ("a long id streamed", two({"message__id": "x" * 999, "message__usage__output_tokens": 1}, {"message__id": "x" * 999}), FULL),
    ("a model's address longer than any of our own", one(message__model="arn:aws:bedrock:eu-west-1:123456789012:prompt-router/" + "m" * 999), FULL),
    ("uuid a number", one(uuid=5), FULL),
    ("uuid an object", one(uuid={"a": 1}), FULL),
    ("sidechain null", one(isSidechain=None), FULL),
    ("thinking negative", one(message__usage__output_tokens_details={"thinking_tokens": -4}), FULL),
    ("thinking a float", one(message__usage__output_tokens_details={"thinking_tokens": 1.5}), FULL),
    ("details of the output a text", one(message__usage__output_tokens_details="none"), FULL),
    ("leap second: no clock of ours has it", one(timestamp="2026-11-22T23:59:60Z"), 0),
    ("microseconds west of Greenwich", one(timestamp="2026-11-22T23:59:59.999-12:00"), FULL),
    ("a speed told", one(message__usage__speed="fast"), FULL),
    ("cache of an unknown age beside the flat count", one(message__usage__cache_creation={"ephemeral_5m_input_tokens": 7, "ephemeral_24h_input_tokens": 50}, message__usage__cache_creation_input_tokens=57), FULL + 7),
    ("advice within advice", one(message__usage__iterations=[advice(9, iterations=[advice(50)])]), FULL + 9),
    ("advice within a message", one(message__usage__iterations=[advice(5, type="message", iterations=[advice(50)])]), FULL),
    ("an advisor beside the answer of another kind", one(message__usage__iterations=[advice(5, type="fallback_message"), advice(9), advice(5, type="executor_message")]), FULL + 9),
    ("a thousand advisors", one(message__usage__iterations=[advice(3)] * 1000), FULL + 3000),
    ("an advisor of a side chain", one(isSidechain=True, message__usage__iterations=[advice(9)]), FULL + 9),
    ("an advisor of a response without any id", one(message__id=..., requestId=..., message__usage__iterations=[advice(9)]), FULL + 9),
    ("an advisor of a request without a name", one(requestId=..., message__usage__iterations=[advice(9)]), FULL + 9),
    ("an advisor of a note of the CLI", one(message__model="<synthetic>", message__usage__iterations=[advice(9)]), FULL + 9),
    ("an advisor gone on the last line", two({"message__usage__iterations": [advice(9)]}, {"message__usage__iterations": []}), FULL + 9),
    ("no message id, one request for all, prompts between", lambda: [row for n in range(3) for row in (line(prompt(AT + n)), line(answer(AT + n, message__id=..., requestId="r")))], 3 * FULL),
    ("a bad byte in a count", raw(lambda b: b.replace(b'"input_tokens":100', b'"input_tokens":1\xff0')), 0),
]  # fmt: skip
DEPARTURES: list[tuple[str, Make, int]] = [
    # What ccusage 20.0.24 counts otherwise, and why we do not follow it:
    ("half a surrogate pair in the text: as its blocks report, not its daily", raw(lambda b: b.replace(b'"ok"', b'"a \\udcb2 b"')), FULL),
    ("half a surrogate pair beside a whole: as its blocks report, not its daily", raw(lambda b: b.replace(b'"ok"', b'"\\ud83d\\ud83d\\ude00"')), FULL),
    ("a bad byte in a path: as its blocks report, not its daily", raw(lambda b: b.replace(b"/home/user/project", b"/home/ren\xe9")), FULL),
    ("a bad byte in the model: the counts are sound", raw(lambda b: b.replace(b"claude-opus-5-5", b"claude-\xff")), FULL),
    ("the last second of the calendar, west of Greenwich: no clock has that year", one(timestamp="9999-12-31T23:59:59-01:00"), 0),
    ("the first second of the calendar, east of Greenwich: no clock had that year", one(timestamp="0001-01-01T00:00:00+23:59"), 0),
    ("two advisors, swapped on the next line: ccusage goes by their places and counts the larger twice", two({"message__usage__iterations": [advice(9), advice(99)]}, {"message__usage__iterations": [advice(99), advice(9)]}), FULL + 108),
    ("a side chain's replay in a fork, whose session has another id: ccusage takes it for a response of its own", two({}, {"requestId": "r2", "isSidechain": True, "sessionId": "fork"}), FULL),
    ("a fraction of a second in six digits: it is an instant as any other", one(timestamp="2026-11-22T12:00:00.123456Z"), FULL),
    ("a blank for the T, as databases write instants", one(timestamp="2026-11-22 12:00:00Z"), FULL),
    ("a zone without its colon", one(timestamp="2026-11-22T12:00:00+0000"), FULL),
    ("a record behind one that a full disk has torn: ccusage drops both", lambda: [line(answer(AT))[:200] + line(answer(AT + 1))], FULL),
    ("a record behind one torn in its text, with others in it", lambda: [line(answer(AT, message__content=[{"type": "text", "text": '{"type":"a"}'}] * 3))[:420] + line(answer(AT + 1))], FULL),
    ("a record behind NULs, as a power cut leaves them: ccusage drops it", lambda: [b"\0" * 4096 + line(answer(AT))], FULL),
    ("a speed that nobody knows: the counts are sound", one(message__usage__speed="warp"), FULL),
    ("advice whose speed is null: the response's own counts are sound", one(message__usage__iterations=[advice(9, speed=None)]), FULL),
    ("advice with a breakdown of nothing: its flat count stands, as a response's own does", one(message__usage__iterations=[advice(9, cache_creation={}, cache_creation_input_tokens=20)]), FULL + 29),
    ("a key told twice: the last counts, as for Claude Code's own JSON.parse", raw(lambda b: b.replace(b'"input_tokens":100', b'"input_tokens":7,"input_tokens":100')), FULL),
    ("a name of a count with an escape in it: still JSON", raw(lambda b: b.replace(b'"usage"', b'"us\\u0061ge"')), FULL),
    ("a number that no float holds, elsewhere in the line: as its blocks report, not its daily", raw(lambda b: b.replace(b'"text":"ok"', b'"text":' + b"9" * 400)), FULL),
    ("an advisor beside a broken one: ccusage drops both", one(message__usage__iterations=[advice(9, input_tokens=-1), None, advice(7)]), FULL + 7),
    ("an advisor with null in its cache: ccusage drops the line", one(message__usage__iterations=[advice(9, cache_read_input_tokens=None)]), FULL),
    ("no message id, same request: ccusage counts each line", two({"message__id": ...}, {"message__id": ...}), FULL),
    ("nested id null: a tool's input hides no response", one(message__content=[{"type": "tool_use", "id": "t", "input": {"id": None}}]), FULL),
    ("blank after the colon: still JSON", raw(lambda b: b.replace(b'"usage":{', b'"usage": {')), FULL),
    ("invalid UTF-8 in the text: as its blocks report, not its daily", raw(lambda b: b.replace(b'"ok"', b'"\xff\xfe"')), FULL),
]  # fmt: skip


def told(row: bytes) -> Response | None:
    record = usage_line(row)
    return response(record, row) if record else None


def total(folder: Path) -> int:
    tail = Tail(Ledger())
    for found in walk([bytes(folder)]).files:
        file = LogFile(found.path, found.device, found.inode)
        while tail.advance(file, turns=True):
            pass
        tail.finish(file, turns=True)
    return sum(entry.tokens for _, entry in tail.ledger)


def ccusage(report: str, home: Path) -> int:
    """What the real one counts in the logs of `home`."""
    environ = {"CLAUDE_CONFIG_DIR": str(home), "HOME": str(home), "PATH": os.environ["PATH"]}
    command = [ccusage_binary(), "claude", report, "--json", "--offline", "--mode", "display"]
    done = subprocess.run(command, env=environ, cwd=home, capture_output=True, check=True, timeout=60)
    return sum(row["totalTokens"] for row in json.loads(done.stdout)[report] if not row.get("isGap"))


@pytest.mark.parametrize(
    ("make", "tokens", "agrees"),
    [(*row[1:], rows is MATRIX) for rows in (MATRIX, DEPARTURES) for row in rows],
    ids=[row[0] for rows in (MATRIX, DEPARTURES) for row in rows],
)
def test_case_matrix(make: Make, tokens: int, agrees: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Our reading, and whether both reports of ccusage 20.0.24 agree: each that does not is a decision of ours."""
    (tmp_path / "projects" / "p").mkdir(parents=True)
    (tmp_path / "projects" / "p" / "s.jsonl").write_bytes(b"".join(make()))
    assert total(tmp_path) == tokens
    assert agrees == ({ccusage("daily", tmp_path), ccusage("blocks", tmp_path)} == {tokens})


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
    first, second = told(bare), told(bare)
    assert first is not None
    assert first == second
    with pytest.raises(msgspec.DecodeError):
        told(bare[:-3])


def test_advice_that_cannot_be_believed_is_told_and_names_no_model() -> None:
    iterations = [advice(9, model=None), advice(8), {"type": "message"}, advice(70)]
    record = told(line(answer(AT, message__usage__iterations=iterations)))
    assert record is not None
    assert (record.refused, [entry.tokens for entry in record.advice]) == (1, [70, 8])
    assert {entry.model for entry in record.advice} == {None}
    record = told(line(answer(AT, message__usage__iterations="advisor_message")))
    assert record is not None
    assert (record.refused, record.advice) == (0, ())


@pytest.mark.parametrize(
    ("change", "repeats"),
    [
        ({}, True),
        ({"timestamp": "2026-11-22T12:59:59.999Z"}, True),
        ({"timestamp": "2026-11-22T13:00:00.000Z"}, False),
        ({"timestamp": "2026-11-23T12:00:00.000Z"}, False),
        ({"timestamp": "2026-11-22T11:59:59.999Z"}, False),
        ({"timestamp": "2026-11-22T13:30:00.000+01:00"}, False),
        ({"requestId": "other"}, False),
        ({"requestId": ...}, False),
        ({"message__id": "other"}, False),
        ({"message__id": ...}, False),
        ({"message__model": "claude-haiku-5"}, False),
        ({"message__usage__output_tokens": 21}, False),
        ({"message__usage__iterations": [advice(9)]}, False),
        ({"isSidechain": True}, False),
    ],
)
def test_a_line_that_tells_nothing_new_is_known_by_all_that_counts(change: dict[str, Any], *, repeats: bool) -> None:
    same = {"message__id": "m", "requestId": "r"}
    first, second = usage_line(line(answer(AT, **same))), usage_line(line(answer(AT, **{**same, **change})))
    assert first is not None
    assert second is not None
    assert second.repeats(first) == repeats
    if ... in change.values():
        assert not second.repeats(second)


def test_more_thinking_than_output_is_not_believed() -> None:
    record = told(line(answer(AT, message__usage__output_tokens_details={"thinking_tokens": 21})))
    assert record is not None
    assert record.entry.thinking == -1


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


def nameless(record: dict[str, Any]) -> None:
    record.pop("requestId", None)


def without_reference(record: dict[str, Any]) -> None:
    nameless(record)
    record.pop("requestRef", None)


def one_id(record: dict[str, Any]) -> None:
    if record.get("type") == "assistant":
        record["message"]["id"] = "relay"


@pytest.mark.parametrize("change", [nameless, without_reference, one_id], ids=lambda c: c.__name__)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("folder", [s for s in SETS if (s / "truth.json").exists()], ids=lambda s: s.name)
def test_captured_sessions_behind_a_gateway_are_the_same(
    folder: Path, change: Callable[[dict[str, Any]], None], *, both: bool, tmp_path: Path
) -> None:
    """One that passes on no request id, one that gives each response the same message id, and one that does both."""
    for path in folder.rglob("*.jsonl"):
        target = tmp_path / "changed" / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        records = [json.loads(row) for row in path.read_text().splitlines()]
        for record in records:
            change(record)
            if both:
                one_id(record)
        target.write_bytes(b"".join(map(line, records)))
    assert total(tmp_path) == total(folder)


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
    assert list(turn_steps(line(prompt(AT, timestamp="9999-12-31T23:59:59-01:00")))) == []
    broken = line(prompt(AT)).replace(b'"hello"', b'"a \\udcb2 b \xff"')
    assert [step.kind for step in turn_steps(broken)] == ["prompt"]
    results_broken = line(results(AT, "t1")).replace(b'"done"', b'"\\udcb2"')
    assert [step.kind for step in turn_steps(results_broken)] == ["results"]
    steps = [(step.kind, step.tools) for step in turn_steps(b"junk\n" + log + b'{"type":"user" torn')]
    assert steps == [
        ("prompt", ()), ("answer", ("t1",)), ("answer", ("t2",)), ("results", ("t1",)), ("interrupt", ()),
    ]  # fmt: skip
