"""What `once` says to a person: when a window is used up and when it ends, as far as anybody knows."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.app.report import summary
from gauge_mqtt.contract.usage import Usage

NOW = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def notes(**known: timedelta) -> list[str]:
    """The rows without a label, each with the window above it; `known`: instants from now."""
    usage = Usage(instance="desk", source="jsonl", updated_at=NOW, **{key: NOW + left for key, left in known.items()})
    rows, window, found = summary(usage), "", []
    for row in rows:
        window = row.label or window
        if not row.label:
            found.append(f"{window}: {row.note}")
    return found


def test_what_is_not_known_is_not_said() -> None:
    assert notes() == []


def test_the_limit_stands_before_the_reset() -> None:
    hours = timedelta(hours=1)
    assert notes(window_5h_resets_at=2.5 * hours, limit_5h_at=1.25 * hours) == [
        "5 h window: used up 13:45, in 1 h 15 min at this pace",
        "5 h window: ends 15:00, in 2 h 30 min",
    ]
    assert notes(limit_7d_at=30 * hours) == ["7 d window: used up Sat 18:30, in 1 d 6 h at this pace"]
    assert notes(window_7d_resets_at=99 * hours, limit_7d_at=23.9 * hours) == [
        "7 d window: used up 12:24, in 23 h 54 min at this pace",
        "7 d window: ends Tue 15:30, in 4 d 3 h",
    ]


def test_a_limit_of_the_moment_before_is_now() -> None:
    assert notes(limit_7d_at=timedelta(seconds=-1)) == ["7 d window: used up 12:29, in 0 h 00 min at this pace"]
