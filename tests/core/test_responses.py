"""Which records are one response: against a known truth, in any order, with copies, snapshots and restarts between."""

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.responses import Group, covers, true_record

AT = 1_795_348_800.0
Line = tuple[str, str, Entry]
"""Message id, request id, entry."""


def entry(at: float, tokens: int, *, main: bool = True) -> Entry:
    return Entry(at, tokens, 0, 0, 0, -1, "claude-opus-5", main)


def snapshots(random: Random, at: float, tokens: int, *, main: bool = True) -> list[Entry]:
    """The lines of one response: it grows to `tokens`, then is repeated; each line is a moment later."""
    sizes = sorted(random.randint(0, tokens) for _ in range(random.randint(0, 3)))
    sizes += [tokens] * random.randint(1, 3)
    return [entry(at + number / 10, size, main=main) for number, size in enumerate(sizes)]


def history(random: Random) -> tuple[list[Line], int]:
    """Lines in the order of their time, and what was truly used."""
    lines: list[Line] = []
    truth = 0
    for number in range(random.randint(0, 8)):  # each response with an id of its own
        tokens, at = random.randint(1, 1000), AT + 10 * number
        said = snapshots(random, at, tokens, main=number % 4 > 0)
        lines += [(f"msg_{number}", f"req_{number}", e) for e in said]
        truth += tokens
        if number % 4 == 1:  # copied into a subagent's log, at its own time and size
            copy = entry(at + random.choice((0, 3)), random.randint(1, 2000), main=False)
            lines.append((f"msg_{number}", f"req_copy_{number}", copy))
    many = random.choice((0, 2, 3, 9))
    for number in range(many):  # a gateway with one id for all
        tokens, at = random.randint(1, 1000), AT + 500 + 10 * number
        said = snapshots(random, at, tokens, main=number < 2 or number % 3 > 0)
        lines += [("relay", f"req_relay_{number}", e) for e in said]
        truth += tokens
    return lines, truth


def total(lines: Iterable[Line]) -> int:
    ledger = Ledger()
    for message, request, one in lines:
        ledger.add(message, request, one)
    return sum(one.tokens for _, one in ledger)


@given(st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_in_any_order_and_however_often_the_total_is_the_truth(random: Random) -> None:
    lines, truth = history(random)
    assert total(lines) == truth
    again = lines + random.choices(lines, k=len(lines)) if lines else []
    random.shuffle(again)
    assert total(again) == truth


DAY = 24 * 3600.0
NOW = AT + 8 * DAY
WEEK_FROM = (NOW - 7 * DAY) // 3600 * 3600

entries = st.builds(
    entry,
    st.one_of(st.floats(0, 8 * DAY), st.integers(0, 8 * 24).map(lambda hours: hours * 3600.0)).map(
        lambda age: NOW - age
    ),
    st.integers(0, 9),
    main=st.booleans(),
)
lines = st.lists(st.tuples(st.just("m"), st.sampled_from(["r1", "r2", "r3"]), entries), max_size=12)


def of_the_week(items: list[Line]) -> int:
    """Tokens of the last week, written down from the rules."""
    true: dict[str, Entry] = {}
    for _, request, one in items:
        best = true.get(request)
        if best is None or (one.at >= WEEK_FROM, one.main, one.tokens, -one.at) > (
            best.at >= WEEK_FROM, best.main, best.tokens, -best.at,
        ):  # fmt: skip
            true[request] = one
    recent = [one for one in true.values() if one.at >= WEEK_FROM]
    mains = [one for one in recent if one.main]
    return sum(one.tokens for one in (mains if len(mains) == 1 else recent))


@given(lines, lines, st.booleans())
@settings(max_examples=500, deadline=None)
def test_what_is_older_than_a_week_has_no_say(before: list[Line], after: list[Line], restart: bool) -> None:  # noqa: FBT001
    ledger = Ledger()
    for one in before:
        ledger.add(*one)
    ledger.evict(NOW)
    if restart:
        again = Ledger()
        groups = {message: (group.records, group.reused) for message, group in ledger.groups.items()}
        again.restore(ledger.minutes, groups, ledger.evicted, ledger.week_from)
        ledger = again
    for one in after:
        ledger.add(*one)
    assert sum(one.tokens for _, one in ledger if one.at >= WEEK_FROM) == of_the_week(before + after)


def test_other_requests_on_the_main_chain_are_other_responses() -> None:
    assert total([("m", "r1", entry(AT, 5)), ("m", "r2", entry(AT, 5))]) == 10


def test_a_copy_of_a_sidechain_is_dropped_whoever_came_first() -> None:
    main, side = ("m", "r1", entry(AT, 5)), ("m", "r2", entry(AT + 60, 7, main=False))
    assert total([main, side]) == total([side, main]) == 5


def test_sidechains_without_a_main_chain_are_responses() -> None:
    one, other = ("m", "r1", entry(AT, 5, main=False)), ("m", "r2", entry(AT, 7, main=False))
    assert total([one, other]) == total([other, one]) == 12


def test_an_id_that_comes_back_in_one_subagent_makes_no_copies() -> None:
    ledger = Ledger()
    ledger.add("relay", "r1", entry(AT, 1))
    ledger.add("relay", "r2", entry(AT + 1, 10, main=False))
    assert len(ledger) == 1
    ledger.add("relay", "r3", entry(AT + 2, 100, main=False), reused=True)
    assert sum(one.tokens for _, one in ledger) == 111
    assert ledger.groups["relay"].is_reused


def test_the_ten_thousandth_response_of_one_id_changes_no_other() -> None:
    ledger = Ledger()
    for number in range(10_000):
        ledger.add("relay", f"r{number}", entry(AT + number, 1, main=number % 2 > 0))
    changes = ledger.groups["relay"].add("one more", entry(AT + 20_000, 1, main=False), reused=False)
    assert [key for key, _, _ in changes] == ["one more"]
    assert len(ledger) == 10_001


HOUR = 3600.0


def plainly(records: list[tuple[str, Entry]], week_from: float, *, reused: bool) -> tuple[dict[str, Entry], bool]:
    """What counts of one id's records, and whether it is reused, written down from the rules."""
    true: dict[str, Entry] = {}
    for key, one in records:
        best = true.get(key)
        rank = one.at >= week_from, one.main, one.tokens, -one.at
        if best is None or rank > (best.at >= week_from, best.main, best.tokens, -best.at):
            true[key] = one
    mains = sum(one.main and one.at >= week_from for one in true.values())
    sides = mains == 0 or mains > 1 or reused
    return {key: one for key, one in true.items() if one.main or sides}, reused or mains > 1


def test_a_group_counts_by_the_rules_and_tells_each_change_once() -> None:
    rng = Random(5)
    for _ in range(150):
        week_from, reused, records = AT, False, list[tuple[str, Entry]]()
        group, told = Group({}, reused=False, week_from=AT), dict[str, Entry]()
        for _ in range(rng.randint(1, 14)):
            if rng.random() < 0.2:
                week_from += HOUR * rng.randint(0, 2)
                horizon = week_from - 2 * HOUR
                records = [(key, one) for key, one in records if one.at >= horizon]
                changes = group.settle(week_from, horizon)
            else:
                at = week_from + HOUR * rng.choice((-1.5, -1, 0, 0.5, 1, 2.5))
                one = entry(at, rng.randint(0, 3), main=rng.random() < 0.4)
                key, again = rng.choice("abc"), rng.random() < 0.05
                records.append((key, one))
                reused |= again
                changes = group.add(key, one, reused=again)
            for key, old, new in changes:
                assert told.get(key) is old
                assert old is not new
                if new is None:
                    del told[key]
                else:
                    told[key] = new
            assert told == group.counted
            assert (group.counted, group.is_reused) == plainly(records, week_from, reused=reused)


def test_a_record_covers_what_is_older_by_the_hour_and_no_better() -> None:
    small, large = entry(AT, 1), entry(AT + HOUR, 2)
    assert covers(large, small)
    assert not covers(small, large)
    assert covers(entry(AT, 2), entry(AT + HOUR - 1, 1)), "of one hour"
    assert not covers(entry(AT, 2), entry(AT + HOUR, 1)), "the week's edge may come between them"
    assert covers(small, entry(AT, 1)), "its equal"


def test_the_records_since_the_edge_decide_also_one_at_it() -> None:
    old, new = entry(AT - 1, 9), entry(AT, 1)
    assert true_record([old, new], AT) is new
    assert true_record([old, new], AT + 1) is old
    assert true_record([old, new], AT - 1) is old


def test_of_what_a_copy_covers_nothing_is_kept() -> None:
    group = Group({}, reused=False, week_from=AT - DAY)
    for tokens in (1, 2, 3, 3):
        group.add("a", entry(AT + tokens, tokens), reused=False)
    assert [one.tokens for one in group.records["a"]] == [3]
    group.settle(AT, AT + HOUR)
    assert (group.records, group.counted) == ({}, {})
