"""The limit ahead: against somebody who really works at that pace."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.pace import STEP_5H, STEP_7D, limit_5h, limit_7d
from gauge_mqtt.core.reading import WEEK

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@given(st.floats(0.01, 0.99), st.integers(1_000, 10**9), st.floats(0.001, 10), st.floats(0.01, 5))
def test_who_goes_on_like_this_is_full_at_that_instant(share: float, tokens: int, pace: float, hours: float) -> None:
    """`pace`: which part of the window's tokens so far came in the last 15 minutes."""
    recent, resets_at = max(1, round(tokens * pace)), NOW + timedelta(hours=hours)
    at = limit_5h(share, resets_at, tokens, recent, NOW)
    minutes_left = tokens * (1 - share) / share / (recent / 15)
    if at is None:
        assert minutes_left >= 60 * hours - 0.001
    else:
        assert abs((at - NOW).total_seconds() / 60 - minutes_left) <= STEP_5H.total_seconds() / 120 + 0.001
        assert at <= resets_at + STEP_5H / 2


@given(st.floats(0.01, 0.99), st.floats(0.0, 167.9))
def test_a_week_that_goes_on_like_this(share: float, elapsed: float) -> None:
    resets_at = NOW + WEEK - timedelta(hours=elapsed)
    at, hours_left = limit_7d(share, resets_at, NOW), elapsed * (1 - share) / share
    if elapsed < 5.99 or hours_left > 168.01 - elapsed:
        assert at is None
    elif at is not None:
        assert abs((at - NOW) / timedelta(hours=1) - hours_left) <= STEP_7D / timedelta(hours=2) + 0.001


@pytest.mark.parametrize(
    ("share", "resets_at", "tokens", "recent"),
    [
        (None, NOW + timedelta(hours=2), 100, 100),
        (0.0, NOW + timedelta(hours=2), 100, 100),
        (1.0, NOW + timedelta(hours=2), 100, 100),
        (0.9, None, 100, 100),
        (0.9, NOW - timedelta(hours=2), 100, 100),
        (0.9, NOW + timedelta(hours=2), None, 100),
        (0.9, NOW + timedelta(hours=2), 0, 100),
        (0.9, NOW + timedelta(hours=2), 100, None),
        (0.9, NOW + timedelta(hours=2), 100, 0),
        (1e-300, NOW + timedelta(hours=2), 10**15, 1),
    ],
)
def test_what_is_not_known_has_no_limit(
    share: float | None, resets_at: datetime | None, tokens: int | None, recent: int | None
) -> None:
    assert limit_5h(share, resets_at, tokens, recent, NOW) is None
    assert limit_7d(share, NOW - WEEK, NOW) is None
    assert limit_7d(share, None, NOW) is None


@pytest.mark.parametrize(("minutes", "stays"), [(-13, False), (-12, True), (12, True), (13, False)])
def test_what_was_shown_last_stays_while_it_is_off_by_a_tenth_of_the_time_left(minutes: int, *, stays: bool) -> None:
    """A pace that wavers moves nothing: each change is a line in somebody's activity."""
    reset = NOW + timedelta(hours=4)
    exact = limit_5h(0.5, reset, 120, 15, NOW)  # 120 tokens left at one a minute
    assert exact == NOW + timedelta(hours=2)
    before = exact + timedelta(minutes=minutes)
    assert limit_5h(0.5, reset, 120, 15, NOW, before=before) == (before if stays else exact)
    day = NOW + timedelta(days=2)
    week = limit_7d(0.75, day, NOW)
    assert week == NOW + timedelta(hours=40)
    for off in (timedelta(hours=3), -timedelta(hours=3)):
        assert limit_7d(0.75, day, NOW, before=week + off) == week + off
        assert limit_7d(0.75, day, NOW, before=week + 2 * off) == week


@pytest.mark.parametrize(("minutes", "stays"), [(-6, False), (-5, True), (5, True), (6, False)])
def test_close_to_the_limit_it_stays_while_it_is_one_step_off(minutes: int, *, stays: bool) -> None:
    exact = limit_5h(0.5, NOW + timedelta(hours=4), 20, 15, NOW)
    assert exact == NOW + timedelta(minutes=20)
    before = exact + timedelta(minutes=minutes)
    assert limit_5h(0.5, NOW + timedelta(hours=4), 20, 15, NOW, before=before) == (before if stays else exact)


def test_an_instant_that_has_passed_does_not_stay() -> None:
    passed = NOW - timedelta(minutes=1)
    assert limit_5h(0.99, NOW + timedelta(hours=1), 99, 15, NOW, before=passed) != passed
    now = NOW + OFF
    assert limit_5h(0.5, NOW + timedelta(hours=4), 4, 15, now, before=now) == NOW + timedelta(minutes=5)


OFF = timedelta(minutes=1)
"""Past `NOW`, which is on every step."""


def test_a_limit_at_the_reset_or_later_is_none() -> None:
    in_two_hours = limit_5h(0.5, NOW + timedelta(hours=2, seconds=1), 120, 15, NOW)
    assert in_two_hours == NOW + timedelta(hours=2)
    assert limit_5h(0.5, NOW + timedelta(hours=2), 120, 15, NOW) is None
    assert limit_7d(0.75, NOW + timedelta(hours=42), NOW) is None, "126 h are gone, and so 42 h are left"


def test_the_last_half_second_before_the_limit_still_has_one() -> None:
    assert limit_5h(0.5, NOW + timedelta(hours=1), 1, 1800, NOW) == NOW


def test_a_reset_too_far_ahead_to_be_one_is_none() -> None:
    assert limit_5h(0.5, NOW + timedelta(hours=10), 120, 15, NOW) == NOW + timedelta(hours=2)
    assert limit_5h(0.5, NOW + timedelta(hours=10, seconds=1), 120, 15, NOW) is None


def test_a_week_has_a_pace_from_its_seventh_hour_on() -> None:
    reset = NOW + WEEK - timedelta(hours=6)
    assert limit_7d(0.5, reset, NOW) == NOW + timedelta(hours=6)
    assert limit_7d(0.5, reset, NOW - timedelta(microseconds=1)) is None


def test_a_weekly_limit_is_told_to_the_hour() -> None:
    reset = NOW + WEEK - timedelta(hours=7, minutes=10)
    assert limit_7d(0.5, reset, NOW) == NOW + timedelta(hours=7)
