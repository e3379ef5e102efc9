"""What a ledger lets go of, and what it still takes, to the second."""

import pytest

from gauge_mqtt.core.ledger import Ledger
from tests.core.test_ledger import AT, HOUR, entry, ledger_of

KEEP = 8 * 24 * HOUR
"""A week and a day; `AT` is on the hour, as the edge is."""


@pytest.mark.parametrize(("age", "kept"), [(KEEP, True), (KEEP + 1, False), (KEEP - 1, True), (KEEP + HOUR, False)])
def test_a_week_and_a_day_is_kept(age: float, kept: bool) -> None:  # noqa: FBT001
    ledger = ledger_of([("new", entry(0)), ("old", entry(age))])
    ledger.evict(AT)
    assert len(ledger) == 1 + kept
    assert len(list(ledger)) == len(ledger)
    assert sum(sums.tokens for sums in ledger.hours.values()) == 100 * len(ledger)


def test_at_the_edge_itself_a_record_is_still_taken_and_before_it_not() -> None:
    ledger = ledger_of([("new", entry(0)), ("old", entry(KEEP + 60))])
    ledger.evict(AT)
    assert ledger.evicted[0] == AT - KEEP
    assert ledger.add("edge", "", entry(KEEP)) is True
    assert ledger.add("past", "", entry(KEEP + 0.001)) is False
    assert len(ledger) == 2


def test_each_record_that_changes_the_account_is_counted_as_a_change() -> None:
    ledger = Ledger()
    assert ledger.changes == 0
    for message, tokens, changes in (("a", 10, 1), ("a", 10, 1), ("a", 20, 2), ("a", 15, 2), ("b", 5, 3)):
        before = ledger.changes
        assert ledger.add(message, "", entry(60, tokens)) is (changes > before)
        assert ledger.changes == changes
    assert len(ledger) == 2


def test_nothing_is_let_go_while_nothing_is_old() -> None:
    ledger = ledger_of([("a", entry(0)), ("b", entry(HOUR))])
    ledger.evict(AT)
    assert ledger.evicted == (float("-inf"), None)
    assert len(ledger) == 2


def test_the_week_begins_on_an_hour() -> None:
    ledger = ledger_of([("a", entry(0))])
    ledger.evict(AT + 100)
    assert ledger.week_from == AT - 168 * HOUR


def test_what_comes_late_and_is_too_old_is_let_go_at_the_next_look() -> None:
    ledger = ledger_of([("new", entry(0))])
    ledger.evict(AT)
    assert ledger.add("old", "", entry(KEEP + HOUR))
    ledger.evict(AT)
    assert [key for key, _ in ledger] == ["new\n"]
    assert list(ledger.hours) == [AT // HOUR]


@pytest.mark.parametrize("age", [0, 1, 59])
def test_the_block_at_the_edge_ends_before_it(age: float) -> None:
    """What is remembered is of the records that were let go, without those of the edge's own minute."""
    ledger = ledger_of([("new", entry(0)), ("edge", entry(KEEP - age)), ("gone", entry(KEEP + 1800))])
    ledger.evict(AT)
    block = ledger.evicted[1]
    assert block is not None
    assert (block.first, block.last) == (AT - KEEP - 1800, AT - KEEP - 1800)
