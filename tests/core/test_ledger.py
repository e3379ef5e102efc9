"""The ledger against a naive account of the same records: order-free, duplicate-proof, exact, never negative."""

from datetime import UTC, datetime
from math import ceil, inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_mqtt.core import windows
from gauge_mqtt.core.blocks import walk
from gauge_mqtt.core.entries import Entry, Minute
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import Ratio, Reading
from gauge_mqtt.core.responses import Records

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = NOW.timestamp()
HOUR = 3600.0

counts = st.integers(0, 5000)
ages = st.one_of(
    st.floats(-1.5 * HOUR, 9 * 24 * HOUR),
    st.floats(-20, 400),
    st.sampled_from([60.0, 300.0, 5 * HOUR, 168 * HOUR, 0.0, -10.0]),
    st.integers(0, 12).map(lambda n: n * HOUR),
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    output = draw(counts)
    return Entry(
        at=AT - draw(ages),
        input=draw(counts),
        output=output,
        cache_read=draw(counts),
        cache_creation=draw(counts),
        thinking=draw(st.integers(-1, output)),
        model=draw(st.sampled_from(["claude-opus-5", "claude-haiku-4", None])),
        main=draw(st.booleans()),
    )


records = st.lists(st.tuples(st.sampled_from([f"msg_{n}" for n in range(12)]), entries()), max_size=40)


def ledger_of(items: list[tuple[str, Entry]], complete_since: float = -inf) -> Ledger:
    ledger = Ledger()
    for key, entry in items:
        ledger.add(key, "", entry)
    ledger.complete_since = complete_since
    return ledger


def rank(entry: Entry) -> tuple[object, ...]:
    """Main chain before sidechain, larger before smaller, earlier before later; the rest makes it total."""
    return (
        entry.main, entry.tokens, entry.thinking, -entry.at, entry.output, entry.cache_read, entry.input,
        entry.model or "",
    )  # fmt: skip


def chosen(items: list[tuple[str, Entry]], week_from: float = -inf) -> list[Entry]:
    """The one true record of each message, oldest first; those since `week_from` decide."""
    best: dict[str, Entry] = {}
    for key, entry in items:
        if key not in best or (entry.at >= week_from, rank(entry)) > (best[key].at >= week_from, rank(best[key])):
            best[key] = entry
    return sorted(best.values(), key=lambda e: e.at)


def naive_block(found: list[Entry]) -> tuple[int, float | None]:
    """Tokens and end of the active block."""
    block, end = active_block(found)
    return sum(e.tokens for e in block), end


def active_block(found: list[Entry]) -> tuple[list[Entry], float | None]:
    """What is in the active block, and its end, written down straight from ccusage's rule."""
    seen = [e for e in found if e.at // 60 <= (AT + HOUR) // 60]
    blocks: list[list[Entry]] = []
    for e in seen:
        if not blocks or e.at - blocks[-1][0].at // HOUR * HOUR > 5 * HOUR or e.at - blocks[-1][-1].at > 5 * HOUR:
            blocks.append([])
        blocks[-1].append(e)
    if not blocks:
        return [], None
    end = blocks[-1][0].at // HOUR * HOUR + 5 * HOUR
    if AT - blocks[-1][-1].at >= 5 * HOUR or end <= AT:
        return [], None
    return blocks[-1], end


def facts(reading: Reading) -> tuple[object, ...]:
    block = reading.window_5h
    return (reading.rate_tokens, reading.cache, block and block.tokens, block and block.ends_at, reading.window_7d)


@given(records)
@settings(max_examples=150, deadline=None)
def test_windows_equal_the_naive_account(items: list[tuple[str, Entry]]) -> None:
    found, reading = chosen(items), windows.read(ledger_of(items), NOW, "test")
    assert reading.rate_tokens == sum(e.tokens for e in found if AT - 60 < e.at <= AT + 10)
    recent = [e for e in found if AT - 300 < e.at <= AT + 10]
    read = sum(e.cache_read for e in recent)
    assert reading.cache == Ratio(part=read, whole=read + sum(e.input + e.cache_creation for e in recent))
    assert reading.window_7d is not None
    week = [e for e in found if e.at > AT - 168 * HOUR and e.at // 60 <= (AT + HOUR) // 60]
    assert reading.window_7d.tokens == sum(e.tokens for e in week)
    tokens, end = naive_block(found)
    assert reading.window_5h is not None
    assert reading.window_5h.tokens == tokens
    assert (reading.window_5h.ends_at.timestamp() if reading.window_5h.ends_at else None) == end


@given(records, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_order_does_not_matter(items: list[tuple[str, Entry]], random: object) -> None:
    shuffled = items[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert windows.read(ledger_of(items), NOW, "t") == windows.read(ledger_of(shuffled), NOW, "t")


@given(records)
@settings(max_examples=150, deadline=None)
def test_reading_everything_twice_changes_nothing(items: list[tuple[str, Entry]]) -> None:
    once, twice = ledger_of(items), ledger_of(items + items)
    assert list(once) == list(twice)
    assert not any(twice.add(key, "", entry) for key, entry in items)


@given(records, st.lists(st.integers(0, 40), max_size=8))
@settings(max_examples=150, deadline=None)
def test_looking_in_between_never_changes_the_answer(items: list[tuple[str, Entry]], looks: list[int]) -> None:
    """The cached block must not remember what a later record made untrue."""
    ledger = Ledger()
    ledger.complete_since = -inf
    for position, (key, entry) in enumerate(items):
        ledger.add(key, "", entry)
        if position in looks:
            windows.read(ledger, NOW, "t")
    assert windows.read(ledger, NOW, "t") == windows.read(ledger_of(items), NOW, "t")


@given(records)
@settings(max_examples=150, deadline=None)
def test_nothing_is_ever_negative(items: list[tuple[str, Entry]]) -> None:
    ledger = ledger_of(items)
    assert all(minute.entries for minute in ledger.minutes.values())
    for sums in [*ledger.hours.values(), *ledger.minutes.values()]:
        assert min(sums.tokens, sums.thinking, sums.reported, sums.cache_read) >= 0
        assert sums.thinking <= sums.reported
        assert sums.cache_read + sums.output <= sums.tokens
    thinking = windows.read(ledger, NOW, "t").thinking
    assert thinking is None or 0 <= thinking.part <= thinking.whole


@given(records, st.floats(0, 9 * 24 * HOUR))
@settings(max_examples=150, deadline=None)
def test_half_a_history_gives_the_true_value_or_none(items: list[tuple[str, Entry]], age: float) -> None:
    """While older files are still unread, what is said must already be right."""
    since = AT - age
    newer = [(key, entry) for key, entry in items if entry.at > since]
    keys = {key for key, _ in newer}
    history = [(key, entry) for key, entry in items if key not in keys or entry.at > since]
    whole = facts(windows.read(ledger_of(history), NOW, "t"))
    partial = facts(windows.read(ledger_of(newer, complete_since=since), NOW, "t"))
    assert all(part is None or part == true for part, true in zip(partial, whole, strict=True))


@given(records)
@settings(max_examples=150, deadline=None)
def test_letting_go_of_the_old_changes_no_window(items: list[tuple[str, Entry]]) -> None:
    of_the_week = chosen(items, (AT - 168 * HOUR) // HOUR * HOUR)
    before, after = ledger_of([(f"{n}", entry) for n, entry in enumerate(of_the_week)]), ledger_of(items)
    after.evict(AT)
    assert facts(windows.read(before, NOW, "t")) == facts(windows.read(after, NOW, "t"))
    assert windows.busy_minute(before, NOW) == windows.busy_minute(after, NOW)


def restored(ledger: Ledger) -> Ledger:
    """The same ledger after its way through the index."""
    state = ledger.minutes, {m: (group.records, group.reused) for m, group in ledger.groups.items()}
    minutes, groups = msgspec.msgpack.decode(
        msgspec.msgpack.encode(state), type=tuple[dict[int, Minute], dict[str, tuple[Records, bool]]]
    )
    again = Ledger()
    again.restore(minutes, groups, ledger.evicted, ledger.week_from)
    again.complete_since = ledger.complete_since
    return again


@given(records)
@settings(max_examples=150, deadline=None)
def test_saved_and_restored_it_is_the_same(items: list[tuple[str, Entry]]) -> None:
    ledger = ledger_of(items)
    ledger.evict(AT)
    again = restored(ledger)
    assert sorted(again, key=str) == sorted(ledger, key=str)
    assert again.hours == {hour: sums for hour, sums in ledger.hours.items() if hour in again.hours}
    assert windows.read(again, NOW, "t") == windows.read(ledger, NOW, "t")
    assert not any(again.add(key, "", entry) for key, entry in items)


@given(records, st.lists(st.sampled_from(["add", "evict", "restore"]), max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_letting_go_and_restarts_in_between_change_nothing(
    items: list[tuple[str, Entry]], events: list[str], random: object
) -> None:
    """The same id seen twice with days between counts the same in whatever order, and whenever the old was let go."""
    straight, ledger, left = ledger_of(items), ledger_of([]), items[:]
    random.shuffle(left)  # type: ignore[attr-defined]
    for event in events:
        if event == "add" and left:
            key, entry = left.pop()
            ledger.add(key, "", entry)
        elif event == "evict":
            ledger.evict(AT)
        else:
            ledger = restored(ledger)
    for key, entry in left:
        ledger.add(key, "", entry)
    for one in (straight, ledger):
        one.evict(AT)
    assert facts(windows.read(ledger, NOW, "t")) == facts(windows.read(straight, NOW, "t"))


def test_seen_again_eight_days_later_counts_in_any_order() -> None:
    """A start would not even read the older log: what it says must not decide."""
    old, new = entry(8 * 24 * HOUR - 60, 500), entry(30, 100)
    for first, second in ((old, new), (new, old)):
        for let_go in (False, True):
            ledger = ledger_of([("m", first)])
            if let_go:
                ledger.evict(AT)
            ledger.add("m", "", second)
            ledger.evict(AT)
            assert facts(windows.read(ledger, NOW, "t"))[0] == 100, (first, let_go)


@given(records)
@settings(max_examples=100, deadline=None)
def test_busy_minute_is_the_nearest_rank_percentile(items: list[tuple[str, Entry]]) -> None:
    minutes: dict[int, int] = {}
    for entry in chosen(items):
        minutes[int(entry.at // 60)] = minutes.get(int(entry.at // 60), 0) + entry.tokens
    first, last = (AT - 168 * HOUR) // 60, (AT + HOUR) // 60
    active = sorted(tokens for minute, tokens in minutes.items() if tokens and first < minute <= last)
    expected = active[ceil(len(active) * 0.95) - 1] if active else None
    assert windows.busy_minute(ledger_of(items), NOW) == expected


def entry(age: float, tokens: int = 100, *, main: bool = True, model: str = "claude-opus-5") -> Entry:
    return Entry(AT - age, tokens, 0, 0, 0, -1, model, main)


def test_the_main_record_beats_a_larger_sidechain_replay() -> None:
    ledger = ledger_of([("m", entry(100, 900, main=False)), ("m", entry(200, 500))])
    assert [e.tokens for _, e in ledger] == [500]


def test_of_equal_records_the_earliest_instant_stands() -> None:
    ledger = ledger_of([("m", entry(100)), ("m", entry(200))])
    assert [e.at for _, e in ledger] == [AT - 200]


def test_a_sidechain_is_not_the_last_model() -> None:
    ledger = ledger_of([("a", entry(50)), ("b", entry(10, main=False, model="claude-haiku-4"))])
    assert windows.read(ledger, NOW, "t").model == "claude-opus-5"


def test_a_record_far_in_the_future_waits_for_its_time() -> None:
    ledger = ledger_of([("a", entry(50)), ("junk", entry(-4 * 365 * 24 * HOUR, 7_000_000))])
    reading = windows.read(ledger, NOW, "t")
    assert reading.window_5h is not None
    assert reading.window_7d is not None
    assert (reading.rate_tokens, reading.window_5h.tokens, reading.window_7d.tokens) == (100, 100, 100)
    assert reading.model_at == datetime.fromtimestamp(AT - 50, UTC)


def test_a_clock_that_leaps_ahead_does_not_empty_the_ledger() -> None:
    ledger = ledger_of([("a", entry(50))])
    ledger.evict(AT + 365 * 24 * HOUR)
    assert len(ledger) == 1


def test_what_was_let_go_of_does_not_come_back() -> None:
    """A forked session repeats lines of last month: they must neither count nor move a block."""
    ledger = ledger_of([("new", entry(50)), ("old", entry(20 * 24 * HOUR))])
    ledger.evict(AT)
    before = windows.read(ledger, NOW, "t")
    assert not ledger.add("old", "", entry(20 * 24 * HOUR))
    assert len(ledger) == 1
    assert windows.read(ledger, NOW, "t") == before
    assert before.account is not None
    assert before.account.since == AT - (8 * 24 + 1) * HOUR, "of the hours before it the account does not know all"


def test_what_used_no_tokens_names_no_model_and_is_no_activity() -> None:
    used, unused = entry(50), entry(20, 0, model="claude-haiku-4-5")
    reading = windows.read(ledger_of([("used", used), ("unused", unused)]), NOW, "t")
    assert reading.model == "claude-opus-5"
    assert reading.model_at == reading.activity_at == datetime.fromtimestamp(used.at, UTC)
    only = windows.read(ledger_of([("unused", unused)]), NOW, "t")
    assert (only.model, only.activity_at) == (None, None)


def test_a_week_without_a_pause_keeps_the_true_block() -> None:
    """Block edges hang on records that are let go of; the edge is remembered with them."""
    items = [(f"m{n}", entry(n * HOUR * 0.97, n)) for n in range(1, 24 * 12)]
    ledger = ledger_of(items)
    tokens, end = naive_block(chosen(items))
    ledger.evict(AT)
    reading = windows.read(ledger, NOW, "t")
    assert len(ledger) < len(items)
    assert reading.window_5h is not None
    assert reading.window_5h.ends_at is not None
    assert (reading.window_5h.tokens, reading.window_5h.ends_at.timestamp()) == (tokens, end)


@pytest.mark.parametrize(("gap", "same_block"), [(5 * HOUR, True), (5 * HOUR + 0.001, False)])
def test_a_pause_of_exactly_five_hours_is_none(gap: float, same_block: bool) -> None:  # noqa: FBT001
    last = AT - HOUR
    block = ledger_of([("a", entry(AT - last + gap, 1)), ("b", entry(AT - last, 1))]).latest_block(AT)
    assert block is not None
    assert (block.first < last) == same_block and (block.last == last)  # noqa: PT018


@given(st.lists(st.floats(17_700, 18_300), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_the_block_under_way_is_that_of_a_walk_over_all_instants(gaps: list[float]) -> None:
    """Pauses about five hours long, of which some are none by a second."""
    instants = [AT - sum(gaps[number:]) for number in range(len(gaps))] + [AT]
    ledger = ledger_of([(f"{at}", Entry(at, 1, 0, 0, 0, -1, None, main=True)) for at in instants])
    assert ledger.latest_block(AT) == walk(None, instants)


def test_what_is_an_hour_ahead_of_our_clock_is_let_into_both_windows_by_the_minute() -> None:
    inside, outside = ("inside", entry(-HOUR - 59)), ("outside", entry(-HOUR - 60))
    reading = windows.read(ledger_of([("now", entry(1)), inside, outside]), NOW, "t")
    assert reading.window_5h is not None
    assert reading.window_7d is not None
    assert (reading.window_5h.tokens, reading.window_7d.tokens) == (200, 200)
