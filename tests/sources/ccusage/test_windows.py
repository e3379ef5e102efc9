"""The plan windows in ccusage's blocks, by rule."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.core.reading import Account, Window
from gauge_mqtt.sources.ccusage.report import CcusageBlock, account, window_5h, window_7d

NOW = datetime(2026, 11, 22, 2, 33, 3, tzinfo=UTC)
AT, HOUR, WEEK = NOW.timestamp(), 3600, 7 * 86400
PRICED = {"a": True, "b": True, "free": False}
NOTHING = Window(tokens=0, cost_usd=0.0)


def unasked(_after: float, _upto: float) -> int:
    raise AssertionError("no block is cut by the edge of the week")


def spent(start: float, last: float, tokens: int = 1000, cost: float = 2.0, *models: str) -> CcusageBlock:
    """Times in hours from `NOW`."""
    return CcusageBlock(AT + start * HOUR, AT + (start + 5) * HOUR, AT + last * HOUR, tokens, cost, models or ("a",))


def test_without_an_active_block_the_window_is_empty_and_has_no_end() -> None:
    assert window_5h([], PRICED, NOW) == NOTHING
    assert window_5h([spent(-20, -16), spent(-6, -5.5)], PRICED, NOW) == NOTHING


def test_a_block_is_over_at_its_very_end() -> None:
    rows = [spent(-5, -0.1)]
    assert window_5h(rows, PRICED, NOW) == NOTHING
    assert window_5h(rows, PRICED, NOW - timedelta(seconds=1)) == Window(tokens=1000, cost_usd=2.0, ends_at=NOW)


def test_a_block_may_begin_an_hour_ahead_of_our_clock_and_no_more() -> None:
    near, far = [spent(1, 1)], [spent(1.01, 1.01)]
    assert window_5h(near, PRICED, NOW).tokens == 1000
    assert window_7d(near, PRICED, NOW, unasked) == Window(tokens=1000, cost_usd=2.0)
    assert window_5h(far, PRICED, NOW) == window_7d(far, PRICED, NOW, unasked) == NOTHING


def test_of_two_active_blocks_the_later_one_is_the_window_and_both_are_in_the_week() -> None:
    rows = [spent(-4, -1, 10), spent(0.5, 0.6, 200)]
    assert window_5h(rows, PRICED, NOW).tokens == 200
    assert window_7d(rows, PRICED, NOW, unasked) == Window(tokens=210, cost_usd=4.0)


def test_the_account_has_every_block_and_no_cost_where_a_model_has_no_price() -> None:
    rows = [spent(-400, -399, 5), spent(-20, -16, 10, 1.5), spent(-5, -1, 200, 0.0, "a", "free")]
    assert account(rows, PRICED) == Account(
        since=-math.inf,
        tokens={int(row.start): row.tokens for row in rows},
        cost_usd={int(rows[0].start): 2.0, int(rows[1].start): 1.5, int(rows[2].start): None},
        unit_s=1,
    )


def test_whole_blocks_are_in_the_week_or_out_of_it() -> None:
    rows = [spent(-168 - 4, -168), spent(-168, -165, 10), spent(-5, -1, 200)]
    assert window_7d(rows, PRICED, NOW, unasked) == Window(tokens=210, cost_usd=4.0)


def test_of_a_block_that_the_edge_cuts_the_tail_knows_the_tokens_and_the_cost_is_their_share() -> None:
    asked = []

    def tail(after: float, upto: float) -> int:
        asked.append((after, upto))
        return 250

    rows = [spent(-170, -166), spent(-5, -1, 10)]
    assert window_7d(rows, PRICED, NOW, tail) == Window(tokens=260, cost_usd=2.5)
    assert asked == [(AT - WEEK, AT - 166 * HOUR)]


def test_the_tail_cannot_make_a_cut_block_larger_than_it_is() -> None:
    assert window_7d([spent(-170, -166)], PRICED, NOW, lambda *_: 9999) == Window(tokens=1000, cost_usd=2.0)
    assert window_7d([spent(-170, -166, 0)], PRICED, NOW, lambda *_: 0) == NOTHING


def test_the_week_is_unknown_while_the_tail_does_not_know_the_cut_block() -> None:
    assert window_7d([spent(-170, -166), spent(-5, -1)], PRICED, NOW, lambda *_: None) is None
    assert window_5h([spent(-170, -166), spent(-4, -1)], PRICED, NOW).tokens == 1000


@pytest.mark.parametrize(
    "row",
    [
        spent(-4, -1, 10, 2.0, "a", "free"),
        spent(-4, -1, 10, 2.0, "never seen"),
        spent(-4, -1, 10, math.nan),
        spent(-4, -1, 10, 0.0)._replace(models=()),
    ],
    ids=["unpriced", "unknown", "no cost", "tokens of no model"],
)
def test_a_cost_that_would_leave_something_out_is_none_and_never_zero(row: CcusageBlock) -> None:
    for window in (window_5h([row], PRICED, NOW), window_7d([row, spent(-50, -49)], PRICED, NOW, unasked)):
        assert window is not None
        assert window.tokens in {10, 1010}
        assert window.cost_usd is None


def test_only_the_models_within_the_window_matter_to_its_cost() -> None:
    rows = [spent(-200, -199, 1, 0.0, "free"), spent(-50, -49, 1, 0.0, "free"), spent(-4, -1)]
    assert window_5h(rows, PRICED, NOW).cost_usd == 2.0
    assert window_7d(rows[::2], PRICED, NOW, unasked) == Window(tokens=1000, cost_usd=2.0)


def test_a_cost_is_no_negative_zero() -> None:
    cost = window_5h([spent(-4, -1, 10, -0.0)], PRICED, NOW).cost_usd
    assert cost == 0
    assert math.copysign(1, cost) == 1
