"""The discovery payload against the rules that Home Assistant was seen to enforce."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from gauge_mqtt.contract.messages import bare
from gauge_mqtt.contract.scale import fuel_needle
from gauge_mqtt.contract.topics import Topics, slug
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, KEYS, EventType
from gauge_mqtt.homeassistant import discovery

TOPICS = Topics("my-desk_2")
FIXTURES = Path(__file__).parents[1] / "e2e/fixtures"
HOME = "https://github.com/archeious/claude-gauge"
ROOT = {"device", "origin", "availability", "qos", "components"}
"""Home Assistant rejects the whole payload at one more."""
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version"}
ORIGIN = {"name", "sw_version", "support_url"}
COMPONENT = {
    "platform", "unique_id", "default_entity_id", "object_id", "name", "icon", "state_topic", "expire_after",
    "unit_of_measurement", "value_template", "device_class", "state_class", "options", "suggested_display_precision",
    "json_attributes_topic", "json_attributes_template",
    "entity_category", "enabled_by_default", "availability", "payload_on", "payload_off", "off_delay", "event_types",
}  # fmt: skip


@pytest.fixture
def message() -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(discovery.payload(TOPICS, "1.2.3"))
    return decoded


@pytest.fixture
def components(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = message["components"]
    return found


def test_no_key_is_foreign_to_home_assistant(message: dict[str, Any]) -> None:
    assert message.keys() == ROOT
    assert message["device"].keys() == DEVICE
    assert message["origin"].keys() == ORIGIN
    assert set().union(*message["components"].values()) <= COMPONENT


def test_every_key_of_the_contract_has_its_entity_and_two_more_speak_of_the_publisher(
    components: dict[str, Any],
) -> None:
    assert list(components) == [*KEYS, "publisher", "alert"]
    topics = TOPICS.keys | {"rate_1m": TOPICS.state}  # with its needle, out of one message
    assert {key: components[key]["state_topic"] for key in KEYS} == topics


def test_the_message_says_who_it_is_and_where_its_availability_is(message: dict[str, Any]) -> None:
    assert message["device"] == {
        "identifiers": ["claude_gauge_my-desk_2"], "name": "Claude Gauge my-desk_2", "manufacturer": "claude-gauge",
        "model": "Claude Code usage", "sw_version": "1.2.3",
    }  # fmt: skip
    assert message["origin"] == {"name": "gauge-mqtt", "sw_version": "1.2.3", "support_url": HOME}
    assert message["availability"] == [{"topic": "claude_gauge/my-desk_2/availability"}]
    assert message["qos"] == 1


def test_the_message_is_small_and_in_utf_8() -> None:
    said = discovery.payload(Topics("b_ro", spelling="Büro"), "1")
    assert "Büro".encode() in said
    assert b'": ' not in said
    assert b', "' not in said


@pytest.mark.parametrize("key", KEYS)
def test_a_key_has_the_facets_of_its_spec(components: dict[str, Any], key: str) -> None:
    spec, component = KEYS[key], components[key]
    plain = {
        "platform": spec.platform, "name": spec.label, "icon": spec.icon, "device_class": spec.device_class,
        "state_class": spec.state_class, "suggested_display_precision": spec.precision,
        "options": list(spec.options) or None, "entity_category": "diagnostic" if spec.diagnostic else None,
        "enabled_by_default": None if spec.enabled_by_default else False,
        "unit_of_measurement": "%" if spec.unit == "ratio" else spec.unit,
    }  # fmt: skip
    assert {name: component.get(name, "nothing") for name in plain} == {
        name: "nothing" if value is None else value for name, value in plain.items()
    }
    templates = {"ratio": discovery.percent(spec.precision or 0), "tok/min": discovery.RATE}
    expected = templates.get(spec.unit or "") if key != "redline" else None
    assert component.get("value_template") == expected
    assert ("json_attributes_topic" in component) == (key == "rate_1m")
    assert component.get("json_attributes_template") == (discovery.NEEDLE_OF_RATE if key == "rate_1m" else None)


def test_the_publisher_and_the_alert_are_these(components: dict[str, Any]) -> None:
    ids = {"unique_id", "default_entity_id", "object_id"}
    publisher, alert = ({k: v for k, v in components[key].items() if k not in ids} for key in ("publisher", "alert"))
    assert publisher == {
        "platform": "binary_sensor", "name": "Publisher", "icon": "mdi:broadcast", "state_topic": TOPICS.availability,
        "payload_on": "online", "payload_off": "offline", "off_delay": EXPIRE_AFTER_S, "device_class": "connectivity",
        "entity_category": "diagnostic",
        "availability": [{"topic": TOPICS.availability, "value_template": "online"}],
    }  # fmt: skip
    assert alert == {
        "platform": "event", "name": "Alert", "icon": "mdi:bell-alert", "state_topic": TOPICS.event,
        "event_types": ["hot", "warn", "stall", "reset_5h", "reset_7d"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "id_"),
    [("Fuel 5h", "fuel_5h"), ("  A--b ", "a_b"), ("7d", "7d"), ("Claude Gauge x_y", "claude_gauge_x_y")],
)
def test_an_entity_id_is_made_as_home_assistant_makes_it(text: str, id_: str) -> None:
    assert discovery.entity_slug(text) == id_


def test_entity_ids_are_by_key_and_a_retired_key_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "RETIRED", {"old": "sensor"})
    ids = discovery.entity_ids(Topics("lab"))
    assert ids["hot"] == "binary_sensor.claude_gauge_lab_hot"
    assert ids["window_5h_pct"] == "sensor.claude_gauge_lab_fuel_5h"
    assert ids["alert"] == "event.claude_gauge_lab_alert"
    assert ids.keys() == {*KEYS, "publisher", "alert"}


def test_ids_are_unique_and_made_of_node_and_key(components: dict[str, Any]) -> None:
    assert {c["unique_id"] for c in components.values()} == {f"{TOPICS.node}_{key}" for key in components}
    assert len({c["default_entity_id"] for c in components.values()}) == len(components)


@pytest.mark.parametrize(
    ("instance", "stem"),
    [("lab", "lab"), ("my-desk_2", "my_desk_2"), ("a__b-c", "a_b_c"), (slug("Büro 7"), "b_ro_7")],
)
def test_old_and_new_entity_ids_are_what_the_first_labels_give(instance: str, stem: str) -> None:
    message = json.loads(discovery.payload(Topics(instance, spelling="Any Other"), "1"))
    for key, component in message["components"].items():
        label = (KEYS[key].first_label if key in KEYS else "") or component["name"]
        object_id = f"claude_gauge_{stem}_{label.lower().replace(' ', '_')}"
        assert component["object_id"] == object_id
        assert component["default_entity_id"] == f"{component['platform']}.{object_id}"


@pytest.mark.parametrize("schema", [1, 2])
def test_no_id_of_an_earlier_version_has_changed(schema: int) -> None:
    earlier = json.loads((FIXTURES / f"discovery-schema-{schema}.json").read_text())
    node = earlier["device"]["identifiers"][0]
    now = json.loads(discovery.payload(Topics(node.removeprefix("claude_gauge_")), "1"))["components"]
    for key, component in earlier["components"].items():
        for id_ in ("unique_id", "default_entity_id", "object_id", "platform"):
            assert now[key][id_] == component[id_], key


def test_a_fuel_says_that_it_is_used(components: dict[str, Any]) -> None:
    assert components["window_5h_pct"]["name"] == "Fuel 5h used"
    assert components["window_5h_pct"]["default_entity_id"] == "sensor.claude_gauge_my_desk_2_fuel_5h"


@pytest.mark.parametrize(
    ("topics", "name"),
    [
        (Topics("desk_mac", spelling="Desk Mac"), "Claude Gauge Desk Mac"),
        (Topics("b_ro_7", spelling="Büro 7"), "Claude Gauge Büro 7"),
        (Topics("desk"), "Claude Gauge desk"),
        (Topics("x", spelling="x" * 1000), "Claude Gauge " + 64 * "x"),
    ],
)
def test_the_device_bears_the_name_as_its_owner_spells_it(topics: Topics, name: str) -> None:
    message = json.loads(discovery.payload(topics, "1"))
    assert message["device"]["name"] == name
    assert message["device"]["identifiers"] == [f"claude_gauge_{topics.instance}"]
    assert message["components"]["hot"]["unique_id"] == f"claude_gauge_{topics.instance}_hot"


def test_what_a_source_may_never_know_is_told_once_it_was_known() -> None:
    waiting = {key for key, spec in KEYS.items() if spec.when_known}
    assert {"cost_5h_usd", "cost_7d_usd", "cost_total_usd", "window_7d_resets_at"} <= waiting
    first = json.loads(discovery.payload(TOPICS, "1", frozenset()))["components"]
    assert first.keys() == {*KEYS, "publisher", "alert"} - waiting
    later = json.loads(discovery.payload(TOPICS, "1", {"cost_5h_usd"}))["components"]
    assert later.keys() - first.keys() == {"cost_5h_usd"}
    assert list(later) == [key for key in [*KEYS, "publisher", "alert"] if key in later]


def test_no_lamp_claims_a_problem_and_a_needle_has_no_statistics(components: dict[str, Any]) -> None:
    for key in ("hot", "warn", "stall", "idle"):
        assert "device_class" not in components[key], key
    for key in ("needle_5h", "needle_tach", "needle_7d"):
        assert "state_class" not in components[key], key
        assert components[key]["unit_of_measurement"] == "‰"  # without one each movement would be an activity


def test_costs_of_a_window_are_measured_and_totals_only_rise(components: dict[str, Any]) -> None:
    for key, state_class, unit in (
        ("cost_5h_usd", "measurement", "USD"), ("cost_7d_usd", "measurement", "USD"),
        ("cost_total_usd", "total_increasing", "USD"), ("tokens_total", "total_increasing", "tok"),
    ):  # fmt: skip
        assert (components[key]["state_class"], components[key]["unit_of_measurement"]) == (state_class, unit)
        assert "device_class" not in components[key]  # `monetary` goes with `total` alone


def test_values_expire_and_what_speaks_of_the_publisher_does_not(components: dict[str, Any]) -> None:
    assert {components[key]["expire_after"] for key in KEYS} == {EXPIRE_AFTER_S}
    assert "expire_after" not in components["publisher"] | components["alert"]


def test_the_publisher_stays_visible_while_it_is_offline(components: dict[str, Any]) -> None:
    publisher = components["publisher"]
    assert publisher["availability"] == [{"topic": TOPICS.availability, "value_template": "online"}]
    assert (publisher["state_topic"], publisher["payload_on"], publisher["payload_off"]) == (
        TOPICS.availability, "online", "offline",
    )  # fmt: skip


def test_alert_knows_every_event(components: dict[str, Any]) -> None:
    assert components["alert"]["event_types"] == list(get_args(EventType))
    assert components["alert"]["state_topic"] == TOPICS.event


def test_what_home_assistant_forbids_does_not_occur(components: dict[str, Any]) -> None:
    for key, component in components.items():
        sensor = component["platform"] == "sensor"
        if "options" in component:
            assert component["device_class"] == "enum", key
            assert not component.keys() & {"state_class", "unit_of_measurement"}, key
        if component.get("device_class") == "timestamp":
            assert not component.keys() & {"state_class", "unit_of_measurement"}, key
        if not sensor:
            assert not component.keys() & {"state_class", "unit_of_measurement", "options"}, key
        assert component["icon"].startswith("mdi:"), key
        assert component.get("entity_category", "diagnostic") == "diagnostic", key
        assert component.get("unit_of_measurement") in {None, "%", "tok", "tok/min", "USD", "‰"}, key


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "None"), (0, "0.0"), (1.0, "100.0"), (0.123456, "12.3"), (0.29, "29.0"), (0.0005, "0.0"), (0.0015, "0.2")],
)
def test_a_ratio_is_shown_in_percent_and_unknown_stays_unknown(
    components: dict[str, Any], value: float | None, shown: str
) -> None:
    jinja2 = pytest.importorskip("jinja2")
    template = components["window_5h_pct"]["value_template"]
    assert jinja2.Template(template).render(value=bare(value)) == shown
    whole = jinja2.Template(components["cache_hit_rate"]["value_template"])
    assert whole.render(value=bare(value)) == ("None" if value is None else f"{round(value * 100)}.0")


def test_a_fuel_in_percent_is_what_its_needle_shows(components: dict[str, Any]) -> None:
    """To the permille, halves too, so that dial and card never disagree."""
    jinja2 = pytest.importorskip("jinja2")
    template = jinja2.Template(components["window_5h_pct"]["value_template"])
    shares = [number / 10_000 for number in range(5, 10_000, 10)]
    assert [round(float(template.render(value=bare(share))) * 10) for share in shares] == [*map(fuel_needle, shares)]


@pytest.mark.parametrize(("rate", "needle"), [(None, None), (0.0, 0), (5200.0, 520), (1234.5, 123)])
def test_the_rate_is_shown_plain_and_has_its_needle_beside_it(rate: float | None, needle: int | None) -> None:
    jinja2 = pytest.importorskip("jinja2")
    usage = json.loads(json.dumps({"rate_1m": rate, "needle_tach": needle}))
    shown = jinja2.Template(discovery.RATE).render(value_json=usage)
    assert shown == ("None" if rate is None else f"{rate:g}")
    environment = jinja2.Environment(autoescape=False)
    environment.filters["tojson"] = json.dumps
    attributes = environment.from_string(discovery.NEEDLE_OF_RATE).render(value_json=usage)
    assert json.loads(attributes) == {"needle": needle}


def test_what_changes_with_every_snapshot_or_repeats_another_key_is_not_enabled_at_first(
    components: dict[str, Any],
) -> None:
    hidden = {key for key, component in components.items() if component.get("enabled_by_default") is False}
    needles = {"needle_5h", "needle_tach", "needle_7d"}
    assert {"updated_at", "telemetry_at", "window_5h_asof", "window_7d_asof", *needles} < hidden
    assert not any(components[key].get("entity_category") is None for key in hidden)


def test_a_retired_key_is_sent_as_a_bare_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "RETIRED", {"window_5h_old": "binary_sensor"})
    message = json.loads(discovery.payload(TOPICS, "1"))
    assert message["components"]["window_5h_old"] == {"platform": "binary_sensor"}
