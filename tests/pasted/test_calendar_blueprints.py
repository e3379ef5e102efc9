"""The blueprints of resets and weeks, as `test_blueprints` tests the others."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.support.automations import Automation, gauge
from tests.support.desk import IDS, Desk, at_work, eventually
from tests.support.ha_install import LAST_YEAR
from tests.support.homeassistant import HomeAssistant

NewAutomation = Callable[..., Automation]


def test_window_reset_runs_for_each_reset_that_was_asked_for(
    house: HomeAssistant, desk: Desk, automation: NewAutomation
) -> None:
    alarm = automation("window_reset", alert=IDS["alert"], windows=["reset_5h"])
    desk.happens("reset_5h")
    assert alarm.has_run(1)
    assert alarm.message == "The 5 h window of Claude Code was reset."
    desk.happens("reset_7d")
    desk.happens("hot")
    assert alarm.has_run(1)
    desk.happens("reset_5h")
    assert alarm.has_run(2)
    desk.leave()
    eventually(lambda: house.state(IDS["alert"]) == "unavailable")
    desk.say(at_work())
    assert alarm.has_run(2)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=3)


def remember(house: HomeAssistant, key: str, unit: str, **hours_ago: tuple[int, float]) -> None:
    """Long-term statistics of an hour: `mean` or `max`."""
    for kind, (hours, value) in hours_ago.items():
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
        row = {"start": start.isoformat(), "mean": value, "min": 0, "max": value} | {kind: value}
        about = {"statistic_id": IDS[key], "source": "recorder", "name": None, "unit_of_measurement": unit}
        last_year = house.installation.release == LAST_YEAR
        about |= {"has_sum": False} | ({"has_mean": True} if last_year else {"mean_type": 1, "unit_class": None})
        house.ask("recorder/import_statistics", metadata=about, stats=[row])


def test_weekly_report_comes_on_its_day_and_compares(
    house: HomeAssistant, desk: Desk, automation: NewAutomation
) -> None:
    remember(house, "window_7d_tokens", "tok", mean=(24 * 7 + 1, 300_000_000))
    remember(house, "window_5h_pct", "%", max=(30, 96.7))
    desk.say(at_work(window_7d_tokens=450_000_000, cost_7d_usd=1281.904))
    eventually(lambda: house.state(IDS["cost_7d_usd"]) == "1281.904")
    at = soon()
    report = automation("weekly_report", gauge=gauge(house), day=f"{at:%a}".lower(), time=f"{at:%H:%M:%S}")
    eventually(lambda: report.runs == 1)
    assert report.message == (
        "450,000,000 tokens in 7 days, 50 % more than the week before. Cost: $1,281.90. "
        "The 5 h window was 97 % full at most."
    )


def test_weekly_report_does_not_come_on_another_day(
    house: HomeAssistant, desk: Desk, automation: NewAutomation
) -> None:
    desk.say(at_work())
    at = soon()
    tomorrow = f"{at + timedelta(days=1):%a}".lower()
    report = automation("weekly_report", gauge=gauge(house), day=tomorrow, time=f"{at:%H:%M:%S}")
    time.sleep(4)
    assert report.has_run(0)


def test_weekly_report_leaves_out_what_is_not_known(
    house: HomeAssistant, desk: Desk, automation: NewAutomation
) -> None:
    house.ask("recorder/clear_statistics", statistic_ids=[IDS["window_7d_tokens"], IDS["window_5h_pct"]])
    desk.say(at_work(cost_7d_usd=None))
    eventually(lambda: house.state(IDS["cost_7d_usd"]) == "unknown")
    report = automation("weekly_report", gauge=gauge(house))
    house.call("automation", "trigger", entity_id=f"automation.{report.id}", skip_condition=True)
    assert report.has_run(1)
    assert report.message == "412,907,331 tokens in 7 days."
    desk.leave()
    eventually(lambda: house.state(IDS["window_7d_tokens"]) == "unavailable")
    house.call("automation", "trigger", entity_id=f"automation.{report.id}", skip_condition=True)
    assert report.has_run(2)
    assert report.message == "Nothing is known of the last 7 days."
