"""The discovery payload against the rules that Home Assistant was seen to enforce."""

import json
from typing import Any, get_args

import pytest

from gauge_mqtt.contract.messages import bare
from gauge_mqtt.contract.topics import Topics, slug
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, KEYS, EventType
from gauge_mqtt.homeassistant import discovery

TOPICS = Topics("my-desk_2")
ROOT = {"device", "origin", "availability", "qos", "components"}
"""Home Assistant rejects the whole payload at one more."""
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version"}
ORIGIN = {"name", "sw_version"}
COMPONENT = {
    "platform", "unique_id", "default_entity_id", "object_id", "name", "icon", "state_topic", "expire_after",
    "unit_of_measurement", "value_template", "device_class", "state_class", "options", "suggested_display_precision",
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
    assert {key: components[key]["state_topic"] for key in KEYS} == TOPICS.keys


def test_ids_are_unique_and_made_of_node_and_key(components: dict[str, Any]) -> None:
    assert {c["unique_id"] for c in components.values()} == {f"{TOPICS.node}_{key}" for key in components}
    assert len({c["default_entity_id"] for c in components.values()}) == len(components)


@pytest.mark.parametrize(
    ("instance", "stem"),
    [("lab", "lab"), ("my-desk_2", "my_desk_2"), ("a__b-c", "a_b_c"), (slug("Büro 7"), "b_ro_7")],
)
def test_old_and_new_entity_ids_are_what_the_names_give(instance: str, stem: str) -> None:
    message = json.loads(discovery.payload(Topics(instance), "1"))
    assert message["device"]["name"] == f"Claude Gauge {instance}"
    for component in message["components"].values():
        object_id = f"claude_gauge_{stem}_{component['name'].lower().replace(' ', '_')}"
        assert component["object_id"] == object_id
        assert component["default_entity_id"] == f"{component['platform']}.{object_id}"


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
        if component.get("device_class") == "monetary":
            assert component["state_class"] == "total", key
        if component.get("device_class") == "timestamp":
            assert not component.keys() & {"state_class", "unit_of_measurement"}, key
        if not sensor:
            assert not component.keys() & {"state_class", "unit_of_measurement", "options"}, key
        assert component["icon"].startswith("mdi:"), key
        assert component.get("entity_category", "diagnostic") == "diagnostic", key
        assert component.get("unit_of_measurement") in {None, "%", "tok", "tok/min", "USD"}, key


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "None"), (0, "0.0"), (1.0, "100.0"), (0.123456, "12.35"), (0.29, "29.0")]
)
def test_a_ratio_is_shown_in_percent_and_unknown_stays_unknown(value: float | None, shown: str) -> None:
    template = pytest.importorskip("jinja2").Template(discovery.PERCENT)
    assert template.render(value=bare(value)) == shown


def test_what_changes_with_every_snapshot_or_repeats_another_key_is_not_enabled_at_first(
    components: dict[str, Any],
) -> None:
    hidden = {key for key, component in components.items() if component.get("enabled_by_default") is False}
    assert {"updated_at", "needle_5h", "needle_7d", "window_5h_asof", "window_7d_asof"} < hidden
    assert not any(components[key].get("entity_category") is None for key in hidden)


def test_a_retired_key_is_sent_as_a_bare_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "RETIRED", {"window_5h_old": "binary_sensor"})
    message = json.loads(discovery.payload(TOPICS, "1"))
    assert message["components"]["window_5h_old"] == {"platform": "binary_sensor"}
