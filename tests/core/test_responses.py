"""Which records are one response: against a known truth, in any order, with copies, snapshots and restarts between."""

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger

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
