"""The card for Home Assistant in a real browser: loaded as there, by a page of another origin, and fed what
its entities say.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from gauge_mqtt.contract.dials import PARK_DEG, face_deg
from gauge_mqtt.contract.messages import retained
from gauge_mqtt.contract.scale import fuel_needle
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.http.card import PARTS
from tests.support.axe import axe_source
from tests.support.brokers import HOST
from tests.support.browser import Tab, browser
from tests.support.hass import DEVICE, hass
from tests.support.http import ServedSink
from tests.support.mqtt import usage
from tests.vectors.propose import paths

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")
ROOT = Path(__file__).resolve().parents[3]
DESK = Topics("desk")
BUSY = usage(
    rate_1m=5200, redline=8000, window_5h_pct=0.5, window_7d_pct=0.4135, needle_5h=500, needle_tach=520, needle_7d=414,
    last_model="opus", hot=True, warn=False, stall=False, idle=False, window_5h_source="official",
)  # fmt: skip
BUSY_DEG = [0, 4.8, -20.64]
PARKED = [face_deg(PARK_DEG)] * 3
PAGE = """
globalThis.asked = [];
globalThis.give = given => {
  const { told, ...hass } = given;
  hass.callWS = async ask => {
    asked.push(ask);
    if (given.refuses) throw { code: "unauthorized", message: given.refuses };
    return Object.fromEntries(ask.entity_ids.map(id => [id, told[id] ?? null]));
  };
  card.hass = globalThis.hass = hass;
};
globalThis.look = () => {
  const cluster = card.shadowRoot.querySelector("claude-gauge-cluster");
  const drawn = [...cluster.shadowRoot.querySelectorAll("g[data-needle]")]
    .map(part => Number(part.getAttribute("transform").match(/rotate\\(([-.\\d]+)/)[1]));
  const lit = [...cluster.shadowRoot.querySelectorAll(".lamp.lit")].map(lamp => lamp.dataset.lamp);
  const labels = [...cluster.shadowRoot.querySelectorAll("[role=img]")].map(part => part.getAttribute("aria-label"));
  return { drawn, lit, labels, lost: cluster.usage === null, words: card.shadowRoot.querySelector("p").textContent,
    theme: cluster.getAttribute("theme"),
    buttons: [...card.shadowRoot.querySelectorAll("button:not([hidden])")].map(one => one.dataset.key) };
};
globalThis.configured = config => {
  globalThis.card?.remove();
  globalThis.card = document.createElement("claude-gauge-card");
  card.setConfig(config);
  document.body.append(card);
};
"""


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSink]:
    with ServedSink() as sink:
        yield sink


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another origin than the publisher's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><html lang=en><title>elsewhere</title><main><h1>A dashboard</h1></main>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer((HOST, 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def tab(served: ServedSink, elsewhere: str) -> Iterator[Tab]:
    with Tab(width=600, height=400) as tab:
        tab.go(elsewhere)
        tab.becomes("document.title === 'elsewhere'")
        tab.value(f"import({json.dumps(served.url + '/card.js')}).then(() => true)")
        tab.value(f"{{{PAGE}}} true")
        yield tab


@pytest.fixture
def card(tab: Tab) -> Tab:
    """A card of the device, without anything to show yet."""
    tab.value(f"configured({{type: 'custom:claude-gauge-card', device: '{DEVICE}'}})")
    return tab


def given(tab: Tab, **how: Any) -> dict[str, Any]:
    """What the card shows of this `hass`."""
    tab.value(f"give({json.dumps(how)})")
    return dict(tab.value("new Promise(done => setTimeout(() => done(look())))"))


def said(**changed: Any) -> dict[str, str]:
    return {topic: body.decode() for topic, body in retained(BUSY.model_copy(update=changed), DESK).items()}


def test_every_vector_shows_the_needles_and_lamps_of_the_hardware(card: Tab) -> None:
    for path in paths():
        vector = json.loads(path.read_text())
        topics = Topics(vector["instance"])
        state = json.dumps(vector["usage"])
        seen = given(card, **hass(vector["topics"] | {topics.state: state}, topics))
        frame = vector["frame"]
        wanted = [face_deg(angle) for angle in frame["motor_deg"].values()]
        assert seen["drawn"] == pytest.approx(wanted, abs=0.1), path.stem
        assert seen["lit"] == [lamp for lamp, lit in frame["lamps"].items() if lit], path.stem
        assert not seen["lost"], path.stem


def test_every_share_is_drawn_where_the_dial_has_it(card: Tab) -> None:
    """Halves too: the topic has four decimals, the entity three."""
    for share in (0.0005, 0.0015, 0.0055, 0.0095, 0.4135, 0.8, 0.9985, 0.9995):
        seen = given(card, **hass(said(window_5h_pct=share), DESK))
        assert seen["drawn"][0] == pytest.approx(-120 + 240 * fuel_needle(share) / 1000, abs=0.1), share


def test_who_renames_the_entities_and_the_device_need_not_tell_the_card(card: Tab) -> None:
    before = given(card, **hass(said(), DESK))
    assert before["drawn"] == pytest.approx(BUSY_DEG)
    renamed = hass(
        said(), DESK, renamed=lambda entity_id: f"{entity_id.split('.')[0]}.my_{len(entity_id)}_{hash(entity_id)}"
    )
    renamed["devices"][DEVICE]["name_by_user"] = "Workshop"
    assert given(card, **renamed) == before
    assert before["labels"][1] == "Token rate: 5,200 tokens a minute, 0.65 of the redline"
    assert before["labels"][0] == "5 hour fuel: 50 % used, official"


def test_the_registry_is_asked_once_for_the_same_entities(card: Tab) -> None:
    known = hass(said(), DESK)
    card.value("asked.length = 0")
    given(card, **known)
    known["states"]["sensor.claude_gauge_desk_fuel_5h"]["state"] = "75.0"
    assert given(card, **known)["drawn"][0] == pytest.approx(60)
    assert card.value("asked.length") == 1


def test_what_one_entity_does_not_know_parks_one_needle(card: Tab) -> None:
    known = hass(said(), DESK)
    known["states"]["sensor.claude_gauge_desk_fuel_5h"]["state"] = "unavailable"
    known["states"]["binary_sensor.claude_gauge_desk_hot"]["state"] = "unknown"
    del known["states"]["sensor.claude_gauge_desk_fuel_7d"]
    seen = given(card, **known)
    assert seen["drawn"] == pytest.approx([PARKED[0], BUSY_DEG[1], PARKED[2]])
    assert (seen["lit"], seen["lost"]) == (["opus"], False)
    assert seen["labels"][0] == "5 hour fuel: unknown"


@pytest.mark.parametrize("source", ["demo", "replay", "jsonl"])
def test_what_is_not_real_is_marked(card: Tab, source: str) -> None:
    given(card, **hass(said(source=source), DESK))
    marks = """[...card.shadowRoot.querySelector('claude-gauge-cluster').shadowRoot.querySelectorAll('.mark')]
        .filter(one => getComputedStyle(one).visibility === 'visible').map(one => one.dataset.mark)"""
    assert card.value(marks) == [source] * (source != "jsonl")


@pytest.mark.parametrize("publisher", ["off", "unavailable", "unknown"])
def test_a_lost_publisher_parks_the_needles_and_stall_blinks_and_it_comes_back(card: Tab, publisher: str) -> None:
    given(card, **hass(said(), DESK))
    seen = given(card, **hass(said(), DESK, publisher=publisher))
    assert (seen["drawn"], seen["lit"], seen["lost"]) == (pytest.approx(PARKED), ["stall"], True)
    assert given(card, **hass(said(), DESK))["drawn"] == pytest.approx(BUSY_DEG)


def test_where_nobody_speaks_of_the_publisher_its_values_do(card: Tab) -> None:
    known = hass(said(), DESK)
    for table in ("states", "entities"):
        del known[table]["binary_sensor.claude_gauge_desk_publisher"]
    assert not given(card, **known)["lost"]
    for state in known["states"].values():
        state["state"] = "unavailable"
    assert given(card, **known)["lost"]


def test_what_home_assistant_said_before_it_went_away_is_old_after_five_seconds(card: Tab) -> None:
    known = hass(said(), DESK)
    given(card, **known)
    card.value("{ globalThis.realNow = performance.now; }")
    assert not given(card, **known | {"connected": False})["lost"]
    card.value("performance.now = () => realNow.call(performance) + 5100")
    assert given(card, **known | {"connected": False})["lost"]
    card.value("performance.now = realNow")
    assert not given(card, **known)["lost"]


def test_a_gauge_is_chosen_by_device_by_instance_or_is_the_first(tab: Tab) -> None:
    known = hass(said(), DESK)
    screen = {"id": "d", "identifiers": [["mqtt", "claude_gauge_display_1"]], "name": "A"}
    screen |= {"manufacturer": "claude-gauge", "model": "Claude Gauge display"}
    other = known["devices"][DEVICE] | {"id": "other", "identifiers": [["mqtt", "claude_gauge_lab"]], "name": "Zoo"}
    known["devices"] |= {"d": screen, "other": other}
    for config in ({}, {"instance": "desk"}, {"device": DEVICE}):
        tab.value(f"configured({json.dumps(config)})")
        assert given(tab, **known)["drawn"] == pytest.approx(BUSY_DEG), config
    assert tab.value("customElements.get('claude-gauge-card').getStubConfig(hass)") == {"device": DEVICE}
    for config, words in (({"instance": "attic"}, "not there any more"), ({"device": "gone"}, "not there any more")):
        tab.value(f"configured({json.dumps(config)})")
        assert words in given(tab, **known)["words"]
    assert tab.value("card.shadowRoot.querySelector('claude-gauge-cluster').lit") == ["stall"]
    tab.value(f"card.setConfig({{device: '{DEVICE}'}}); true")
    assert given(tab, **known)["drawn"] == pytest.approx(BUSY_DEG)
    at_once = "(card.setConfig({device: 'other'}), look().lost)"
    assert tab.value(at_once), "nothing of the gauge before"
    tab.value("configured({})")
    assert "No gauge is known here yet" in given(tab, **known | {"devices": {"d": screen}})["words"]


def test_a_config_that_cannot_be_meant_is_refused(tab: Tab) -> None:
    refused = "(() => { try { configured({device: 7}); return ''; } catch (error) { return error.message; } })()"
    assert tab.value(refused) == "device has to be a text"


def test_a_registry_that_does_not_answer_is_said(card: Tab) -> None:
    seen = given(card, **hass(said(), DESK), refuses="not for you")
    assert seen["words"] == "Home Assistant does not tell the entities of this gauge: not for you"
    assert seen["lost"]


def test_home_assistant_is_told_what_it_needs_to_offer_the_card(card: Tab) -> None:
    assert card.value("customCards.map(one => [one.type, one.preview])") == [["claude-gauge-card", True]]
    form = card.value("(({schema}) => schema)(customElements.get('claude-gauge-card').getConfigForm())")
    filters = [{"integration": "mqtt", "manufacturer": "claude-gauge", "model": "Claude Code usage"}]
    assert form == [{"name": "device", "selector": {"device": {"filter": filters}}}]
    assert card.value("[card.getCardSize(), card.getGridOptions().columns, card.getGridOptions().rows]") == [
        5,
        12,
        "auto",
    ]


def test_a_dial_leads_to_its_entity_by_mouse_and_keyboard(card: Tab) -> None:
    seen = given(card, **hass(said(), DESK))
    assert seen["buttons"] == ["window_5h_pct", "rate_1m", "window_7d_pct", "publisher"]
    card.value(
        "{ globalThis.told = []; document.addEventListener('hass-more-info', e => told.push(e.detail.entityId)); }"
    )
    card.value("card.shadowRoot.querySelectorAll('button').forEach(one => one.click())")
    assert card.value("told") == [
        "sensor.claude_gauge_desk_fuel_5h", "sensor.claude_gauge_desk_token_rate", "sensor.claude_gauge_desk_fuel_7d",
        "binary_sensor.claude_gauge_desk_publisher",
    ]  # fmt: skip
    names = card.value("[...card.shadowRoot.querySelectorAll('button')].map(one => one.getAttribute('aria-label'))")
    assert names[0] == "Details: 5 hour fuel"
    card.value("card.shadowRoot.querySelector('button').focus()")
    assert card.value("card.shadowRoot.activeElement.dataset.key") == "window_5h_pct"


def test_it_takes_the_theme_of_home_assistant_and_hides_nothing(card: Tab) -> None:
    assert given(card, **hass(said(), DESK), themes={"darkMode": True})["theme"] == "dark"
    assert given(card, **hass(said(), DESK), themes={"darkMode": False})["theme"] == "light"
    card.value(axe_source() + "; true")
    found = "axe.run(card).then(found => found.violations.map(v => `${v.id}: ${v.nodes[0].html}`))"
    assert card.value(found) == []
    assert card.console == []


@pytest.mark.parametrize(("width", "height"), [(320, 0), (500, 120), (200, 300), (1000, 0)])
def test_it_fits_the_place_that_a_dashboard_gives_it(card: Tab, width: int, height: int) -> None:
    given(card, **hass(said(), DESK))
    tall = f"height: {height}px" if height else ""
    card.value(f"card.style.cssText = 'width: {width}px; {tall}'")
    boxes = card.value("""['.drawing', 'claude-gauge-cluster', 'button.row']
        .map(one => card.shadowRoot.querySelector(one).getBoundingClientRect())
        .map(({left, top, width, height}) => [left, top, width, height])""")
    drawing, cluster, lamps = boxes
    wanted = min(width, 2 * height) if height else width
    assert drawing[2:] == pytest.approx([wanted, wanted / 2], rel=0.02)
    assert cluster == pytest.approx(drawing, abs=1)
    assert lamps[1] - drawing[1] == pytest.approx(wanted / 2 * 76 / 90, abs=2)
    card.value("card.style.cssText = ''")


def test_the_file_for_hacs_is_what_the_publisher_serves_and_may_be_loaded_from_anywhere(served: ServedSink) -> None:
    answer = httpx.get(f"{served.url}/card.js", trust_env=False)
    assert answer.text == (ROOT / "dist/claude-gauge-card.js").read_text()
    assert json.loads((ROOT / "hacs.json").read_text())["filename"] == "claude-gauge-card.js"
    for path in ("card.js", *PARTS):
        headers = httpx.get(f"{served.url}/{path}", trust_env=False).headers
        assert headers["access-control-allow-origin"] == "*", path
        assert headers["content-type"].startswith("text/javascript"), path
    for path in ("usage", "events", "metrics", "healthz", "", "index.html", "page.css"):
        with httpx.stream(
            "GET", f"{served.url}/{path}", headers={"origin": "http://ha.lan"}, trust_env=False
        ) as refused:
            assert "access-control-allow-origin" not in refused.headers, path


def test_no_number_can_be_read_from_another_origin(tab: Tab, served: ServedSink) -> None:
    read = f"fetch({json.dumps(served.url + '/usage')}).then(() => 'read', () => 'refused')"
    assert tab.value(read) == "refused"
