"""The plan's limits as Claude Code writes them: captured answers, and what nobody should believe."""

import json
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.quota import QuotaBook, Sample
from gauge_mqtt.sources.logs.records import usage_report
from gauge_mqtt.sources.plan_limits import Utilization, cost_of_text, of_limits, of_text, of_utilization

FIXTURES = Path(__file__).parents[1] / "fixtures/quota"
NOW = datetime(2026, 11, 28, 9, 58, tzinfo=UTC).timestamp()
SESSION, WEEK = datetime(2026, 11, 28, 14, tzinfo=UTC).timestamp(), datetime(2026, 12, 2, tzinfo=UTC).timestamp()


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def test_a_usage_report_line_of_a_session_log() -> None:
    line = (FIXTURES / "local_command_usageReport_limits.json").read_bytes()
    at = datetime(2026, 11, 28, 9, 58, 49, 459_000, tzinfo=UTC).timestamp()
    assert usage_report(line) == [
        Sample("5h", 23.5, SESSION, at, "report"),
        Sample("7d", 41.2, WEEK, at, "report"),
        Sample("model", 61.7, WEEK, at, "report", "Fable"),
    ]


def test_a_report_that_knows_no_limits() -> None:
    assert usage_report((FIXTURES / "local_command_usageReport.json").read_bytes()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "user"},
        {"subtype": "other"},
        {"timestamp": None},
        {"timestamp": "2026-11-28T09:58:49"},
        {"usageReport": None},
        {"usageReport": {"rate_limits": {"limits": {}}}},
    ],
)
def test_a_line_that_only_mentions_one(changes: dict[str, Any]) -> None:
    line = json.loads((FIXTURES / "local_command_usageReport_limits.json").read_text())
    assert usage_report(json.dumps(line | changes).encode()) == []


def test_one_odd_limit_does_not_cost_the_others() -> None:
    odd: list[Any] = [
        None, 7, [], {}, {"kind": 1}, {"kind": "session", "percent": "23"}, {"kind": "session", "percent": None},
        {"kind": "session", "percent": 23, "resets_at": None},
        {"kind": "weekly_scoped", "percent": 1, "resets_at": "x"},
        {"kind": "session", "percent": 1, "resets_at": "x", "scope": {"model": {"display_name": "A"}}},
        {"kind": "spend", "percent": 1, "resets_at": "2026-11-28T14:00:00+00:00"},
        {"kind": "weekly_all", "percent": 41.2, "resets_at": "2026-12-02T00:00:00+00:00"},
    ]  # fmt: skip
    assert of_limits(map(raw, odd), NOW, "report") == [Sample("7d", 41.2, WEEK, NOW, "report")]


@pytest.mark.parametrize("text", ["x", "", "2026-11-28", "2026-11-28T14:00:00", "9999-12-31T23:59:59-23:59"])
def test_a_reset_that_is_no_instant_is_refused(text: str) -> None:
    book = QuotaBook()
    for sample in of_limits([raw({"kind": "session", "percent": 1, "resets_at": text})], NOW, "report"):
        book.add("a", sample, NOW)
    assert book.quota("a", "5h", NOW) is None
    assert book.refused == bool(text)


def test_the_answer_of_the_server_with_and_without_limits() -> None:
    answer = json.loads((FIXTURES / "get_usage_limits.json").read_text())["response"]["response"]["rate_limits"]
    both = msgspec.json.decode(json.dumps(answer), type=Utilization)
    expected = [Sample("5h", 23.5, SESSION, NOW, "cache"), Sample("7d", 41.2, WEEK, NOW, "cache")]
    assert of_utilization(both, NOW, "cache") == [*expected, Sample("model", 61.7, WEEK, NOW, "cache", "Fable")]
    del answer["limits"]
    old = msgspec.json.decode(json.dumps(answer), type=Utilization)
    assert of_utilization(old, NOW, "cache") == expected
    for nothing in (None, 3, {"utilization": None}, {"utilization": 3}, {"utilization": "3", "resets_at": "x"}):
        answer["five_hour"] = nothing
        partly = msgspec.json.decode(json.dumps(answer), type=Utilization)
        assert of_utilization(partly, NOW, "cache") == expected[1:]


def test_the_text_of_usage() -> None:
    text = (FIXTURES / "print_slash_usage_limits.txt").read_text()
    assert list(of_text(text, NOW)) == [
        Sample("5h", 23.0, SESSION, NOW, "command"),
        Sample("7d", 41.0, WEEK, NOW, "command"),
        Sample("model", 61.0, WEEK, NOW, "command", "Fable"),
    ]
    assert cost_of_text(text) == 0


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("Nov 28, 2pm", datetime(2026, 11, 28, 14, tzinfo=UTC)),
        ("Nov 28, 2:59pm", datetime(2026, 11, 28, 14, 59, tzinfo=UTC)),
        ("Nov 28 at 2pm", datetime(2026, 11, 28, 14, tzinfo=UTC)),
        ("Nov 28, 2026, 2pm", datetime(2026, 11, 28, 14, tzinfo=UTC)),
        ("12pm", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("12am", datetime(2026, 11, 29, tzinfo=UTC)),
        ("9am", datetime(2026, 11, 29, 9, tzinfo=UTC)),
        ("Jan 2, 1am", datetime(2027, 1, 2, 1, tzinfo=UTC)),
        ("Feb 30, 1am", None),
        ("Xyz 3, 1am", None),
        ("2:99pm", None),
    ],
)
def test_how_a_reset_is_written(when: str, expected: datetime | None) -> None:
    found = [sample.resets_at for sample in of_text(f"Current session: 5% used · resets {when} (UTC)", NOW)]
    assert found == ([expected.timestamp()] if expected else [])


def test_the_turn_of_the_year_and_the_leap_day() -> None:
    december, leap = datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2028, 2, 28, 23, tzinfo=UTC)
    (after,) = of_text("Current session: 5% used · resets Jan 1, 3am (UTC)", december.timestamp())
    assert after.resets_at == datetime(2027, 1, 1, 3, tzinfo=UTC).timestamp()
    (leap_day,) = of_text("Current session: 5% used · resets Feb 29, 3am (UTC)", leap.timestamp())
    assert leap_day.resets_at == datetime(2028, 2, 29, 3, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Current session: 5% used",
        "Current session: 5% used · resets Nov 28, 2pm (Europe/Berlin)",
        "Last session: 5% used · resets Nov 28, 2pm (UTC)",
        "Current session: 5.5% used · resets Nov 28, 2pm (UTC)",
        "  Current session: 5% used · resets Nov 28, 2pm (UTC)",
    ],
)
def test_text_that_says_nothing(text: str) -> None:
    """A window that has not begun, a zone that we did not ask for, another sentence."""
    assert list(of_text(text, NOW)) == []


def test_the_cost_of_the_text() -> None:
    assert cost_of_text((FIXTURES / "print_slash_usage.txt").read_text()) == 0
    assert cost_of_text("Estimated cost:        $0.0021") == 0.0021
    assert cost_of_text("Total cost: $1,234.50") == 1234.5
    assert isnan(cost_of_text("Estimated cost: $.."))


@given(st.text() | st.from_regex(r"(Current (session|week \(.*\)): \d+% used( . resets .* \(UTC\))?\n)*"))
def test_no_text_is_too_odd(text: str) -> None:
    book = QuotaBook()
    for sample in of_text(text, NOW):
        book.add("a", sample, NOW)
    cost_of_text(text)


@given(st.binary() | st.text().map(str.encode))
def test_no_line_is_too_odd(line: bytes) -> None:
    assert usage_report(line) == []
