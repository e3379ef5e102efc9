"""What is so unless a source or the owner says otherwise."""

from datetime import UTC, datetime, timedelta

from gauge_mqtt.core.reading import Limits, Quota, Reading, TokenCounts

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_counts_are_added_class_by_class() -> None:
    assert TokenCounts() == (0, 0, 0, 0)
    assert TokenCounts(1, 2, 3, 4).plus(TokenCounts(10, 20, 30, 40)) == TokenCounts(11, 22, 33, 44)


def test_a_source_sees_no_turns_unless_it_says_so() -> None:
    assert Reading(source="x").sees_turns is False
    assert Quota(used_percent=1, resets_at=NOW, seen_at=NOW).channel == "statusline"


def test_telemetry_is_late_after_five_minutes_and_the_cache_cold_below_a_half() -> None:
    assert (Limits().stall_after, Limits().cache_warn_below) == (timedelta(minutes=5), 0.5)
