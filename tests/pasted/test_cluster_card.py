"""The card of the cluster on a dashboard of a real Home Assistant, in a real browser: the angles and lamps of every
vector, renamed entities, a publisher that goes; loaded from its own files and from the publisher.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from gauge_mqtt.contract import Usage
from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from gauge_mqtt.homeassistant.yaml_export import page
from tests.support.browser import browser
from tests.support.desk import IDS, TOPICS, DeskPublisher, at_work
from tests.support.homeassistant import HomeAssistant
from tests.support.http import ServedSink
from tests.support.page import Page
from tests.support.waiting import until
from tests.vectors.propose import paths

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
PATH = "the-cluster"
FILE = "/local/claude-gauge-card.js"
PARKED = [face_deg(PARK_DEG)] * 3
SEEN = """
globalThis.found = (name, root = document) => {
  for (const one of root.querySelectorAll("*")) {
    if (one.localName === name) return one;
    const inside = one.shadowRoot && found(name, one.shadowRoot);
    if (inside) return inside;
  }
};
globalThis.seen = () => {
  const cluster = found("claude-gauge-card")?.shadowRoot.querySelector("claude-gauge-cluster");
  if (!cluster) return {};
  const drawn = [...cluster.shadowRoot.querySelectorAll("g[data-needle]")]
    .map(part => Number(part.getAttribute("transform").match(/rotate\\(([-.\\d]+)/)[1]));
  return { drawn, lit: [...cluster.shadowRoot.querySelectorAll(".lamp.lit")].map(lamp => lamp.dataset.lamp) };
};
globalThis.shows = (angles, lamps) => {
  const { drawn, lit } = seen();
  return drawn?.every((deg, at) => Math.abs(deg - angles[at]) < 0.1) && lit.join() === lamps.join();
};
"""


@contextmanager
def resource(ha: HomeAssistant, url: str) -> Iterator[None]:
    made = ha.ask("lovelace/resources/create", res_type="module", url=url)
    yield
    ha.ask("lovelace/resources/delete", resource_id=made["id"])


@contextmanager
def on_a_dashboard(ha: HomeAssistant, config: dict[str, Any], **tab: Any) -> Iterator[Page]:
    """The tab in which a person looks at it."""
    if PATH not in {one["url_path"] for one in ha.ask("lovelace/dashboards/list")}:
        ha.ask("lovelace/dashboards/create", url_path=PATH, title="Cluster", mode="storage")
    ha.ask("lovelace/config/save", url_path=PATH, config=config)
    with Page(**tab) as page_:
        assert page_.open(ha.url, ha.token, f"/{PATH}/0").errors == []
        page_.value(f"{{{SEEN}}}")
        yield page_


def one_card(**config: str) -> dict[str, Any]:
    card = {"type": "custom:claude-gauge-card"} | config
    return {"views": [{"title": "Home", "cards": [card, {"type": "tile", "entity": IDS["publisher"]}]}]}


def shows(angles: list[float], lamps: list[str]) -> str:
    return f"shows({json.dumps(angles)}, {json.dumps(lamps)})"


def frame_of(usage: Usage) -> str:
    needles = [usage.needle_5h, usage.needle_tach, usage.needle_7d]
    return shows([-120 + 0.24 * (needle or 0) for needle in needles], [usage.last_model or ""])


def test_every_vector_shows_the_needles_and_lamps_of_the_hardware(ha: HomeAssistant, desk: DeskPublisher) -> None:
    device = ha.device(TOPICS.node)
    assert device
    with resource(ha, FILE), on_a_dashboard(ha, one_card(device=device["id"]), width=500, height=500) as tab:
        for path in paths():
            vector = json.loads(path.read_text())
            desk.show(Usage.model_validate(vector["usage"]))
            lamps = [lamp for lamp, lit in vector["frame"]["lamps"].items() if lit]
            tab.becomes(shows([face_deg(angle) for angle in vector["frame"]["motor_deg"].values()], lamps))
        assert tab.console == []


def test_it_goes_with_the_publisher_comes_back_and_survives_new_names(ha: HomeAssistant, desk: DeskPublisher) -> None:
    usage = at_work()
    with resource(ha, FILE), on_a_dashboard(ha, one_card(instance="desk"), width=500, height=500) as tab:
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
    with resource(ha, FILE), on_a_dashboard(ha, one_card(), width=1280, height=900) as tab:
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
