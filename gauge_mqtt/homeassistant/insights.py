"""The device of the insights for Home Assistant: one discovery message beside that of the gauge. Pure.

Ids are for ever, as in `discovery`. All entities but a few wait disabled in the list for who wants them.
"""

import json
from collections.abc import Collection

from gauge_mqtt.contract.insights import EXPIRE_S, KEYS
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import HOME, MANUFACTURER, NAME_MAX, entity_slug, facets

MODEL = "Claude Code insights"


def device_name(topics: Topics) -> str:
    return f"Claude Insights {(topics.spelling or topics.instance)[:NAME_MAX]}"


def payload(topics: Topics, version: str, known: Collection[str] = KEYS.keys()) -> bytes:
    """The retained message for `topics.insights_discovery`. `known`: as for the gauge, `discovery.payload`."""
    components = {}
    for key, (_, spec) in KEYS.items():
        if key not in known and spec.when_known:
            continue
        object_id = entity_slug(f"Claude Insights {topics.instance} {spec.label}")
        components[key] = {
            "platform": "sensor",
            "unique_id": f"{topics.insights_node}_{key}",
            "default_entity_id": f"sensor.{object_id}",
            "object_id": object_id,
            "name": spec.label,
            "icon": spec.icon,
            "state_topic": topics.insights[key],
            "expire_after": EXPIRE_S,
        } | facets(spec)
    message = {
        "device": {
            "identifiers": [topics.insights_node],
            "name": device_name(topics),
            "manufacturer": MANUFACTURER,
            "model": MODEL,
            "sw_version": version,
            "via_device": topics.node,
        },
        "origin": {"name": "gauge-mqtt", "sw_version": version, "support_url": HOME},
        "availability": [{"topic": topics.availability}],
        "qos": 1,
        "components": components,
    }
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
