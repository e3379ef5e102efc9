"""The user's local days, over both changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gauge_mqtt.core.insights import calendar
from gauge_mqtt.core.insights.calendar import QUARTER, Calendar, days_of_month

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


@pytest.mark.parametrize("name", ZONES)
def test_day_and_hour_are_those_of_the_zone(name: str) -> None:
    zone = ZoneInfo(name)
    told = Calendar(lambda at: datetime.fromtimestamp(at, zone))
    at = datetime(2026, 3, 1, tzinfo=UTC).timestamp() - 0.5
    while at < datetime(2026, 11, 30, tzinfo=UTC).timestamp():
        then = datetime.fromtimestamp(at, zone)
        assert told.day_and_hour(at) == (then.toordinal(), then.hour)
        assert told.day(at) == then.toordinal()
        at += 4 * QUARTER - 1


def test_a_quarter_of_an_hour_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[float]()

    def local(at: float) -> datetime:
        asked.append(at)
        return datetime.fromtimestamp(at, UTC)

    told = Calendar(local)
    monkeypatch.setattr(calendar, "CACHED_MAX", 2)
    for at in (0.0, 899.9, 900.0, 0.0, 1800.0, 1800.0, 0.0):
        told.day(at)
    assert asked == [0, 900, 1800, 0]  # with the third the first two are forgotten


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 2, 28), date(2028, 2, 29), date(2026, 11, 22)])
def test_the_month_of_a_day(day: date) -> None:
    first, last = days_of_month(day.toordinal())
    assert date.fromordinal(first) == day.replace(day=1)
    assert date.fromordinal(last + 1).day == 1
    assert date.fromordinal(last).month == day.month


def test_december_ends_with_its_year() -> None:
    first, last = days_of_month(date(2026, 12, 31).toordinal())
    assert (date.fromordinal(first), date.fromordinal(last)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert date.fromordinal(last) + timedelta(days=1) == date(2027, 1, 1)
