"""The card of the cluster as its users have it: pasted, edited, with entities of other names, from its file or from the
publisher. `tests/e2e/test_card.py` holds it against every vector.
"""

import pytest
import yaml

from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.homeassistant.yaml_export import page
from tests.support.browser import browser
from tests.support.cluster_card import FILE, PARKED, PATH, SEEN, on_a_dashboard, one_card, resource, shows
from tests.support.desk import IDS, TOPICS, DeskPublisher, at_work
from tests.support.homeassistant import HomeAssistant
from tests.support.http import ServedSink
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")


def frame_of(usage: Usage) -> str:
    needles = [usage.needle_5h, usage.needle_tach, usage.needle_7d]
    return shows([-120 + 0.24 * (needle or 0) for needle in needles], [usage.last_model or ""])


def test_it_goes_with_the_publisher_comes_back_and_survives_new_names(ha: HomeAssistant, desk: DeskPublisher) -> None:
    usage = at_work()
    with (
        resource(ha, FILE),
        on_a_dashboard(ha, one_card(IDS["publisher"], instance="desk"), width=500, height=500) as tab,
    ):
        tab.becomes(frame_of(usage))
        desk.go_offline()
        tab.becomes(shows(PARKED, ["stall"]))
        desk.show(usage)
        tab.becomes(frame_of(usage))
        named = {
            IDS["window_5h_pct"]: "sensor.five",
            IDS["rate_1m"]: "sensor.rate",
            IDS["publisher"]: "binary_sensor.it",
        }
        for old, new in named.items():
            ha.ask("config/entity_registry/update", entity_id=old, new_entity_id=new)
        try:
            desk.show(moved := at_work(window_5h_pct=0.123, rate_1m=800.0))
            tab.becomes(frame_of(moved))
            desk.go_offline()
            tab.becomes(shows(PARKED, ["stall"]))
        finally:
            for old, new in named.items():
                ha.ask("config/entity_registry/update", entity_id=new, new_entity_id=old)
        assert tab.console == []


def test_who_is_no_administrator_sees_the_same(ha: HomeAssistant, desk: DeskPublisher) -> None:
    desk.show(usage := at_work())
    pasted = one_card(IDS["publisher"], instance="desk")
    with resource(ha, FILE), on_a_dashboard(ha, pasted, ha.visitor(), width=500, height=500) as tab:
        tab.becomes(frame_of(usage))
        assert tab.value("document.querySelector('home-assistant').hass.user.is_admin") is False


def test_the_printed_dashboard_with_it_and_the_publisher_that_serves_it(ha: HomeAssistant, desk: DeskPublisher) -> None:
    pasted = yaml.safe_load(page("dashboard-with-card", TOPICS))
    desk.show(usage := at_work())
    with ServedSink() as served, resource(ha, f"{served.url}/card.js"), on_a_dashboard(ha, pasted) as tab:
        tab.becomes(frame_of(usage))
        assert tab.console == []


def test_its_editor_offers_the_gauges_and_keeps_the_choice(ha: HomeAssistant, desk: DeskPublisher) -> None:
    device = ha.device(TOPICS.node)
    assert device
    assert desk
    with resource(ha, FILE), on_a_dashboard(ha, one_card(IDS["publisher"]), width=1280, height=900) as tab:
        tab.open(ha.url, ha.token, f"/{PATH}/0?edit=1")
        tab.value(f"{{{SEEN}}}")
        edit = "new CustomEvent('ll-edit-card', {bubbles: true, composed: true, detail: {path: [0, 0]}})"
        tab.value(f"found('claude-gauge-card').dispatchEvent({edit})")
        tab.becomes("found('ha-form')?.schema?.[0]?.name === 'device'")
        form = "found('ha-form')"
        assert tab.value(f"{form}.computeLabel({form}.schema[0])") == "Gauge"
        tab.becomes("found('ha-device-picker') !== undefined")
        chosen = (
            f"new CustomEvent('value-changed', {{bubbles: true, composed: true, detail: {{value: '{device['id']}'}}}})"
        )
        tab.value(f"found('ha-device-picker').dispatchEvent({chosen})")
        tab.becomes(f"found('ha-form').data.device === '{device['id']}'")
        buttons = "[...found('hui-dialog-edit-card').shadowRoot.querySelectorAll('ha-button, mwc-button')]"
        tab.value(f"{buttons}.find(one => one.textContent.trim() === 'Save').click()")
        kept = lambda: ha.ask("lovelace/config", url_path=PATH)["views"][0]["cards"][0]  # noqa: E731
        until(lambda: kept() == {"type": "custom:claude-gauge-card", "device": device["id"]})
        assert [line for line in tab.console if "icon.png" not in line] == []  # of the integration, from the Internet
