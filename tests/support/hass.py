"""What a card of Home Assistant is given, `hass`, as its entities are made by discovery out of what is on the topics.

The templates are Home Assistant's language, run here by Jinja; `tests/pasted` sees the same card in the real program.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import payload

DEVICE = "0123456789abcdef0123456789abcdef"
TEMPLATES = jinja2.Environment(autoescape=False)  # noqa: S701 (no HTML)
WORDS = {"ON": "on", "OFF": "off", "None": "unknown"}


def no_name(entity_id: str) -> str:
    """As nobody has renamed anything."""
    return entity_id


def hass(
    said: Mapping[str, str], topics: Topics, *, publisher: str = "on", renamed: Callable[[str], str] = no_name
) -> dict[str, Any]:
    """`said`: topic -> payload. `renamed`: entity id -> the id that its owner has given it. `told`: what the registry
    answers when it is asked for these entities.
    """
    states, entities, told = {}, {}, {}
    for key, component in json.loads(payload(topics, "1"))["components"].items():
        entity_id = renamed(component["default_entity_id"])
        if component.get("enabled_by_default", True):
            entities[entity_id] = {"entity_id": entity_id, "device_id": DEVICE, "platform": "mqtt"}
            states[entity_id] = {"entity_id": entity_id, "state": publisher, "attributes": {}}
        told[entity_id] = {"entity_id": entity_id, "unique_id": component["unique_id"]}
        if key not in {"publisher", "alert"} and entity_id in states:
            states[entity_id] |= _state(component, said[component["state_topic"]])
    device = {
        "id": DEVICE, "identifiers": [["mqtt", topics.node]], "name": "Claude Gauge", "manufacturer": "claude-gauge",
        "model": "Claude Code usage", "name_by_user": None, "disabled_by": None,
    }  # fmt: skip
    return {"states": states, "entities": entities, "devices": {DEVICE: device}, "told": told, "connected": True}


def _state(component: Mapping[str, Any], message: str) -> dict[str, Any]:
    values = {"value": message}
    if message.startswith("{"):
        values["value_json"] = json.loads(message)
    shown = _template(component.get("value_template", "{{ value }}")).render(values)
    attributes = {"unit_of_measurement": component.get("unit_of_measurement")}
    if template := component.get("json_attributes_template"):
        attributes |= json.loads(_template(template).render(values))
    return {"state": WORDS.get(shown, shown), "attributes": attributes}


@cache
def _template(text: str) -> jinja2.Template:
    return TEMPLATES.from_string(text)
