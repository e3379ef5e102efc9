"""One snapshot of one or several readings: what the vectors leave open, at the very edges."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.reading import Limits, Quota, Ratio, Reading, Window
from gauge_mqtt.core.snapshot import snapshot

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STALL = timedelta(minutes=5)
TINY = timedelta(milliseconds=1)
BIG = 1_000_000


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def reading(source: str = "one", **facts: Any) -> Reading:
    return Reading(**{"source": source, "observed_at": NOW, "sees_turns": True, **facts})


def of(*readings: Reading, limits: Limits = Limits(), **how: Any) -> Usage:  # noqa: B008 (frozen)
    return snapshot(readings, limits, "lab", NOW, **how)


def quota(used_percent: float, **facts: Any) -> Quota:
    return Quota(**{"used_percent": used_percent, "resets_at": NOW + timedelta(hours=1), "seen_at": NOW, **facts})


def test_without_readings_everything_is_unknown() -> None:
    usage = of()
    assert usage.source == "none"
    assert {usage.rate_1m, usage.idle, usage.stall, usage.stall_reason, usage.warn, usage.redline} == {None}


def test_the_first_reading_that_knows_a_fact_is_believed() -> None:
    one = reading("one", rate_tokens=1, refused=None)
    two = reading("two", rate_tokens=2, refused=3, window_5h=Window(tokens=5))
    usage = of(one, two, one)
    assert (usage.rate_1m, usage.refused_lines, usage.window_5h_tokens, usage.source) == (1, 3, 5, "one+two")


def test_a_rate_of_zero_is_known_and_wins_over_a_later_one() -> None:
    assert of(reading(rate_tokens=0), reading(rate_tokens=7)).rate_1m == 0


# --- fuels and warnings


def test_what_everybody_should_know_of_a_source_stands_behind_the_names_once() -> None:
    short = {"note": "telemetry short"}
    assert of(reading("prometheus", **short), reading("jsonl"), reading("jsonl", **short)).source == (
        "prometheus+jsonl (telemetry short)"
    )
    assert of(reading("demo", note="DEMO"), reading("demo", **short)).source == "demo (DEMO, telemetry short)"


def test_an_official_share_of_five_decimals_keeps_four() -> None:
    assert of(reading(quota_5h=quota(12.3456))).window_5h_pct == 0.1235
    assert of(reading(quota_7d=quota(99.996))).window_7d_pct == 1.0
    week = of(reading(quota_model=quota(12.3456, model="opus")))
    assert (week.model_week_pct, week.model_week_name) == (0.1235, "opus")


def test_a_share_of_a_ceiling_keeps_four_decimals_and_ends_at_one() -> None:
    limits = Limits(ceiling_5h=70_000, ceiling_7d=70_000)
    usage = of(reading(window_5h=Window(tokens=10_000), window_7d=Window(tokens=70_001)), limits=limits)
    assert (usage.window_5h_pct, usage.window_7d_pct) == (0.1429, 1.0)
    assert (usage.window_5h_source, usage.window_7d_source) == ("ceiling", "ceiling")
    assert usage.window_5h_asof == NOW


def test_each_fuel_has_its_own_ceiling_quota_and_cost() -> None:
    facts = reading(
        window_5h=Window(tokens=10, cost_usd=1.5), window_7d=Window(tokens=20, cost_usd=9.5), quota_7d=quota(50)
    )
    usage = of(facts, limits=Limits(ceiling_5h=100, ceiling_7d=1))
    assert (usage.window_5h_pct, usage.window_7d_pct) == (0.1, 0.5)
    assert (usage.window_5h_source, usage.window_7d_source) == ("ceiling", "official")
    assert (usage.cost_5h_usd, usage.cost_7d_usd) == (1.5, 9.5)
    assert usage.window_7d_resets_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("tokens", "reasons"), [((80, 80), ()), ((81, 80), ("fuel_5h",)), ((80, 81), ("fuel_7d",)),
                            ((81, 81), ("fuel_5h", "fuel_7d"))],
)  # fmt: skip
def test_a_fuel_warns_strictly_above_080(tokens: tuple[int, int], reasons: tuple[str, ...]) -> None:
    windows = {"window_5h": Window(tokens=tokens[0]), "window_7d": Window(tokens=tokens[1])}
    usage = of(reading(**windows), limits=Limits(ceiling_5h=100, ceiling_7d=100))
    assert (usage.warn_reasons, usage.warn) == (reasons, bool(reasons))


def test_a_fuel_known_and_the_cache_unknown_is_enough_to_judge() -> None:
    limits = Limits(ceiling_5h=100, ceiling_7d=100)
    for window in ("window_5h", "window_7d"):
        usage = of(reading(**{window: Window(tokens=10)}), limits=limits)
        assert (usage.warn, usage.warn_reasons) == (False, ()), window
    only_cache = of(reading(cache=Ratio(part=1, whole=2)), limits=limits)
    assert (only_cache.warn, only_cache.warn_reasons) == (False, ())
    assert of(reading(), limits=limits).warn is None


@pytest.mark.parametrize(
    ("part", "whole", "below", "warns"),
    [(99_999, 200_000, 0.5, True), (100_000, 200_000, 0.5, False), (0, 199_999, 0.5, False), (0, 200_000, 0.5, True),
     (0, BIG, 0.0, False), (899_999, BIG, 0.9, True), (900_000, BIG, 0.9, False)],
)  # fmt: skip
def test_the_cache_warns_below_its_limit_once_there_is_enough_of_it(
    part: int,
    whole: int,
    below: float,
    warns: bool,  # noqa: FBT001
) -> None:
    usage = of(reading(cache=Ratio(part=part, whole=whole)), limits=Limits(cache_warn_below=below))
    assert usage.warn_reasons == (("cache",) if warns else ())


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(1, 3, 0.3333), (0, 0, None), (0, 1, 0.0), (2, 1, 1.0), (-1, 1, 0.0), (1, 1, 1.0)],
)
def test_a_ratio_is_divided_with_care(part: int, whole: int, shown: float | None) -> None:
    ratio = Ratio(part=part, whole=whole)
    usage = of(reading(thinking=ratio, cache=ratio))
    assert (usage.thinking_ratio, usage.cache_hit_rate) == (shown, shown)


# --- redline and HOT


@pytest.mark.parametrize(
    ("set_", "busy", "redline"), [(None, None, (None, None)), (None, 7999, (8000, "history")),
                                  (None, 8001, (8001, "history")), (100, 9000, (100, "set"))],
)  # fmt: skip
def test_a_redline_is_set_or_learned(
    set_: int | None, busy: int | None, redline: tuple[int | None, str | None]
) -> None:
    usage = of(reading(busy_minute_tokens=busy), limits=Limits(redline=set_))
    assert (usage.redline, usage.redline_source) == redline


@pytest.mark.parametrize(
    ("rate", "was_hot", "hot"),
    [(1000, False, False), (1001, False, True), (1000, True, True), (901, True, True), (900, True, False),
     (901, False, False), (None, True, None)],
)  # fmt: skip
def test_hot_has_a_band(rate: int | None, was_hot: bool, hot: bool | None) -> None:  # noqa: FBT001
    before = of(reading(rate_tokens=2000), limits=Limits(redline=1000)) if was_hot else None
    assert of(reading(rate_tokens=rate), limits=Limits(redline=1000), before=before).hot is hot


def test_hot_is_unknown_without_a_redline() -> None:
    assert of(reading(rate_tokens=BIG)).hot is None


# --- two sources


def test_of_two_sources_the_newest_model_is_shown() -> None:
    old = reading("old", model="claude-opus-5-5", model_at=ago(minutes=2))
    new = reading("new", model="claude-haiku-4-5", model_at=ago(minutes=1))
    for both in ((old, new), (new, old)):
        assert of(*both).last_model == "haiku"


@pytest.mark.parametrize(("at", "known"), [(ago(hours=5) + TINY, True), (ago(hours=5), False)])
def test_a_model_is_known_for_less_than_five_hours(at: datetime, known: bool) -> None:  # noqa: FBT001
    usage = of(reading(model="claude-opus-5-5", model_at=at))
    assert (usage.last_model, usage.last_model_id) == (("opus", "claude-opus-5-5") if known else (None, None))


def test_of_two_sources_the_newest_telemetry_is_shown() -> None:
    pair = reading("old", telemetry_at=ago(minutes=2)), reading("new", telemetry_at=ago(minutes=1))
    for both in (pair, pair[::-1]):
        assert of(*both, reading()).telemetry_at == ago(minutes=1)


@pytest.mark.parametrize(("since", "late"), [(STALL + TINY, True), (STALL, False)])
def test_exactly_after_its_time_nothing_is_late_yet(since: timedelta, late: bool) -> None:  # noqa: FBT001
    at = NOW - since
    assert of(reading(failing_since=at)).stall_reason == ("source" if late else "none")
    for heard in (at, ago(hours=1)):
        assert of(reading(open_turn_at=at, telemetry_at=heard)).stall_reason == ("turn" if late else "none")
    assert of(reading(sees_turns=False, activity_at=at)).stall_reason == ("silence" if late else "none")


def test_a_set_time_is_what_late_is_measured_by() -> None:
    late = Limits(stall_after=timedelta(minutes=1))
    assert of(reading(open_turn_at=ago(minutes=2), telemetry_at=ago(minutes=2)), limits=late).stall_reason == "turn"


def test_an_open_turn_of_one_source_is_not_late_while_another_source_hears_something() -> None:
    waiting = reading("waits", open_turn_at=ago(minutes=9), telemetry_at=ago(minutes=9))
    assert of(waiting).stall_reason == "turn"
    for heard, reason in ((ago(minutes=5), "none"), (ago(minutes=5) - TINY, "turn")):
        other = reading("other", telemetry_at=heard)
        for both in ((waiting, other), (other, waiting)):
            assert of(*both).stall_reason == reason


def test_the_oldest_open_turn_that_is_not_given_up_is_late() -> None:
    fresh = reading("fresh", open_turn_at=ago(minutes=1), telemetry_at=ago(minutes=6))
    old = reading("old", open_turn_at=ago(minutes=6), telemetry_at=ago(minutes=6))
    for both in ((fresh, old), (old, fresh)):
        assert of(*both).stall_reason == "turn"


@pytest.mark.parametrize(("since", "waits"), [(timedelta(hours=5) - TINY, True), (timedelta(hours=5), False)])
def test_a_turn_is_waited_for_during_five_hours(since: timedelta, waits: bool) -> None:  # noqa: FBT001
    usage = of(reading(open_turn_at=NOW - since, telemetry_at=NOW - since, rate_tokens=0))
    assert (usage.stall_reason, usage.idle) == (("turn", False) if waits else ("none", True))


@pytest.mark.parametrize(("ahead", "counts"), [(10, True), (10.001, False)])
def test_what_is_ahead_of_our_clock_speaks_for_nobody(ahead: float, counts: bool) -> None:  # noqa: FBT001
    """Ten seconds are the usual difference between clocks."""
    later = NOW + timedelta(seconds=ahead)
    waiting = reading("waits", open_turn_at=ago(minutes=9), telemetry_at=ago(minutes=9))
    assert of(waiting, reading("ahead", telemetry_at=later)).stall_reason == ("none" if counts else "turn")
    assert of(reading(rate_tokens=0, open_turn_at=later)).idle is not counts


def test_a_blind_source_is_not_asked_for_silence_beside_one_that_sees_turns() -> None:
    blind = reading("blind", sees_turns=False, activity_at=ago(minutes=9))
    assert of(blind).stall_reason == "silence"
    for both in ((blind, reading("sighted")), (reading("sighted"), blind)):
        assert of(*both).stall_reason == "none"


def test_of_two_blind_sources_one_with_tokens_is_enough() -> None:
    silent = reading("silent", sees_turns=False, activity_at=ago(minutes=9))
    live = reading("live", sees_turns=False, activity_at=ago(minutes=1))
    for both in ((silent, live), (live, silent)):
        assert of(*both).stall_reason == "none"
    assert of(silent, silent).stall_reason == "silence"
    assert of(reading(sees_turns=False)).stall_reason == "none", "its samples are old: it says nothing"


def test_a_source_that_has_not_looked_yet_says_nothing() -> None:
    unseen = Reading(source="unseen", open_turn_at=ago(minutes=9), telemetry_at=ago(minutes=9))
    assert of(unseen).stall_reason is None
    assert of(unseen).stall is None
    assert of(unseen, reading()).stall_reason == "none"


@pytest.mark.parametrize(
    ("rate", "failing", "idle"), [(0, None, True), (1, None, False), (None, None, None), (0, ago(minutes=9), False)]
)
def test_idle_is_a_known_rate_of_zero_without_a_stall(
    rate: int | None,
    failing: datetime | None,
    idle: bool | None,  # noqa: FBT001
) -> None:
    assert of(reading(rate_tokens=rate, failing_since=failing)).idle is idle
