"""The totals: whatever happens between two looks, they tell each token once, and never fall."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.reading import Account
from gauge_mqtt.core.totals import SETTLED_S, UNCOUNTED, Counted, Counter, Totals, advance

HOUR = 3600
START = 1_795_000_000 // HOUR * HOUR
DAY = 24 * HOUR


def instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@dataclass
class Logs:
    """What a source that counts by the hour would say. `read_back_to`: how far its history is read."""

    records: list[tuple[float, int]] = field(default_factory=list)
    read_back_to: float = -inf

    def account(self) -> Account:
        hours: dict[int, float] = {}
        for at, tokens in self.records:
            if at >= self.read_back_to:
                hours[int(at // HOUR)] = hours.get(int(at // HOUR), 0) + tokens
        return Account(since=self.read_back_to, tokens=hours)


@dataclass
class Publisher:
    """Looks, saves, dies and starts again."""

    logs: Logs
    origin: str = "here"
    totals: Totals = field(default_factory=Totals)
    saved: bytes = field(default_factory=lambda: msgspec.json.encode(Totals()))

    def look(self, at: float) -> Counted:
        self.totals, counted = advance(self.totals, self.logs.account(), self.origin, instant(at))
        return counted

    def save(self) -> None:
        self.saved = msgspec.json.encode(self.totals)

    def restart(self) -> None:
        self.totals = msgspec.json.decode(self.saved, type=Totals)


def test_it_begins_at_nothing_whatever_was_used_before() -> None:
    publisher = Publisher(Logs([(START - 5 * HOUR, 900), (START - 10, 7)]))
    assert publisher.look(START) == Counted(0, None)
    publisher.logs.records.append((START + 5, 43))
    assert publisher.look(START + 6) == Counted(43, None)


def test_nothing_is_known_until_a_day_has_been_read() -> None:
    publisher = Publisher(Logs([(START - 10, 7)], read_back_to=START - SETTLED_S + 1))
    assert publisher.look(START) == UNCOUNTED
    publisher.logs.read_back_to = START - SETTLED_S
    assert publisher.look(START).tokens == 0
    assert advance(publisher.totals, None, "here", instant(START)) == (publisher.totals, UNCOUNTED)


def test_what_was_used_while_nobody_looked_is_counted_at_the_next_start() -> None:
    publisher = Publisher(Logs())
    publisher.look(START)
    publisher.save()
    publisher.logs.records += [(START + HOUR, 100), (START + 3 * DAY, 20), (START + 6 * DAY, 3)]
    publisher.restart()
    assert publisher.look(START + 6 * DAY + 1).tokens == 123


def test_after_a_long_absence_the_kept_amounts_stand_for_what_can_no_longer_be_read() -> None:
    publisher = Publisher(Logs())
    publisher.look(START)
    publisher.logs.records += [(START + HOUR, 100)]
    assert publisher.look(START + 2 * HOUR).tokens == 100
    publisher.save()
    publisher.restart()
    back = START + 10 * DAY
    publisher.logs.records += [(back - 60, 5)]
    publisher.logs.read_back_to = back - 7 * DAY
    assert publisher.look(back).tokens == 105
    publisher.logs.records += [(back + 60, 1)]
    assert publisher.look(back + 61).tokens == 106


def test_records_that_are_lost_do_not_make_it_fall_nor_count_twice_when_they_return() -> None:
    publisher = Publisher(Logs())
    publisher.look(START)
    gone = [(START + 60, 100), (START + 120, 50)]
    publisher.logs.records = list(gone)
    assert publisher.look(START + 180).tokens == 150
    publisher.logs.records = []
    assert publisher.look(START + 240).tokens == 150
    publisher.logs.records = [*gone, (START + 250, 1)]
    assert publisher.look(START + 260).tokens == 151


def test_with_another_origin_it_goes_on_from_where_it_stands() -> None:
    publisher = Publisher(Logs([(START + 1, 40)]))
    publisher.look(START)
    publisher.logs.records.append((START + 2, 2))
    assert publisher.look(START + 3).tokens == 2
    there = Publisher(Logs([(START, 1_000_000)]), "there", publisher.totals)
    assert there.look(START + 4).tokens == 2
    there.logs.records.append((START + 5, 3))
    assert there.look(START + 6).tokens == 5
    back = Publisher(publisher.logs, "here", there.totals)
    assert back.look(START + 7).tokens == 5


def test_a_clock_that_leaps_ahead_and_returns_loses_nothing() -> None:
    publisher = Publisher(Logs([(START - 60, 1)]))
    publisher.look(START)
    assert publisher.look(START + 30 * DAY).tokens == 0
    publisher.logs.records.append((START + 60, 7))
    assert publisher.look(START + 61).tokens == 7


def test_records_of_a_wrong_clock_wait_until_their_time_comes() -> None:
    far = START + 30 * DAY
    publisher = Publisher(Logs([(START - 60, 1), (far, 1_000), (253_402_300_799, 5)]))
    publisher.look(START)
    publisher.logs.records.append((START + 60, 7))
    assert publisher.look(START + 61).tokens == 7
    assert publisher.look(far + 1).tokens == 1_007


def test_costs_are_unknown_while_a_stretch_has_no_price_and_go_on_afterwards() -> None:
    def look(totals: Totals, at: float, costs: dict[int, float | None]) -> tuple[Totals, float | None]:
        account = Account(since=-inf, tokens=dict.fromkeys(costs, 10), cost_usd=costs, unit_s=1)
        totals, counted = advance(totals, account, "ccusage", instant(at))
        return totals, counted.cost_usd

    totals, cost = look(Totals(), START, {START - HOUR: 2.5})
    assert cost == 0
    totals, cost = look(totals, START + 60, {START - HOUR: 2.75})
    assert cost == 0.25
    totals, cost = look(totals, START + 70, {START - HOUR: 2.75, START: None})
    assert cost is None
    totals, cost = look(totals, START + 80, {START - HOUR: 2.75, START: 0.5})
    assert cost == 0.75
    for odd in (inf, -1.0, float("nan"), 1.7e308):
        totals, cost = look(totals, START + 90, {START - HOUR: odd, START: odd})
        assert cost is None
    totals, cost = look(totals, START + 100, {START - HOUR: 2.75, START: 0.25})
    assert cost == 0.75  # a price that was corrected downwards


STEP = st.one_of(
    st.tuples(st.just("use"), st.integers(1, 10**6)),
    st.tuples(st.just("late"), st.integers(1, 10**6)),
    st.tuples(st.just("pass"), st.integers(1, 3 * DAY)),
    st.tuples(st.sampled_from(["save", "crash", "stop", "half read"]), st.just(0)),
)


@given(st.lists(STEP, max_size=60))
def test_whatever_happens_every_token_is_counted_once(steps: list[tuple[str, int]]) -> None:
    """`late`: a record of up to 23 h ago. `crash`: what was not saved is lost, but for the anchor."""
    publisher = Publisher(Logs([(START - 7 * HOUR, 5)]))
    at, used, shown = float(START), 0, 0
    publisher.look(at)
    publisher.save()
    for what, number in steps:
        match what:
            case "use" | "late":
                publisher.logs.records.append((at if what == "use" else at - 23 * HOUR, number))
                used += number
            case "pass":
                at += number
            case "save":
                publisher.save()
            case "crash":
                publisher.restart()
            case "stop":
                publisher.save()
                publisher.restart()
            case "half read":
                publisher.logs.read_back_to = at - HOUR
                assert publisher.look(at) == UNCOUNTED
                publisher.logs.read_back_to = -inf
                continue
        counted = publisher.look(at).tokens
        assert counted == used
        assert counted >= shown
        shown = counted


def by_second(amounts: dict[int, float], since: float = -inf) -> Account:
    return Account(since=since, tokens=amounts, unit_s=1)


def counter(totals: Totals, account: Account, at: float = START) -> Counter:
    """What is kept of tokens after a look."""
    kept, _ = advance(totals, account, "here", instant(at))
    assert kept.tokens is not None
    return kept.tokens


def test_stretches_of_the_last_day_stay_open_and_older_ones_are_settled() -> None:
    """To the hour: a day before the look is in the midst of one."""
    at, edge = START + 1800, START - DAY
    account = by_second({START - 90 * HOUR: 1, edge - 1: 10, edge: 100, START: 1000})
    assert counter(Totals(), account, at) == Counter(
        origin="here", total=0, settled=-1100, since=edge, open={edge: 100, START: 1000}
    )


def test_it_is_settled_back_from_the_newest_stretch_if_that_is_older() -> None:
    newest = START - 30 * DAY + 60
    kept = counter(Totals(), by_second({START - 90 * DAY: 1, newest: 10}))
    assert (kept.since, kept.open) == (START - 31 * DAY + HOUR, {newest: 10})
    by_hour = Account(since=-inf, tokens={START // HOUR - 90 * 24: 1, START // HOUR - 30 * 24: 10})
    assert counter(Totals(), by_hour).since == START - 31 * DAY + HOUR
    assert counter(Totals(), by_second({})).since == START - DAY
    assert counter(Totals(), by_second({}, since=START - DAY + 0.0)).since == START - DAY


def test_a_stretch_up_to_an_hour_ahead_is_of_now() -> None:
    kept = counter(Totals(), by_second({START - 30 * DAY: 1, START + HOUR: 10, START + HOUR + 1: 100}))
    assert (kept.since, kept.open) == (START - DAY, {START + HOUR: 10})


def test_what_was_settled_stays_so_when_the_clock_is_set_back() -> None:
    account = by_second({START - 60: 5})
    first, _ = advance(Totals(), account, "here", instant(START))
    assert counter(first, account, START - 9 * HOUR).since == START - DAY
    assert counter(first, by_second({START + 5 * HOUR: 1}), START + 6 * HOUR).since == START - 18 * HOUR


def test_a_stretch_at_the_instant_since_when_all_is_known_is_counted_once() -> None:
    first, _ = advance(Totals(), by_second({START - DAY: 40, START - 60: 2}), "here", instant(START))
    again, counted = advance(first, by_second({START - DAY: 41, START - 60: 2}, START - DAY), "here", instant(START))
    assert counted.tokens == 1
    assert again.tokens is not None
    assert again.tokens.open == {START - DAY: 41, START - 60: 2}


def test_nothing_used_is_an_amount_and_no_end_of_it_is_none() -> None:
    assert advance(Totals(), by_second({START - 60: 0}), "here", instant(START))[1] == Counted(0, None)
    for odd in (inf, -1.0, float("nan")):
        assert advance(Totals(), by_second({START - 60: odd}), "here", instant(START)) == (Totals(), UNCOUNTED), odd


def test_costs_have_six_decimals() -> None:
    def account(usd: float) -> Account:
        return Account(since=-inf, tokens={}, cost_usd={START: usd}, unit_s=1)

    totals, _ = advance(Totals(), account(0.0), "here", instant(START))
    assert advance(totals, account(0.12345678), "here", instant(START))[1].cost_usd == 0.123457


def test_what_is_kept_is_named_and_never_changes() -> None:
    kept = Counter(origin="here", total=0, settled=0, since=0, open={})
    for one, name in ((Totals(), "tokens"), (kept, "total")):
        with pytest.raises(AttributeError):
            setattr(one, name, None)
        with pytest.raises(TypeError):
            type(one)(*one.__struct_fields__)
