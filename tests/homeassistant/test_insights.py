"""The device of the insights, as Home Assistant is told of it."""

import json
from typing import Any

import pytest

from gauge_mqtt.contract.insights import EXPIRE_S, KEYS
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant import discovery
from gauge_mqtt.homeassistant.insights import payload

TOPICS = Topics("desk", spelling="Desk")


@pytest.fixture
def message() -> dict[str, Any]:
    return json.loads(payload(TOPICS, "1.2.3"))  # type: ignore[no-any-return]


def test_it_is_a_device_of_its_own_that_hangs_on_the_gauge(message: dict[str, Any]) -> None:
    gauge = json.loads(discovery.payload(TOPICS, "1.2.3"))
    assert {*message} == {*gauge}
    assert message["device"]["name"] == "Claude Insights Desk"
    assert message["device"]["via_device"] == gauge["device"]["identifiers"][0]
    assert message["availability"] == gauge["availability"]
    ids = {entity["unique_id"] for entity in gauge["components"].values()}
    assert ids.isdisjoint(entity["unique_id"] for entity in message["components"].values())


def test_every_key_has_an_entity_on_its_topic(message: dict[str, Any]) -> None:
    components = message["components"]
    assert list(components) == list(KEYS)
    for key, entity in components.items():
        spec = KEYS[key].spec
        assert entity["state_topic"] == f"claude_gauge/desk/insights/{key}"
        assert entity["unique_id"] == f"claude_gauge_desk_insights_{key}"
        assert entity["expire_after"] == EXPIRE_S
        assert entity.get("unit_of_measurement") == ("%" if spec.unit == "ratio" else spec.unit)
        assert entity.get("enabled_by_default", True) is spec.enabled_by_default
        assert entity["default_entity_id"] == f"sensor.{entity['object_id']}"
    assert components["tokens"]["object_id"] == "claude_insights_desk_tokens"
    assert len({entity["object_id"] for entity in components.values()}) == len(components)


def test_what_may_never_be_known_is_told_once_it_was() -> None:
    told = json.loads(payload(TOPICS, "1", {"tokens"}))["components"]
    assert "cost_usd" not in told
    assert "tokens" in told
    assert "cost_usd" in json.loads(payload(TOPICS, "1", {"cost_usd"}))["components"]


def test_a_map_and_a_profile_are_text_without_a_unit(message: dict[str, Any]) -> None:
    for key, (kind, _) in KEYS.items():
        if kind in {"counts", "profile"}:
            assert "state_class" not in message["components"][key], key
            assert "unit_of_measurement" not in message["components"][key], key
