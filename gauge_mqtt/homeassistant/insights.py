"""The device of the insights for Home Assistant: one discovery message beside that of the gauge. Pure.

Ids are for ever, as in `discovery`. All entities but a few wait disabled in the list for who wants them.
"""

from collections.abc import Collection

from gauge_mqtt.contract.insights import EXPIRE_S, KEYS
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import device, device_name, entity, facets, message

KIND, MODEL = "Claude Insights", "Claude Code insights"


def payload(topics: Topics, version: str, known: Collection[str] = KEYS.keys()) -> bytes:
    """The retained message for `topics.insights_discovery`. `known`: as for the gauge, `discovery.payload`."""
    components = {}
    for key, (_, spec) in KEYS.items():
        if key in known or not spec.when_known:
            first_name = f"{KIND} {topics.instance} {spec.label}"
            named = entity(
                f"{topics.insights_node}_{key}", platform="sensor", name=spec.label, icon=spec.icon,
                first_name=first_name,
            )  # fmt: skip
            components[key] = named | {"state_topic": topics.insights[key], "expire_after": EXPIRE_S} | facets(spec)
    ours = device(topics.insights_node, device_name(topics, KIND), MODEL, version) | {"via_device": topics.node}
    return message(topics, ours, components)
