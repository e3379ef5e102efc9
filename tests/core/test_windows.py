"""What a ledger says at an instant, at the edges of its windows."""

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_mqtt.core import windows
from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import Ratio, TokenCounts
from tests.core.test_ledger import AT, HOUR, NOW, active_block, chosen, entry, ledger_of, records

WEEK = 168 * HOUR
QUARTER_PAST = NOW + timedelta(minutes=15, seconds=17)


@given(records)
@settings(max_examples=150, deadline=None)
def test_thinking_equals_the_naive_account(items: list[tuple[str, Entry]]) -> None:
    """Of the active block's responses those that report their thinking, and their output."""
    reported = [e for e in active_block(chosen(items))[0] if e.thinking >= 0]
    whole = sum(e.output for e in reported)
    expected = Ratio(part=sum(e.thinking for e in reported), whole=whole) if whole else None
    assert windows.read(ledger_of(items), NOW, "t").thinking == expected


def thought(age: float, thinking: int, output: int = 100) -> Entry:
    return Entry(AT - age, 0, output, 0, 0, thinking, "claude-opus-5", main=True)


def test_thinking_is_of_those_that_report_it() -> None:
    block = [("a", thought(60, 30)), ("b", thought(50, -1, 900)), ("c", thought(40, 0, 50))]
    before = [("z", thought(9 * HOUR, 77))]
    reading = windows.read(ledger_of(before + block), NOW, "t")
    assert reading.thinking == Ratio(part=30, whole=150)
    assert windows.read(ledger_of(block[1:2]), NOW, "t").thinking is None


@given(records, st.floats(-2 * HOUR, 9 * 24 * HOUR), st.floats(-2 * HOUR, 9 * 24 * HOUR))
@settings(max_examples=150, deadline=None)
def test_tokens_between_two_instants_equal_the_naive_account(
    items: list[tuple[str, Entry]], early: float, late: float
) -> None:
    after, upto = AT - max(early, late), AT - min(early, late)
    tokens = sum(e.tokens for e in chosen(items) if after < e.at <= upto)
    assert windows.tokens_between(ledger_of(items), after, upto) == tokens


def test_tokens_between_take_the_second_instant_and_not_the_first() -> None:
    ledger = ledger_of([("a", entry(60, 1)), ("b", entry(30, 10))])
    assert windows.tokens_between(ledger, AT - 60, AT - 30) == 10
    assert windows.tokens_between(ledger, AT - 60.001, AT - 30) == 11
    assert windows.tokens_between(ledger, AT - 60, AT - 30.001) == 0


def test_tokens_between_are_unknown_unless_all_of_them_are_read() -> None:
    ledger = ledger_of([("a", entry(60))], complete_since=AT - 100)
    assert windows.tokens_between(ledger, AT - 100, AT) == 100
    assert windows.tokens_between(ledger, AT - 100.001, AT) is None


@given(records, st.floats(-2 * HOUR, 9 * 24 * HOUR), st.floats(-2 * HOUR, 9 * 24 * HOUR))
@settings(max_examples=150, deadline=None)
def test_counts_between_two_instants_are_by_class(items: list[tuple[str, Entry]], early: float, late: float) -> None:
    after, upto = AT - max(early, late), AT - min(early, late)
    found = [e for e in chosen(items) if after < e.at <= upto]
    assert windows.counts_between(ledger_of(items), after, upto) == TokenCounts(
        input=sum(e.input for e in found), output=sum(e.output for e in found),
        cache_read=sum(e.cache_read for e in found), cache_creation=sum(e.cache_creation for e in found),
    )  # fmt: skip


def test_counts_between_are_unknown_unless_all_of_them_are_read() -> None:
    ledger = ledger_of([("a", entry(60))], complete_since=AT - 100)
    assert windows.counts_between(ledger, AT - 100, AT) == TokenCounts(input=100)
    assert windows.counts_between(ledger, AT - 100.001, AT) is None


@pytest.mark.parametrize(("ahead", "counted"), [(3659.999, True), (3660, False)])
def test_what_is_an_hour_ahead_is_let_in_to_the_end_of_its_minute(ahead: float, counted: bool) -> None:  # noqa: FBT001
    """Looked at half a second before the minute is over: an hour later is the last half second of that minute."""
    reading = windows.read(ledger_of([("a", entry(-ahead))]), NOW + timedelta(seconds=59.5), "t")
    assert reading.window_7d is not None
    assert reading.window_5h is not None
    assert (reading.window_7d.tokens, reading.window_5h.tokens) == ((100, 100) if counted else (0, 0))
    assert reading.sees_turns
    assert reading.source == "t"


@pytest.mark.parametrize(("age", "counted"), [(WEEK, 0), (WEEK - 0.001, 100), (WEEK - 60, 100), (WEEK + 60, 0)])
def test_the_week_ends_to_the_record_also_in_the_hour_that_its_edge_cuts(age: float, counted: int) -> None:
    """Looked at off the hour, so that the oldest hour counts in part."""
    at = QUARTER_PAST.timestamp()
    ledger = Ledger()
    ledger.add("edge", "", Entry(at - age, 100, 0, 0, 0, -1, None, main=True))
    ledger.add("inside", "", Entry(at - WEEK + 40 * 60, 7, 0, 0, 0, -1, None, main=True))
    ledger.add("before", "", Entry(at - WEEK - 14 * 60, 1000, 0, 0, 0, -1, None, main=True))
    ledger.complete_since = -inf
    window = windows.read(ledger, QUARTER_PAST, "t").window_7d
    assert window is not None
    assert window.tokens == counted + 7


@given(records, st.integers(0, 3599))
@settings(max_examples=150, deadline=None)
def test_the_week_equals_the_naive_account_at_any_second_of_an_hour(items: list[tuple[str, Entry]], late: int) -> None:
    now = NOW + timedelta(seconds=late)
    at = now.timestamp()
    week = sum(e.tokens for e in chosen(items) if e.at > at - WEEK and e.at // 60 <= (at + HOUR) // 60)
    window = windows.read(ledger_of(items), now, "t").window_7d
    assert window is not None
    assert window.tokens == week


@pytest.mark.parametrize(("span", "field"), [(60, "rate_tokens"), (300, "cache")])
def test_a_short_window_is_known_once_the_logs_are_read_that_far(span: float, field: str) -> None:
    for since, known in ((AT - span, True), (AT - span + 0.001, False)):
        reading = windows.read(ledger_of([("a", entry(5))], complete_since=since), NOW, "t")
        assert (getattr(reading, field) is not None) == known


def test_the_week_is_known_once_the_logs_are_read_that_far() -> None:
    for since, known in ((AT - WEEK, True), (AT - WEEK + 0.001, False)):
        ledger = ledger_of([("a", entry(5))], complete_since=since)
        assert (windows.read(ledger, NOW, "t").window_7d is not None) == known
        assert (windows.busy_minute(ledger, NOW) is not None) == known


def block_of(ledger: Ledger, now: datetime = NOW) -> tuple[int, datetime | None] | None:
    window = windows.read(ledger, now, "t").window_5h
    return None if window is None else (window.tokens, window.ends_at)


def test_a_record_just_past_start_and_five_hours_is_of_the_next_block() -> None:
    start = AT - 5 * HOUR
    for past, tokens, end in ((0.0, 11, None), (0.001, 10, NOW + timedelta(hours=5))):
        ledger = ledger_of([])
        ledger.add("first", "", Entry(start + 60, 1, 0, 0, 0, -1, None, main=True))
        ledger.add("last", "", Entry(start + 5 * HOUR + past, 10, 0, 0, 0, -1, None, main=True))
        found = block_of(ledger, NOW + timedelta(seconds=1))
        assert found == ((tokens, end) if end else (0, None)), past


def test_a_record_in_the_last_minute_of_a_remembered_block_goes_on_with_it() -> None:
    """The block is remembered between two looks; what comes in its last minute belongs to it, what comes later not."""
    start = AT - 5 * HOUR
    ledger = ledger_of([("first", entry(5 * HOUR - 60, 1))])
    now = NOW - timedelta(seconds=20)
    assert block_of(ledger, now) == (1, NOW)
    ledger.add("late", "", Entry(start + 5 * HOUR - 30, 10, 0, 0, 0, -1, None, main=True))
    assert block_of(ledger, now) == (11, NOW)
    ledger.add("next", "", Entry(start + 5 * HOUR + 5, 100, 0, 0, 0, -1, None, main=True))
    assert block_of(ledger, NOW + timedelta(seconds=6)) == (100, NOW + timedelta(hours=5))


def test_an_earlier_record_moves_the_start_of_a_remembered_block() -> None:
    ledger = ledger_of([("a", entry(3600, 1))])
    assert block_of(ledger) == (1, NOW + timedelta(hours=4))
    ledger.add("b", "", entry(2 * HOUR, 10))
    assert block_of(ledger) == (11, NOW + timedelta(hours=3))


@pytest.mark.parametrize(("since", "known"), [(5 * HOUR, True), (5 * HOUR - 0.001, False)])
def test_no_record_for_five_hours_is_an_empty_window(since: float, known: bool) -> None:  # noqa: FBT001
    assert block_of(ledger_of([], complete_since=AT - since)) == ((0, None) if known else None)


def test_a_chain_that_is_not_known_back_to_a_pause_is_no_block() -> None:
    """Where its block starts may depend on what is not read yet."""
    items = [("a", entry(60, 1))]
    assert block_of(ledger_of(items, complete_since=AT - 60 - 5 * HOUR)) is None
    assert block_of(ledger_of(items, complete_since=AT - 61 - 5 * HOUR)) == (1, NOW + timedelta(hours=4))


def test_the_newest_model_waits_for_what_may_still_be_unread() -> None:
    ledger = ledger_of([("a", entry(60))], complete_since=AT - 60)
    assert windows.read(ledger, NOW, "t").model is None
    ledger.complete_since = AT - 60.001
    assert windows.read(ledger, NOW, "t").model == "claude-opus-5"


def test_a_response_at_the_instant_up_to_which_the_logs_are_read_is_not_known_yet() -> None:
    """Also where something of the same minute is: there may be more at that very instant."""
    side = entry(59, main=False, model="claude-haiku-4")
    reading = windows.read(ledger_of([("a", entry(60)), ("b", side)], complete_since=AT - 60), NOW, "t")
    assert (reading.model, reading.activity_at) == (None, datetime.fromtimestamp(AT - 59, UTC))


def test_of_two_models_at_one_instant_one_is_always_the_same() -> None:
    pair = [("a", entry(60, model="claude-opus-5")), ("b", entry(60, model="claude-haiku-4"))]
    for items in (pair, pair[::-1]):
        assert windows.read(ledger_of(items), NOW, "t").model == "claude-opus-5"


def test_activity_is_also_a_sidechains() -> None:
    reading = windows.read(
        ledger_of([("a", entry(60)), ("b", entry(20, main=False, model="claude-haiku-4"))]), NOW, "t"
    )
    assert (reading.model, reading.model_at) == ("claude-opus-5", datetime.fromtimestamp(AT - 60, UTC))
    assert reading.activity_at == datetime.fromtimestamp(AT - 20, UTC)


def test_the_account_has_the_hours_in_which_something_was_used() -> None:
    ledger = ledger_of([("a", entry(60, 5)), ("b", entry(2 * HOUR, 0)), ("c", entry(3 * HOUR, 7))], AT - WEEK)
    account = windows.read(ledger, NOW, "t").account
    assert account is not None
    assert account.since == AT - WEEK
    assert account.tokens == {int(AT // HOUR) - 1: 5, int(AT // HOUR) - 3: 7}
