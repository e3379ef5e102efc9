"""The blueprints of resets and weeks, as `test_blueprints` tests the others."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.support.automations import Automation, gauge
from tests.support.desk import IDS, DeskPublisher, at_work
from tests.support.ha_install import LAST_YEAR
from tests.support.homeassistant import HomeAssistant
from tests.support.waiting import until

NewAutomation = Callable[..., Automation]


def test_window_reset_runs_for_each_reset_that_was_asked_for(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    alarm = automation("window_reset", alert=IDS["alert"], windows=["reset_5h"])
    desk.send_event("reset_5h")
    assert alarm.has_run(1)
    assert alarm.message == "The 5 h window of Claude Code was reset."
    desk.send_event("reset_7d")
    desk.send_event("hot")
    assert alarm.has_run(1)
    desk.send_event("reset_5h")
    assert alarm.has_run(2)
    desk.go_offline()
    until(lambda: ha.state(IDS["alert"]) == "unavailable")
    desk.show(at_work())
    assert alarm.has_run(2)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=3)


def remember(ha: HomeAssistant, key: str, unit: str, **hours_ago: tuple[int, float]) -> None:
    """Long-term statistics of an hour: `mean` or `max`."""
    for kind, (hours, value) in hours_ago.items():
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
        row = {"start": start.isoformat(), "mean": value, "min": 0, "max": value} | {kind: value}
        about = {"statistic_id": IDS[key], "source": "recorder", "name": None, "unit_of_measurement": unit}
        last_year = ha.installation.release == LAST_YEAR
        about |= {"has_sum": False} | ({"has_mean": True} if last_year else {"mean_type": 1, "unit_class": None})
        ha.ask("recorder/import_statistics", metadata=about, stats=[row])


def test_weekly_report_comes_on_its_day_and_compares(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    remember(ha, "window_7d_tokens", "tok", mean=(24 * 7 + 1, 300_000_000))
    remember(ha, "window_5h_pct", "%", max=(30, 96.7))
    desk.show(at_work(window_7d_tokens=450_000_000, cost_7d_usd=1281.904))
    until(lambda: ha.state(IDS["cost_7d_usd"]) == "1281.904")
    at = soon()
    report = automation("weekly_report", gauge=gauge(ha), day=f"{at:%a}".lower(), time=f"{at:%H:%M:%S}")
    until(lambda: report.runs == 1)
    assert report.message == (
        "450,000,000 tokens in 7 days, 50 % more than the week before. Cost: $1,281.90. "
        "The 5 h window was 97 % full at most."
    )


def test_weekly_report_does_not_come_on_another_day(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    desk.show(at_work())
    at = soon()
    tomorrow = f"{at + timedelta(days=1):%a}".lower()
    report = automation("weekly_report", gauge=gauge(ha), day=tomorrow, time=f"{at:%H:%M:%S}")
    time.sleep(4)
    assert report.has_run(0)


def test_weekly_report_leaves_out_what_is_not_known(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    ha.ask("recorder/clear_statistics", statistic_ids=[IDS["window_7d_tokens"], IDS["window_5h_pct"]])
    desk.show(at_work(cost_7d_usd=None))
    until(lambda: ha.state(IDS["cost_7d_usd"]) == "unknown")
    report = automation("weekly_report", gauge=gauge(ha))
    ha.call("automation", "trigger", entity_id=f"automation.{report.id}", skip_condition=True)
    assert report.has_run(1)
    assert report.message == "412,907,331 tokens in 7 days."
    desk.go_offline()
    until(lambda: ha.state(IDS["window_7d_tokens"]) == "unavailable")
    ha.call("automation", "trigger", entity_id=f"automation.{report.id}", skip_condition=True)
    assert report.has_run(2)
    assert report.message == "Nothing is known of the last 7 days."
