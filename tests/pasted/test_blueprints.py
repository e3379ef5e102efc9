"""The blueprints, imported into a real Home Assistant: automations made of them run when they should, and only then."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from gauge_mqtt.contract.usage import Usage
from tests.support.automations import FOLDER, REPORT, SETTLE_S, Automation, gauge, imported
from tests.support.desk import IDS, DeskPublisher, at_work, nothing_known
from tests.support.homeassistant import HomeAssistant
from tests.support.waiting import until

NewAutomation = Callable[..., Automation]
NAMES = ("limit_ahead", "stall", "threshold", "weekly_report", "window_reset")


@pytest.mark.parametrize("name", NAMES)
def test_a_blueprint_can_be_imported_and_says_what_it_needs(ha: HomeAssistant, address: str, name: str) -> None:
    found = imported(ha, address, name)
    assert found["validation_errors"] is None
    about = found["blueprint"]["metadata"]
    assert about["domain"] == "automation"
    assert f"/blob/main/homeassistant/blueprints/automation/claude_gauge/{name}.yaml\n" in found["raw_data"]
    assert all(one["name"] and one["selector"] for one in about["input"].values())


def test_every_blueprint_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NAMES)


def limit(**inputs: Any) -> dict[str, Any]:
    return {"sensor": IDS["window_5h_pct"], "above": 80, "rearm_below": 70, "minutes": 0} | inputs


def fuel(desk: DeskPublisher, ha: HomeAssistant, *shares: float) -> None:
    for share in shares:
        desk.show(at_work(window_5h_pct=share))
        until(lambda share=share: ha.state(IDS["window_5h_pct"]) == str(round(share * 100, 2)))


def test_threshold_runs_once_above_the_limit_and_again_only_after_it_was_below_the_lower_one(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    alarm = automation("threshold", **limit())
    fuel(desk, ha, 0.8)
    assert alarm.has_run(0)
    fuel(desk, ha, 0.81)
    assert alarm.has_run(1)
    assert alarm.message == "Claude Gauge desk Fuel 5h used is 81.0 %, above 80.0 %"
    fuel(desk, ha, 0.75, 0.85, 0.7, 0.9)
    assert alarm.has_run(1)
    fuel(desk, ha, 0.69, 0.85)
    assert alarm.has_run(2)


def test_threshold_needs_the_value_to_stay_above_for_as_long_as_asked(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    alarm = automation("threshold", **limit(minutes=2 / 60))
    fuel(desk, ha, 0.9, 0.5)
    time.sleep(1)
    assert alarm.has_run(0)
    fuel(desk, ha, 0.9)
    assert alarm.has_run(1)


def test_threshold_goes_on_after_actions_that_outlasted_the_rise(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    alarm = automation("threshold", **limit(actions=[*REPORT, {"delay": 1}]))
    fuel(desk, ha, 0.9, 0.5)
    time.sleep(1)
    fuel(desk, ha, 0.9)
    assert alarm.has_run(2)


def test_threshold_takes_no_return_for_a_rise(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    alarm = automation("threshold", **limit())
    desk.show(nothing_known())
    until(lambda: ha.state(IDS["window_5h_pct"]) == "unknown")
    fuel(desk, ha, 0.9)
    desk.go_offline()
    until(lambda: ha.state(IDS["window_5h_pct"]) == "unavailable")
    fuel(desk, ha, 0.9)
    assert alarm.has_run(0)


def stalled(ha: HomeAssistant, desk: DeskPublisher, reason: str) -> None:
    desk.show(at_work(stall=reason != "none", stall_reason=reason))
    until(lambda: ha.state(IDS["stall_reason"]) == reason)


def test_stall_runs_when_an_answer_is_missing_and_tells_when_it_goes_on(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    recovered = [{"action": "counter.set_value", "target": {"entity_id": "counter.runs"}, "data": {"value": 10}}]
    alarm = automation("stall", stall=IDS["stall"], reason=IDS["stall_reason"], recovered=recovered)
    stalled(ha, desk, "source")
    assert alarm.has_run(0)
    stalled(ha, desk, "none")
    stalled(ha, desk, "turn")
    assert alarm.has_run(1)
    assert alarm.message == "Claude Code owes an answer and nothing comes."
    stalled(ha, desk, "none")
    until(lambda: alarm.runs == 10)


def test_stall_takes_no_return_for_a_stall(ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation) -> None:
    alarm = automation("stall", stall=IDS["stall"], reason=IDS["stall_reason"])
    desk.go_offline()
    until(lambda: ha.state(IDS["stall"]) == "unavailable")
    stalled(ha, desk, "turn")
    assert alarm.has_run(0)


def test_nothing_runs_because_home_assistant_was_restarted(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    desk.send_event("reset_5h")
    desk.show(at_work(window_5h_pct=0.9, stall=True, stall_reason="turn"))
    until(lambda: ha.state(IDS["stall_reason"]) == "turn")
    automation("stall", stall=IDS["stall"], reason=IDS["stall_reason"])
    automation("window_reset", alert=IDS["alert"])
    automation("weekly_report", gauge=gauge(ha), day=f"{datetime.now(UTC):%a}".lower(), time="00:00:00")
    alarm = automation("threshold", **limit())
    ha.restart()
    until(lambda: ha.state(IDS["window_5h_pct"]) == "90.0")
    until(lambda: ha.state(f"automation.{alarm.id}") == "on")
    time.sleep(3)
    assert alarm.has_run(0)
    fuel(desk, ha, 0.5, 0.9)
    assert alarm.has_run(1)


def test_the_automation_in_the_docs_runs_when_the_lamp_comes_on(ha: HomeAssistant, desk: DeskPublisher) -> None:
    page = (FOLDER.parents[3] / "docs/home-assistant.md").read_text()
    (block,) = (block for block in page.split("```")[1::2] if "claude_gauge_desk_alert" in block)
    ha.call("counter", "reset", entity_id="counter.runs")
    by_hand = {"alias": "by hand", "actions": REPORT[:1]} | yaml.safe_load(block.removeprefix("yaml\n"))
    ha.rest("POST", "/api/config/automation/config/by_hand", json=by_hand)
    until(lambda: ha.state("automation.by_hand") == "on")
    desk.send_event("warn")
    desk.send_event("hot")
    until(lambda: ha.state("counter.runs") == "1")
    desk.go_offline()
    until(lambda: ha.state(IDS["alert"]) == "unavailable")
    desk.show(at_work())
    time.sleep(SETTLE_S)
    assert ha.state("counter.runs") == "1"
    ha.rest("DELETE", "/api/config/automation/config/by_hand")


def at_limit(minutes: float | None) -> Usage:
    at = None if minutes is None else datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return at_work(window_5h_pct=0.6, limit_5h_at=at)


def test_limit_ahead_warns_once_while_it_is_in_sight(
    ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation
) -> None:
    desk.show(at_limit(300))  # from now on there is such an entity
    until(lambda: ha.state(IDS["limit_5h_at"]) not in {None, "unknown", "unavailable"})
    alarm = automation("limit_ahead", limit=IDS["limit_5h_at"], within=60, minutes=0)
    assert alarm.has_run(0), "that is far away"
    desk.show(at_limit(None))
    until(lambda: ha.state(IDS["limit_5h_at"]) == "unknown")
    desk.show(at_limit(45))
    assert alarm.has_run(1)
    assert "At this pace Claude Gauge desk Limit 5h is at " in alarm.message
    assert "in 45 minutes, before the reset." in alarm.message
    desk.show(at_limit(40))
    assert alarm.has_run(1)
    desk.go_offline()
    until(lambda: ha.state(IDS["limit_5h_at"]) == "unavailable")
    desk.show(at_limit(40))
    until(lambda: ha.state(IDS["limit_5h_at"]) != "unavailable")
    assert alarm.has_run(1), "a restart"
    desk.show(at_limit(None))
    until(lambda: ha.state(IDS["limit_5h_at"]) == "unknown")
    desk.show(at_limit(30))
    assert alarm.has_run(2)


def test_limit_ahead_wants_a_pace_that_lasts(ha: HomeAssistant, desk: DeskPublisher, automation: NewAutomation) -> None:
    desk.show(at_limit(300))
    until(lambda: ha.state(IDS["limit_5h_at"]) not in {None, "unknown", "unavailable"})
    alarm = automation("limit_ahead", limit=IDS["limit_5h_at"], within=60, minutes=2 / 60)
    desk.show(at_limit(45))
    time.sleep(1)
    desk.show(at_limit(None))
    time.sleep(2)
    assert alarm.has_run(0)
    desk.show(at_limit(45))
    time.sleep(1)
    desk.show(at_limit(40))
    assert alarm.has_run(1)
