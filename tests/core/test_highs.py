"""The full mark `history`: only what is finished and wholly known counts, and each day is kept for thirty."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.blocks import Block, opened
from gauge_mqtt.core.highs import DAY, UNKNOWN_HIGHS, Day, Highs, History, highs, remember
from gauge_mqtt.core.reading import Account

HOUR = 3600
TODAY = 20_779 * DAY
"""Midnight, UTC."""


def instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def account(tokens: Mapping[int, float], since: float = -inf) -> Account:
    """`tokens` by the hour before (below 0) or after `TODAY`."""
    return Account(since=since, tokens={TODAY // HOUR + hour: count for hour, count in tokens.items()})


def known(accounts: Account | Iterable[Account], hour: float = 0, origin: str = "here") -> Highs:
    """Of accounts that were all looked at so many hours after `TODAY`."""
    now, history = instant(TODAY + hour * HOUR), History()
    for one in [accounts] if isinstance(accounts, Account) else accounts:
        history = remember(history, one, "here", now)
    return highs(history, origin, now)


def test_nothing_is_known_without_a_finished_block() -> None:
    assert known(account({})) == UNKNOWN_HIGHS
    assert known(account({10: 70}), hour=14.99) == UNKNOWN_HIGHS
    assert known(account({10: 70}), hour=15) == Highs(block=70)


def test_a_block_begins_with_its_first_hour_and_takes_five() -> None:
    tokens = {-20: 1, -16: 10, -15: 100, -11: 1000, -10: 5}
    assert known(account(tokens)).block == 1100
    assert known(account({-3: 9, -30: 4})).block == 4, "the block under way does not count"


def test_what_may_have_begun_before_all_is_known_is_no_block() -> None:
    since = TODAY - 30 * HOUR
    assert known(account({-27: 50, -23: 60, -19: 70}, since)).block is None, (
        "no pause of five hours: where do they begin?"
    )
    assert known(account({-26: 50, -23: 60}, since)).block == 110, "whatever was before is over"
    assert known(account({-27: 500, -22: 60, -21: 1}, since)).block == 61
    assert known(account({-40: 999, -20: 1}, since)).block == 1, "what is not complete does not count"
    assert known(account({-40: 999, -27: 1}, since)).block is None, "nor does it show a pause"
    assert known(account({-20: 1}, inf)).block is None


@given(
    st.lists(st.integers(0, 120), min_size=1, max_size=40, unique=True),
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(60, 140),
)
def test_it_is_the_largest_of_the_real_blocks(hours: list[int], cut: int | None, now: int) -> None:
    """Whatever part of the history a source sees, it finds no block that is none."""
    real: list[tuple[Block, int]] = []
    for hour in sorted(hours):
        at = TODAY + hour * HOUR + 1
        if hour < now and (not real or not real[-1][0].takes(at)):
            real.append((opened(at), 0))
        if hour < now:
            real[-1] = (real[-1][0], real[-1][1] + 1 + hour)
    finished = [tokens for block, tokens in real if block.end <= TODAY + now * HOUR]
    seen = {hour: 1 + hour for hour in hours if cut is None or hour >= cut}
    found = known(account(seen, -inf if cut is None else TODAY + cut * HOUR), hour=now).block
    if cut is None:
        assert found == max(finished, default=None)
    else:
        assert found is None or found in finished


def test_blocks_of_ccusage_are_taken_as_they_are() -> None:
    blocks = {TODAY - 50 * HOUR: 40.0, TODAY - 45 * HOUR: 90.0, TODAY - 2 * HOUR: 1000.0}
    assert known(Account(since=-inf, tokens=blocks, unit_s=1)).block == 90


def test_a_week_is_seven_whole_days_in_a_row() -> None:
    tokens = {-24 * day: day for day in range(1, 10)}
    assert known(account(tokens)).week == sum(range(3, 10))
    assert known(account(tokens), hour=23.9).week == sum(range(3, 10)), "the day under way does not count"
    week = {hour: count for hour, count in tokens.items() if hour >= -24 * 7}
    assert known(account(week, TODAY - 7 * DAY)).week == sum(range(1, 8))
    assert known(account(week, TODAY - 7 * DAY + 1)).week is None, "its first day is not whole"
    afternoon = {hour + 18: count for hour, count in week.items()}
    assert known(account(afternoon, TODAY - 7 * DAY)).week == sum(range(1, 8))
    assert known(account(afternoon, TODAY - 7 * DAY + 1)).week is None


def test_the_first_days_of_somebody_are_no_week() -> None:
    assert known(account({-24 * 3: 500, -24: 1})).week is None
    assert known(account({-24 * 7: 500, -24: 1})).week == 501


def test_a_pause_is_part_of_a_week() -> None:
    assert known(account({-24 * 20: 500, -24: 1})).week == 500


def test_days_add_up_over_looks_of_a_source_that_reaches_back_six_days() -> None:
    history = History()
    for day in range(12):
        now = TODAY + day * DAY + 60
        seen = {24 * before + 3: 10 + before for before in range(max(0, day - 7), day)}
        history = remember(history, account(seen, now - 6.5 * DAY), "here", instant(now))
        history = msgspec.json.decode(msgspec.json.encode(history), type=History)
    assert highs(history, "here", instant(now)) == Highs(block=20, week=sum(range(14, 21)))


def test_a_gap_in_what_is_known_is_in_no_week() -> None:
    def of(days: range) -> Account:
        return account({-24 * day: 10 for day in days}, TODAY - days[-1] * DAY)

    then, now = instant(TODAY - 6 * DAY), instant(TODAY)
    history = remember(remember(History(), of(range(7, 13)), "here", then), of(range(1, 6)), "here", now)
    assert highs(history, "here", now).week is None
    assert highs(remember(history, of(range(1, 7)), "here", now), "here", now).week == 70


def test_thirty_days_later_it_is_forgotten() -> None:
    history = remember(
        History(), account({-24 * 8: 1000, **{-24 * day: 1 for day in range(1, 8)}}), "here", instant(TODAY)
    )
    for day, block, week in (
        (0, 1000, 1006),
        (22, 1000, 1006),
        (23, 1, 1006),
        (28, 1, 1006),
        (29, 1, 7),
        (30, None, None),
    ):
        assert highs(history, "here", instant(TODAY + day * DAY)) == Highs(block, week), day


def test_nothing_is_kept_for_longer_than_it_can_count() -> None:
    history = History()
    for day in range(0, 400, 3):
        now = instant(TODAY + day * DAY)
        history = remember(history, account({24 * one: 1 for one in range(max(0, day - 60), day)}), "here", now)
    assert len(history.days) <= 30 + 7 + 1
    for day in range(400, 800, 3):
        history = remember(history, account({}), "here", instant(TODAY + day * DAY))
    assert len(history.days) <= 30 + 7 + 7 + 1


def test_a_larger_value_of_a_day_stays_and_a_later_one_may_raise_it() -> None:
    small, large = account({-30: 5}), account({-30: 5, -29: 3})
    assert known([large, small]).block == 8
    assert known([small, large]).block == 8


def test_of_another_origin_nothing_is_kept() -> None:
    block = account({-30: 5})
    assert known(block, origin="there") == UNKNOWN_HIGHS
    history = remember(remember(History(), block, "there", instant(TODAY)), account({-30: 2}), "here", instant(TODAY))
    assert highs(history, "here", instant(TODAY)).block == 2


def test_a_clock_that_leaps_ahead_empties_nothing() -> None:
    tokens = account({-24 * day: 10 for day in range(1, 9)})
    history = remember(History(), tokens, "here", instant(TODAY))
    leapt = remember(history, tokens, "here", instant(TODAY + 300 * DAY))
    assert highs(leapt, "here", instant(TODAY + 300 * DAY)) == UNKNOWN_HIGHS
    assert highs(leapt, "here", instant(TODAY)) == highs(history, "here", instant(TODAY)) == Highs(10, 70)


def test_a_clock_that_is_set_back_makes_no_day_whole_that_is_not_over() -> None:
    tokens = account({-24 * 6: 10, 12: 900, 36: 5000})
    history = remember(History(), tokens, "here", instant(TODAY + 2 * DAY))
    assert highs(history, "here", instant(TODAY + 2 * DAY)) == Highs(5000, 5900)
    assert highs(history, "here", instant(TODAY + 20 * HOUR)) == Highs(900, None)


def test_a_record_of_the_future_waits() -> None:
    assert known(account({-30: 5, 24 * 400: 10**6})).block == 5


@pytest.mark.parametrize("amount", [nan, inf, -1, 1e16])
def test_of_an_account_that_cannot_be_true_nothing_is_learned(amount: float) -> None:
    assert known(account({-30: 5, -60: amount})) == UNKNOWN_HIGHS


def test_an_account_of_fractions_is_rounded() -> None:
    assert known(account({-30: 5.4, -29: 5.4})).block == 11


def test_thirty_seven_days_before_the_newest_are_kept_and_a_week_behind_it() -> None:
    history = remember(History(), account({-24 * 40: 7, -24: 5}), "here", instant(TODAY))
    assert min(history.days) == TODAY // DAY - 37
    assert max(history.days) == TODAY // DAY - 1
    newest = TODAY // DAY - 1
    kept = remember(history, account({}), "here", instant(TODAY + 20 * DAY)).days
    assert (min(kept), max(kept)) == (newest - 36, newest + 7)
    one_more = History(
        origin="here", days={newest - 38: Day(tokens=1), newest - 37: Day(tokens=1), newest: Day(tokens=1)}
    )
    assert sorted(remember(one_more, account({}, inf), "here", instant(TODAY)).days) == [newest - 37, newest]


def test_stretches_of_one_hour_are_one_and_a_block_begins_on_the_hour() -> None:
    begun = TODAY - 5 * HOUR
    blocks = Account(since=-inf, tokens={begun + 60: 3, begun + 120: 4}, unit_s=1)
    assert known(blocks).block == 7
    assert known(Account(since=-inf, tokens={begun + 60: 3}, unit_s=1), hour=-0.01).block is None


def test_nothing_and_the_most_that_can_be_are_amounts() -> None:
    assert known(account({-30: 0, -20: 5})).block == 5
    assert known(account({-30: 1e15})).block == 10**15


def test_a_fault_is_no_record() -> None:
    """Neither more than one stretch can be, nor more than is kept on disk."""
    assert known(account({-30: 1e15 + 1})) == UNKNOWN_HIGHS
    for amount in (0, 10**18):
        assert msgspec.json.decode(b'{"tokens":%d}' % amount, type=Day).tokens == amount
    for amount in (-1, 10**18 + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(b'{"tokens":%d}' % amount, type=Day)


def test_what_is_kept_is_named_and_never_changes() -> None:
    assert History() == History(origin="", days={})
    for kept, name in ((Day(), "tokens"), (History(), "origin")):
        with pytest.raises(AttributeError):
            setattr(kept, name, None)
        with pytest.raises(TypeError):
            type(kept)(None)
