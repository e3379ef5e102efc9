"""When the ledger needs to remember more of a response than its one entry, and what it forgets in between."""

from math import inf
from random import Random

from gauge_mqtt.core.blocks import Block, walk
from gauge_mqtt.core.entries import Entry, Sums
from gauge_mqtt.core.ledger import Ledger
from tests.core.test_ledger import AT, HOUR, entry, ledger_of

DAY = 24 * HOUR


def test_an_ordinary_response_needs_no_group() -> None:
    """It grows, is repeated and copied within its hour: one entry stands for all of that."""
    ledger = Ledger()
    assert ledger.add("m", "r", entry(90, 10))
    assert ledger.add("m", "r", entry(89, 20))
    assert not ledger.add("m", "r", entry(88, 20))
    assert not ledger.add("m", "r", entry(91, 5))
    assert (ledger.groups, ledger.changes, len(ledger)) == ({}, 2, 1)


def test_other_requests_of_one_id_are_a_group_and_each_change_counts() -> None:
    ledger = Ledger()
    for request, tokens, changed in (("a", 10, True), ("b", 20, True), ("b", 20, False), ("b", 30, True)):
        before = ledger.changes
        assert ledger.add("m", request, entry(60, tokens)) is changed
        assert ledger.changes == before + changed
    assert list(ledger.groups) == ["m"]
    assert sum(one.tokens for _, one in ledger) == 40


def test_an_id_that_is_reused_from_the_first_is_a_group_at_once() -> None:
    ledger = Ledger()
    assert ledger.add("m", "a", entry(60, 10, main=False), reused=True)
    assert ledger.groups["m"].is_reused
    assert ledger.reused_ids() == {"m": ["a"]}
    known = ledger_of([("n", entry(60, 10))])
    known.add("n", "", entry(60, 10), reused=True)
    assert list(known.groups) == ["n"]
    assert len(known) == 1


def test_a_name_of_advice_is_no_reused_id() -> None:
    ledger = Ledger()
    for message in ("m", "m\nadvice"):
        ledger.add(message, "a", entry(60, 1), reused=True)
    assert ledger.reused_ids() == {"m": ["a"]}


def test_of_one_response_that_is_known_to_be_no_other_nothing_is_reused() -> None:
    ledger = ledger_of([("m", entry(60, 10))])
    ledger.add("m", "side", entry(50, 10, main=False))
    assert ledger.reused_ids() == {}


def test_a_record_that_moves_to_a_newer_hour_leaves_the_old_one() -> None:
    """Also where that was summed before and is over."""
    ledger = ledger_of([("m", entry(50 * HOUR - 77, 10)), ("n", entry(0, 1))])
    assert ledger.sums(AT - 100 * HOUR, AT).tokens == 11
    ledger.add("m", "", entry(0, 500))
    assert ledger.sums(AT - 100 * HOUR, AT).tokens == 501
    ledger.add("late", "", entry(40 * HOUR, 7000))
    assert ledger.sums(AT - 100 * HOUR, AT).tokens == 7501


def test_a_block_under_way_knows_its_newest_record() -> None:
    ledger = ledger_of([("a", entry(3000, 1))])
    for age in (3000, 60, 90):
        ledger.add(f"{age}", "", entry(age, 1))
        block = ledger.latest_block(AT)
        assert block is not None
        assert block.last == AT - min(age, 60 if age < 3000 else 3000)


def test_the_sums_of_nothing_are_nothing() -> None:
    ledger = Ledger()
    assert ledger.complete_since == inf
    assert ledger.sums(0, AT) == Sums()
    assert ledger.latest_block(AT) is None


def test_sums_are_right_between_any_two_minutes() -> None:
    """Of a record a minute over four hours, each with a number of tokens that tells it apart."""
    rng = Random(1)
    found = [(f"{n}", entry(60 * n + rng.choice((0, 7, 31)), n * n + 1)) for n in range(240)]
    ledger = ledger_of(found)
    for _ in range(400):
        after, upto = sorted(AT - rng.choice((60, 1)) * rng.randint(0, 250) for _ in range(2))
        assert ledger.sums(after, upto).tokens == sum(one.tokens for _, one in found if after < one.at <= upto)


def test_sums_over_days_are_right_whatever_came_between_two_looks() -> None:
    rng, found = Random(2), list[tuple[str, Entry]]()
    ledger = Ledger()
    for n in range(300):
        age = rng.choice((rng.uniform(0, 6 * DAY), rng.uniform(0, 3 * HOUR), HOUR * rng.randint(0, 100)))
        found.append((f"{n}", entry(age, n * n + 1)))
        ledger.add(*[found[-1][0], "", found[-1][1]])
        if n % 2:
            after = AT - rng.choice((7 * DAY, 30 * HOUR, 25 * HOUR, 26 * HOUR - 40, rng.uniform(0, 6 * DAY)))
            upto = AT + rng.choice((0, 0, 2 * HOUR, -HOUR))
            assert ledger.sums(after, upto).tokens == sum(e.tokens for _, e in found if after < e.at <= upto), n


def block_of(found: list[Entry], upto: float) -> Block | None:
    return walk(None, sorted(one.at for one in found if one.at // 60 <= upto // 60))


def test_the_block_is_that_of_all_records_up_to_any_minute() -> None:
    """Asked in any order and while records come, with pauses of about five hours between them."""
    rng = Random(3)
    for _ in range(60):
        ledger, found, age = ledger_of([]), list[Entry](), 0.0
        for n in range(rng.randint(1, 9)):
            age += rng.choice((60, 600, 5 * HOUR, 5 * HOUR - 60, 5 * HOUR + 1, 5 * HOUR + 60, 9 * HOUR, 17))
            found.append(entry(age, n + 1))
        rng.shuffle(found)
        for n, one in enumerate(found):
            ledger.add(f"{n}", "", one)
            upto = AT - rng.choice((0, 0, rng.uniform(0, age)))
            assert ledger.latest_block(upto) == block_of(found[: n + 1], upto)


def test_of_half_a_history_a_block_is_right_or_unknown() -> None:
    """Known back to an instant, it is told only after a pause of more than 5 h since then: of what is before, there may
    be more.
    """
    rng, told = Random(4), 0
    for _ in range(200):
        instants = [AT - rng.choice((60, 300, HOUR)) * rng.randint(0, 40) for _ in range(rng.randint(1, 5))]
        found = [entry(AT - at, 1) for at in instants]
        since = AT - rng.choice((60, 60, 59, 300)) * rng.randint(0, 200)
        later = [one for one in found if one.at > since]
        ledger = ledger_of([(f"{n}", one) for n, one in enumerate(found)], complete_since=since)
        block = ledger.latest_block(AT)
        newest = max((one.at for one in later), default=None)
        expected = None
        if newest is not None:
            chain = sorted(one.at for one in later)
            pauses = [b - a for a, b in zip([since, *chain], chain, strict=False)]
            if any(pause > 5 * HOUR for pause in pauses):
                expected = block_of(later, AT)
        assert block == expected
        told += block is not None
    assert told > 20


def test_a_remembered_block_goes_on_over_the_edge() -> None:
    """Without a pause since the edge its start is the one that was remembered there."""
    found = [entry(1800 * n + 60, 1) for n in range(24 * 2 * 9)]
    ledger = ledger_of([(f"{n}", one) for n, one in enumerate(found)])
    whole = [ledger.latest_block(AT - day * DAY) for day in range(8)]
    ledger.evict(AT)
    assert [ledger.latest_block(AT - day * DAY) for day in range(8)] == whole
    ledger.complete_since = ledger.evicted[0]
    assert ledger.latest_block(AT) == whole[0]
    ledger.complete_since = ledger.evicted[0] + 1
    assert ledger.latest_block(AT) is None, "what was let go of is not all there was"
