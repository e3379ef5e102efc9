"""The merge rules of the official percentages: one vector a rule, and a plain reading of the rules beside them.

In the vectors instants are minutes from `now` = 0; a sample is added when it was seen unless `added_at` says otherwise.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.quota import CACHE_S, FRESH, PlanWindow, QuotaBook, Sample, merge
from gauge_mqtt.core.reading import Quota

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("quota_vectors.json").read_text())


def instant(minutes: float) -> float:
    return NOW + round(minutes * 60)


def minutes(at: datetime) -> float:
    return round((at.timestamp() - NOW) / 60, 2)


def written(quota: Quota | None) -> dict[str, Any] | None:
    return quota and {
        "percent": quota.used_percent,
        "resets_at": minutes(quota.resets_at),
        "seen_at": minutes(quota.seen_at),
        "channel": quota.channel,
        "model": quota.model,
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["why"])
def test_vector(vector: dict[str, Any]) -> None:
    book = QuotaBook()
    for given_ in vector["samples"]:
        sample = Sample(
            given_["window"], given_["percent"], instant(given_["resets_at"]), instant(given_["seen_at"]),
            given_["channel"], given_.get("model", ""),
        )  # fmt: skip
        book.add(given_["account"], sample, instant(given_.get("added_at", 0)))
    now = instant(vector["now"])
    account = book.account(vector["account"]) or ""
    found = {name: written(book.quota(account, name, now)) for name in ("5h", "7d")}
    assert found | {"model": written(book.model(account, now))} == vector["expect"]
    assert book.refused == vector["refused"]


SAMPLES = st.lists(
    st.builds(
        Sample,
        st.just("5h"),
        st.sampled_from([0.0, 22.9, 23.0, 23.5, 24.0, 50.0, 100.0]),
        st.builds(
            lambda window, noise: NOW + window * 18_000 + noise, st.sampled_from([-1, 0, 1]), st.floats(7_200, 7_230)
        ),
        st.floats(NOW - 9_000, NOW),
        st.sampled_from(["statusline", "report", "command", "cache"]),
    ),
    max_size=8,
)


def rules(samples: list[Sample], now: float) -> float | None:
    """The design's rules, read literally and without any memory."""
    latest = max((s.resets_at for s in samples), default=0.0)
    same = [s for s in samples if latest - s.resets_at <= 60]
    fresh = max((s for s in same if s.channel in FRESH), key=lambda s: (s.seen_at, s.percent), default=None)
    cached = max((s for s in same if s.channel == "cache"), key=lambda s: (s.seen_at, s.percent), default=None)
    believed = [s for s in same if s.channel != "cache" or (s == cached and now < s.seen_at + CACHE_S)]
    if fresh:
        below = fresh.percent + FRESH[fresh.channel]
        believed = [s for s in believed if s.seen_at >= fresh.seen_at or fresh.percent <= s.percent < below]
        believed.append(fresh)
    return max((s.percent for s in believed if now < s.resets_at), default=None)


@given(SAMPLES, st.randoms(use_true_random=False), st.floats(NOW, NOW + 20_000))
def test_whatever_the_order_the_rules_hold(samples: list[Sample], random: Any, now: float) -> None:
    expected = rules(samples, now)
    for _ in range(3):
        random.shuffle(samples)
        window = PlanWindow()
        for sample in samples:
            window.add(sample)
        found = window.at(now)
        assert (found and found.percent) == expected


@given(SAMPLES, st.lists(st.floats(NOW - 20_000, NOW + 20_000), min_size=8, max_size=8), st.floats(NOW, NOW + 20_000))
def test_whatever_the_clock_does_it_stays_a_percentage_that_was_told(
    samples: list[Sample], clock: list[float], now: float
) -> None:
    book = QuotaBook()
    for sample, at in zip(samples, clock, strict=False):
        book.add("a", sample, at)
    found = book.quota("a", "5h", now)
    assert found is None or (found.used_percent in {s.percent for s in samples} and found.resets_at.timestamp() > now)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf"), 1e300, -1e300])
@pytest.mark.parametrize("place", ["percent", "resets_at", "seen_at"])
def test_numbers_that_cannot_be_are_refused(wrong: float, place: str) -> None:
    good = Sample("5h", 50.0, NOW + 60, NOW, "statusline")
    book = QuotaBook()
    book.add("a", good._replace(**{place: wrong}), NOW)
    future = (place, wrong) == ("seen_at", 1e300)  # the sample of a clock that is ahead: taken as of now
    assert (book.refused, book.quota("a", "5h", NOW) is None) == ((0, False) if future else (1, True))


def test_the_number_of_accounts_and_models_is_limited() -> None:
    book = QuotaBook()
    for number in range(64 + 5):
        book.add(str(number), Sample("5h", 1, NOW + 60, NOW, "statusline"), NOW)
    assert (len(book.accounts), book.refused) == (64, 5)
    for number in range(16 + 5):
        book.add("0", Sample("model", 1, NOW + 60, NOW, "report", str(number)), NOW)
    assert book.refused == 10


def test_what_several_sources_say_is_merged_by_the_same_rules() -> None:
    def quota(percent: float, resets: float, seen: float, channel: Any = "statusline") -> Quota:
        at = [datetime.fromtimestamp(instant(value), UTC) for value in (resets, seen)]
        return Quota(used_percent=percent, resets_at=at[0], seen_at=at[1], channel=channel)

    now = datetime.fromtimestamp(NOW, UTC)
    assert merge([], now) is None
    assert merge([quota(20, 60, -5), quota(30, 60, -9), quota(99, -1, 0)], now) == quota(30, 60, -9)
    assert merge([quota(30, 60, -9), quota(20, 60, -5, "report")], now) == quota(20, 60, -5, "report")
    assert merge([quota(101, 60, 0)], now) is None
    for percent, found in ((0, True), (0.5, True), (100, True), (100.5, False), (-0.5, False)):
        assert (merge([quota(percent, 60, 0)], now) is not None) == found, percent
    named = Quota(used_percent=7, resets_at=quota(7, 60, 0).resets_at, seen_at=now, channel="report", model="opus")
    assert merge([named], now) == named


def told(percent: float, seen: float = 0, channel: Any = "statusline", reset: float = 3600) -> Sample:
    """`seen` and `reset` in seconds from `NOW`."""
    return Sample("5h", percent, NOW + reset, NOW + seen, channel)


def window_of(*samples: Sample) -> PlanWindow:
    window = PlanWindow()
    for sample in samples:
        window.add(sample)
    return window


def percent_of(window: PlanWindow, at: float = NOW) -> float | None:
    sample = window.at(at)
    return sample and sample.percent


@pytest.mark.parametrize(("noise", "one"), [(60, True), (-60, True), (61, False), (-61, False)])
def test_resets_a_minute_apart_are_of_one_window(noise: float, *, one: bool) -> None:
    """Of one window the highest stands, of two windows the later."""
    high, low = told(50), told(20, 0, reset=3600 + noise)
    later = high if noise < 0 else low
    assert percent_of(window_of(high, low)) == (50 if one else later.percent)
    assert percent_of(window_of(told(20), told(50, reset=3600 + noise))) == (50 if one or noise > 0 else 20)


def test_of_the_cache_the_newest_stands_and_of_equal_samples_the_first() -> None:
    assert percent_of(window_of(told(50, -20, "cache"), told(40, -10, "cache"))) == 40
    assert percent_of(window_of(told(40, -10, "cache"), told(50, -20, "cache"))) == 40
    same = window_of(told(50, 0, "statusline"), told(50, 0, "report")).at(NOW)
    assert same
    assert same.channel == "statusline"


def test_as_many_percentages_are_kept_as_there_are_tenths() -> None:
    """The highest here is also the oldest, and so the first to go."""
    window = window_of(*(told(tenths / 10, -tenths) for tenths in range(1001)))
    assert percent_of(window) == 100
    window.add(told(50.05))
    assert percent_of(window) == 99.9


def test_a_clock_that_is_set_back_keeps_what_stood() -> None:
    fresh = window_of(told(50, -100), told(20, 100, "report"))
    fresh.before(NOW)
    assert percent_of(fresh) == 20
    cached = window_of(told(70, 100, "cache"))
    cached.before(NOW)
    sample = cached.at(NOW)
    assert sample
    assert (sample.percent, sample.seen_at < NOW) == (70, True)
    same = window_of(told(30, 0))
    same.before(NOW)
    assert same.at(NOW) == told(30, 0)


def test_a_clock_that_is_set_back_makes_no_account_the_newest_for_ever() -> None:
    book = QuotaBook()
    assert book.add("a", told(10, 1000), NOW + 1000) is True
    assert book.account() == "a"
    assert book.add("b", told(10), NOW) is True
    assert book.account() == "b"
    assert book.accounts[0] in {"a", "b"}


def test_accounts_are_told_newest_first() -> None:
    book = QuotaBook()
    for name, seen in (("old", -50), ("new", -1), ("older", -90)):
        assert book.add(name, told(10, seen), NOW) is True
    assert book.accounts == ["new", "old", "older"]
    assert book.account("old") == "old"


@pytest.mark.parametrize(
    ("window", "seen_at", "resets_at", "credible"),
    [
        ("5h", NOW, NOW + 6 * 3600, True), ("5h", NOW, NOW + 6 * 3600 + 1, False),
        ("7d", NOW, NOW + 8 * 86_400, True), ("7d", NOW, NOW + 8 * 86_400 + 1, False),
        ("model", NOW, NOW + 8 * 86_400, True), ("model", NOW, NOW + 8 * 86_400 + 1, False),
        ("5h", 0, 1, False), ("5h", 0.5, 0.5, True), ("5h", 1, 0, False),
    ],
)  # fmt: skip
def test_a_reset_is_no_further_ahead_than_the_window_and_its_slack(
    window: Any, seen_at: float, resets_at: float, *, credible: bool
) -> None:
    book = QuotaBook()
    assert book.add("a", Sample(window, 50, resets_at, seen_at, "report"), NOW) is credible
    assert book.refused == (not credible)


@pytest.mark.parametrize(("channel", "stands"), [("report", 23.0), ("command", 23.5), ("statusline", 23.5)])
def test_a_command_tells_whole_percents_and_a_report_exact_ones(channel: Any, stands: float) -> None:
    assert percent_of(window_of(told(23.5, -100), told(23.0, 0, channel))) == stands
