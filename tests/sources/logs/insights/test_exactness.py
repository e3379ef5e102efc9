"""Every key equals what truly happened, on made-up histories with forks, resumes, subagents and copies."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.contract.insights import KEYS, PERIODS, Insights, Period
from gauge_mqtt.sources.logs.insights.feed import Feed
from tests.support.insight_diary import Diary, Session

BERLIN = ZoneInfo("Europe/Berlin")
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)
"""When clocks change there: a day of 23 and one of 25 hours."""


def berlin(at: float) -> datetime:
    return datetime.fromtimestamp(at, BERLIN)


def instant(day: date, hour: float = 0) -> float:
    return datetime.combine(day, datetime.min.time(), BERLIN).timestamp() + hour * 3600


def feed_of(root: Path, state: Path, last: date) -> Feed:
    return Feed([root / "projects"], state, ["Dude, chill"], berlin, lambda: instant(last, 12))


def said(insights: Insights) -> dict[str, Any]:
    found = dict(insights.values)
    projects = found["projects"]
    assert isinstance(projects, dict)
    return found | {"projects": sorted(projects.values())}


def compare(found: dict[str, Any], truth: dict[str, Any]) -> None:
    assert {*found} == {*KEYS}
    assert {*truth} == {*KEYS}
    for key, value in truth.items():
        if key == "cache_savings_usd" and found[key] is None:
            continue  # too few bills to tell the prices; told below
        assert found[key] == pytest.approx(value, abs=0.06), key


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), around=st.sampled_from([FORWARD, BACK, date(2026, 1, 1)]), data=st.data())
def test_every_key_is_what_happened(
    seed: int, around: date, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("diary")
    rng = random.Random(seed)
    starts = [
        instant(around - timedelta(days=3)) + rng.uniform(0, 6 * 86_400) for _ in range(data.draw(st.integers(1, 8)))
    ]
    diary = Diary(root, seed).live(starts).write()
    last = around + timedelta(days=data.draw(st.integers(-1, 4)))
    feed = feed_of(root, root / "state", last)
    feed.catch_up()
    now = datetime.now(BERLIN)
    period: Period
    for period, days in PERIODS.items():
        truth = diary.truth(berlin, last - timedelta(days=days - 1), last)
        compare(said(feed.insights(period, now)), truth)
    feed.close()


def test_prices_are_learned_from_enough_bills(tmp_path: Path) -> None:
    diary = Diary(tmp_path, 5).live([instant(BACK, hour) for hour in range(30)]).write()
    last = BACK + timedelta(days=1)
    feed = feed_of(tmp_path, tmp_path / "state", last)
    feed.catch_up()
    saved = feed.insights("week", datetime.now(BERLIN)).values["cache_savings_usd"]
    assert saved == pytest.approx(diary.truth(berlin, last - timedelta(days=6), last)["cache_savings_usd"], rel=1e-3)
    assert isinstance(saved, float)
    assert saved > 0.01
    feed.close()


@pytest.mark.parametrize(("day", "hours"), [(FORWARD, 23), (BACK, 25)], ids=["forward", "back"])
def test_a_day_on_which_clocks_change_has_all_its_hours(day: date, hours: int, tmp_path: Path) -> None:
    """A response each half hour: as many as the day has half hours, and none from the days beside it."""
    starts = [instant(day - timedelta(days=1)) + 900 + 1800 * number for number in range(2 * (24 + hours + 24))]
    diary = Diary(tmp_path, 1)
    for at in starts:
        session = Session(diary, "-p", at)
        session.answer()
        diary.files[session.path()] = session.lines
    diary.write()
    feed = feed_of(tmp_path, tmp_path / "state", day + timedelta(days=1))
    feed.catch_up()
    told = feed.insights("day", datetime.now(BERLIN), day.toordinal()).values
    assert told["sessions"] == 2 * hours
    profile = told["hours"]
    assert isinstance(profile, tuple)
    assert sum(profile) == 2 * hours
    assert profile[2] == {23: 0, 25: 4}[hours]
    assert told["nights_through"] == 1
    feed.close()
