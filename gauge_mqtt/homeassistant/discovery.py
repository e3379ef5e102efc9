"""One Home Assistant discovery message for the whole device, made from the contract. Pure.

Ids are for ever: `unique_id` comes from node and key; the entity id from the instance and the label that the key had
first. `object_id` serves Home Assistant up to 2026.3, `default_entity_id` every later one.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, get_args

from gauge_mqtt.contract.keyspec import KeySpec
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, KEYS, EventType

HOME = "https://github.com/archeious/claude-gauge"
"""Where Home Assistant sends whoever looks for help."""
MANUFACTURER, MODEL = "claude-gauge", "Claude Code usage"
"""How a gauge's device is told from all others."""
KIND = "Claude Gauge"
"""How its name begins, and so its entities' ids."""
NAME_MAX = 64
"""Characters of an instance's own spelling that are shown."""
RETIRED: dict[str, str] = {}
"""Keys of earlier versions -> their platform. Each is sent as that platform alone, which removes its entity; with
another one it would stay. `clear` empties its topic.
"""

RATE = "{% set rate = value_json.rate_1m %}{{ 'None' if rate is none else rate | int if rate == rate | int else rate }}"
NEEDLE_OF_RATE = "{{ {'needle': value_json.needle_tach} | tojson }}"
"""The rate has its needle as an attribute, out of one message with it: as an entity the needle would double what each
change of the rate writes into the database.
"""

_Component = dict[str, Any]


def device_name(topics: Topics, kind: str = KIND) -> str:
    return f"{kind} {(topics.spelling or topics.instance)[:NAME_MAX]}"


def payload(topics: Topics, version: str, known: Collection[str] = KEYS.keys()) -> bytes:
    """The retained message for `topics.discovery`. Home Assistant rejects it whole at one unknown root key.

    `known`: of the keys that some sources never know, those that were known at some time. The others are left out: an
    entity that can only be unknown helps nobody. Home Assistant keeps what it was told of earlier.
    """
    components = {key: _state(topics, key, spec) for key, spec in KEYS.items() if key in known or not spec.when_known}
    components["publisher"] = _publisher(topics)
    components["alert"] = _alert(topics)
    components |= {key: {"platform": platform} for key, platform in RETIRED.items()}
    return message(topics, device(topics.node, device_name(topics), MODEL, version), components)


def device(node: str, name: str, model: str, version: str) -> dict[str, Any]:
    """One of ours."""
    return {"identifiers": [node], "name": name, "manufacturer": MANUFACTURER, "model": model, "sw_version": version}


def message(topics: Topics, device: Mapping[str, Any], components: Mapping[str, _Component]) -> bytes:
    """What is said around the entities of a device."""
    said = {
        "device": device,
        "origin": {"name": "gauge-mqtt", "sw_version": device["sw_version"], "support_url": HOME},
        "availability": [{"topic": topics.availability}],
        "qos": 1,
        "components": components,
    }
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def entity_ids(topics: Topics) -> dict[str, str]:
    """Key of an entity -> its id, as long as nobody has renamed it."""
    components = json.loads(payload(topics, ""))["components"]
    return {key: entity["default_entity_id"] for key, entity in components.items() if "default_entity_id" in entity}


def percent(decimals: int) -> str:
    """The template of a ratio: in percent, with the decimals that are seen; the others need not fill the database. The
    literal `None` must arrive as it is, it means unknown. A share is rounded as `scale.fuel_needle` does, so that the
    card's needle stands where the dial's does.
    """
    scaled = f"(value | float * {10 ** (2 + decimals)}) | round(0)" + (f" / {10**decimals}" if decimals else "")
    return f"{{{{ value if value == 'None' else {scaled} }}}}"


def _state(topics: Topics, key: str, spec: KeySpec) -> _Component:
    """An entity that shows one key. It expires, because a broker that lost both retained topics and the will (restarted
    empty while we were dead) leaves Home Assistant with old values that it believes for ever.
    """
    component = _entity(
        topics, key, platform=spec.platform, name=spec.label, icon=spec.icon, first_name=spec.first_label
    )
    component |= {"state_topic": topics.keys[key], "expire_after": EXPIRE_AFTER_S} | facets(spec)
    if key == "rate_1m":
        component |= {"state_topic": topics.state, "value_template": RATE}
        component |= {"json_attributes_topic": topics.state, "json_attributes_template": NEEDLE_OF_RATE}
    return component


def facets(spec: KeySpec) -> _Component:
    """What Home Assistant is told of a key beside its names and topics."""
    component: _Component = {}
    if spec.unit == "ratio":
        component |= {"unit_of_measurement": "%", "value_template": percent(spec.precision or 0)}
    elif spec.unit is not None:
        component["unit_of_measurement"] = spec.unit
    optional = {
        "device_class": spec.device_class,
        "state_class": spec.state_class,
        "options": list(spec.options) or None,
        "suggested_display_precision": spec.precision,
        "entity_category": "diagnostic" if spec.diagnostic else None,
        "enabled_by_default": None if spec.enabled_by_default else False,
    }
    return component | {name: value for name, value in optional.items() if value is not None}


def _publisher(topics: Topics) -> _Component:
    """Whether gauge-mqtt runs. Its own availability never fails, so that it is seen when all else is unavailable. Where
    nobody says `offline`, after a broker that restarted empty while we were dead, it goes off by itself.
    """
    component = _entity(topics, "publisher", platform="binary_sensor", name="Publisher", icon="mdi:broadcast")
    return component | {
        "state_topic": topics.availability,
        "payload_on": "online",
        "payload_off": "offline",
        "off_delay": EXPIRE_AFTER_S,
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "availability": [{"topic": topics.availability, "value_template": "online"}],
    }


def _alert(topics: Topics) -> _Component:
    """The edges as events, to hang automations on."""
    return _entity(topics, "alert", platform="event", name="Alert", icon="mdi:bell-alert") | {
        "state_topic": topics.event,
        "event_types": list(get_args(EventType)),
    }


def _entity(topics: Topics, key: str, *, platform: str, name: str, icon: str, first_name: str = "") -> _Component:
    first_name = f"{KIND} {topics.instance} {first_name or name}"
    return entity(f"{topics.node}_{key}", platform=platform, name=name, icon=icon, first_name=first_name)


def entity(unique_id: str, *, platform: str, name: str, icon: str, first_name: str) -> _Component:
    """Who an entity is. `first_name`: what its id is made of, with its device's, for ever."""
    object_id = entity_slug(first_name)
    return {
        "platform": platform,
        "unique_id": unique_id,
        "default_entity_id": f"{platform}.{object_id}",
        "object_id": object_id,
        "name": name,
        "icon": icon,
    }


def entity_slug(text: str) -> str:
    """`text` as Home Assistant makes entity ids of names (ASCII names; ours are)."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
