"""What ccusage prints, decoded: captured reports of four releases, and what is no report."""

import json
import math
from ast import literal_eval
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.ccusage.report import CcusageError, blocks, prices, window_5h, window_7d
from gauge_mqtt.sources.process import QUOTED

HISTORY = Path(__file__).parents[2] / "fixtures" / "ccusage_history"
EXPECTED = json.loads((HISTORY / "history" / "expected.json").read_text())
NOW = datetime.fromisoformat(EXPECTED["now"])
SONNET, OPUS = "claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805"
BOTH = {SONNET: True, OPUS: True}
TOKENS = {
    "v15.10.0": [11110, 55351, 438849],
    "v18.0.11": [11110, 55351, 438849],
    "v20.0.20": [11110, 55550, EXPECTED["active_block_total"]],
    "v20.0.24": [11110, 55550, 438849],
}
"""Per block. README: before 20 the first line of a stream counts; all but 20.0.20 count the replay of a side chain."""


def captured(pattern: str, *, but: str = "-") -> Any:
    files = sorted(file for file in HISTORY.glob(f"out/v*/{pattern}.json") if but not in file.name)
    return pytest.mark.parametrize("file", files, ids=lambda file: f"{file.parent.name} {file.stem}")


def unasked(_after: float, _upto: float) -> int:
    raise AssertionError("no block is cut by the edge of the week")


@captured("*blocks*", but="_")
def test_every_captured_report_gives_the_documented_totals_without_its_gaps(file: Path) -> None:
    rows, tokens = blocks(file.read_bytes()), TOKENS[file.parent.name]
    assert [row.tokens for row in rows] == tokens
    assert len(rows) == EXPECTED["blocks_nongap"]
    assert [row.active(NOW.timestamp()) for row in rows] == [False, False, True]
    week = window_7d(rows, BOTH, NOW, unasked)
    assert week is not None
    assert week.tokens == sum(tokens[1:])
    assert (week.tokens == EXPECTED["rolling_168h"]) == (file.parent.name == "v20.0.20")


@captured("*blocks_*")
def test_a_report_of_some_blocks_has_the_active_one(file: Path) -> None:
    """`--active`, `--recent`, with and without a token limit; and `claude blocks`."""
    found = window_5h(blocks(file.read_bytes()), BOTH, NOW)
    assert (found.tokens, found.ends_at) == (TOKENS[file.parent.name][-1], datetime(2026, 11, 22, 5, tzinfo=UTC))


@pytest.mark.parametrize(("version", "cost"), [("v18.0.11", 0.7204), ("v20.0.20", 0.664), ("v20.0.24", 0.7204)])
def test_the_cost_is_what_ccusage_says(version: str, cost: float) -> None:
    rows = blocks((HISTORY / "out" / version / "blocks.json").read_bytes())
    known = prices((HISTORY / "out" / version / "daily.json").read_bytes())
    assert window_5h(rows, known, NOW).cost_usd == pytest.approx(cost, abs=1e-6)


def test_a_model_that_the_release_cannot_price_makes_the_cost_unknown_and_no_tokens() -> None:
    out = HISTORY / "out" / "v15.10.0"
    rows, known = blocks((out / "blocks.json").read_bytes()), prices((out / "daily.json").read_bytes())
    assert known == {SONNET: False, OPUS: True}
    assert window_5h(rows, known, NOW) == Window(tokens=438849, ends_at=datetime(2026, 11, 22, 5, tzinfo=UTC))


@pytest.mark.parametrize(("report", "read"), [("blocks", blocks), ("daily", prices)])
def test_what_the_mcp_server_passes_on_is_the_same(report: str, read: Callable[[bytes], Any]) -> None:
    said = json.loads((HISTORY / "out" / "mcp_18.0.11" / f"call_{report}.json").read_text())["content"][0]["text"]
    assert read(said.encode()) == read((HISTORY / "out" / "v18.0.11" / f"{report}.json").read_bytes())


@captured("*daily*", but="no-cost")
def test_the_prices_of_every_captured_daily_report(file: Path) -> None:
    """Rows with `date` and with `period`, of Claude and of all agents."""
    if "instances" in file.name:
        with pytest.raises(CcusageError, match="not a daily report"):
            prices(file.read_bytes())
    else:
        assert prices(file.read_bytes()) == BOTH | {SONNET: file.parent.name != "v15.10.0"}


def daily(*rows: dict[str, Any]) -> bytes:
    days = [{"modelBreakdowns": [{"modelName": "a", "cost": 0.5, "inputTokens": 9} | row]} for row in rows]
    return json.dumps({"daily": days}).encode()


@pytest.mark.parametrize(
    ("rows", "priced"),
    [
        ([{}], True),
        ([{"missingPricing": True}], False),
        ([{"missingPricing": False}], True),
        ([{"cost": 0, "missingPricing": True}, {}], False),
        ([{}, {"cost": 0.0}], False),
        ([{"cost": -0.0}], False),
        ([{"cost": 0, "inputTokens": 0, "cacheReadTokens": 7}], False),
        ([{"cost": -0.0, "inputTokens": 0.0}], True),
    ],
)
def test_a_price_is_missing_where_ccusage_says_so_or_tokens_cost_nothing(rows: list[Any], priced: bool) -> None:  # noqa: FBT001
    assert prices(daily(*rows)) == {"a": priced}


def block(**changes: Any) -> bytes:
    row = {"startTime": "2026-11-22T00:00:00.000Z", "endTime": "2026-11-22T05:00:00Z", "totalTokens": 7} | changes
    return json.dumps({"blocks": [{key: value for key, value in row.items() if value is not ...}]}).encode()


def test_fields_that_not_all_releases_print_may_be_missing() -> None:
    (row,) = blocks(block(totalTokens=7.0, unknown=[{}]))
    assert (row.tokens, row.last, row.models, math.isnan(row.cost_usd)) == (7, row.start, (), True)
    assert blocks(block(totalTokens=-0.0, actualEndTime=None))[0].tokens == 0
    assert prices(b'{"daily": [{"totalCost": -0.0}], "totals": {}}') == {}


@pytest.mark.parametrize("said", [b"", b" \r\n", b"null", b"[]", b"[]\n", b'{"blocks": [], "daily": []}'])
def test_there_are_many_ways_to_say_nothing(said: bytes) -> None:
    assert blocks(said) == []
    assert prices(said) == {}


GARBAGE = {
    "a page": b"<html>" + b"x" * 300,
    "an error": b"Error: no such command" + b" " * 300 + b".",
    "cut off": block()[:-9],
    "two answers": block() + block(),
    "binary": bytes(range(256)) * 9,
    "no UTF-8 in text": b'{"daily":[{"modelBreakdowns":[{"modelName":"\xff","cost":1}]}],"blocks":["\xff"]}',
    "without end": b"[" * 100_000,
    "without end inside": b'{"daily":[],"blocks":[],"x":' + b"[" * 100_000,
    "another report": b'{"weekly":[]}',
    "a number": b"7",
    "rows of null": b'{"blocks":[null],"daily":[null]}',
    "no rows": b'{"blocks":null,"daily":null}',
    "rows by name": b'{"blocks":{},"daily":{}}',
}


@pytest.mark.parametrize("read", [blocks, prices])
@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_report_is_refused_and_its_beginning_quoted(said: bytes, read: Callable[[bytes], Any]) -> None:
    with pytest.raises(CcusageError, match=r"^not a (blocks|daily) report \(") as error:
        read(said)
    quoted = literal_eval(str(error.value).split("): ", 1)[1])
    assert 0 < len(quoted) <= QUOTED
    assert said.decode("utf-8", "replace").startswith(quoted)


@pytest.mark.parametrize(
    "changes",
    [
        {"totalTokens": -1},
        {"totalTokens": 1e20},
        {"totalTokens": 2e12},
        {"costUSD": 1e308},
        {"costUSD": 2e9},
        {"startTime": "2026-02-30T00:00:00Z"},
        {"startTime": "20261122T000000Z"},
        {"actualEndTime": "10000-01-01T00:00:00Z"},
        {"totalTokens": "7"},
        {"totalTokens": None},
        {"totalTokens": ...},
        {"startTime": "2026-11-22T00:00:00"},
        {"startTime": "2026-13-22T00:00:00Z"},
        {"startTime": 1795305600},
        {"endTime": ...},
        {"endTime": "2026-11-22T03:00:00Z"},
        {"endTime": "9999-12-31T23:59:59-12:00"},
        {"isGap": "no"},
        {"costUSD": "1"},
        {"models": "a"},
    ],
    ids=str,
)
def test_a_report_with_one_wrong_value_is_refused(changes: dict[str, Any]) -> None:
    assert blocks(block())
    with pytest.raises(CcusageError, match="not a blocks report"):
        blocks(block(**changes))


FAR = [
    ("0000-12-31T00:00:00.000Z", "0000-12-31T05:00:00.000Z"),
    ("0001-01-01T00:00:00.000Z", "0001-01-01T05:00:00.000Z"),
    ("1970-01-01T00:00:00Z", "1970-01-01T05:00:00Z"),
    ("9999-12-31T23:00:00.000Z", "10000-01-01T04:00:00.000Z"),
    ("10000-01-01T00:00:00.000Z", "10000-01-01T05:00:00.000Z"),
    ("+010000-01-01T00:00:00.000Z", "+010000-01-01T05:00:00.000Z"),
    ("-000001-12-31T00:00:00.000Z", "-000001-12-31T05:00:00.000Z"),
]


@pytest.mark.parametrize(("start", "end"), FAR)
def test_a_block_at_the_edge_of_the_calendar_costs_nothing_but_itself(start: str, end: str) -> None:
    """ccusage repeats what one broken log line says, for as long as that line is there."""
    assert blocks(block(startTime=start, endTime=end)) == []


def test_a_gap_may_last_for_ever() -> None:
    assert blocks(block(isGap=True, endTime="10000-01-01T00:00:00Z", totalTokens=0)) == []


def test_an_old_block_that_cannot_be_true_is_forgiven() -> None:
    absurd, at = block(totalTokens=1e18), NOW.timestamp()
    assert blocks(absurd, since=at + 86_400) == []
    with pytest.raises(CcusageError, match=r"the block of 2026-11-22T00:00:00.000Z has 1e\+18 tokens"):
        blocks(absurd, since=at)
    assert len(blocks(block(), since=at + 86_400)) == 1


@pytest.mark.parametrize("cost", [1e308, 1e9, 0.0])
def test_days_beyond_all_measure_do_not_matter_for_prices(cost: float) -> None:
    assert prices(daily({"cost": cost, "inputTokens": 1e300})) == {"a": cost > 0}


def test_rows_are_sorted_whatever_the_order() -> None:
    report = json.loads((HISTORY / "out" / "v20.0.24" / "blocks.json").read_bytes())
    report["blocks"].reverse()
    assert [row.tokens for row in blocks(json.dumps(report).encode())] == TOKENS["v20.0.24"]


def test_a_negative_cost_is_no_cost() -> None:
    assert math.isnan(blocks(block(costUSD=-5))[0].cost_usd)
    assert blocks(block(costUSD=-0.0))[0].cost_usd == 0


def test_the_mark_of_an_api_error_is_no_model_that_needs_a_price() -> None:
    """Before 20 it is listed in blocks, and in days it is not."""
    assert blocks(block(models=["a", "<synthetic>"]))[0].models == ("a",)
