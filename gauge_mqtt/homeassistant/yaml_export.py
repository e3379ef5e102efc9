"""What a Home Assistant user pastes or copies, as YAML text for one instance: dashboard, card, package. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import KEYS
from gauge_mqtt.homeassistant.dashboard import card, dashboard, dashboard_with_card
from gauge_mqtt.homeassistant.discovery import device_name, entity_ids, payload
from gauge_mqtt.homeassistant.yaml_text import Shared, yaml_text

UNHEARD = "none"
"""A discovery prefix that no Home Assistant listens to."""


RAW_EDITOR = """\
In Home Assistant: Settings, Dashboards, Add dashboard, New dashboard
from scratch; open it, pencil, three dots, Raw configuration editor; put this there instead of what it says."""


class Page(NamedTuple):
    """`file`: where it lies in `homeassistant/`, made for the instance `desk`. `how`: its head, what to do with it."""

    make: Callable[[Topics], Any]
    file: str
    how: str


def package(topics: Topics) -> dict[str, Any]:
    """The discovery payload as YAML entities with the same unique ids, and what each day takes of the totals.

    The names alone make the entity ids here: `object_id` and `default_entity_id` each are an error in the YAML of some
    release. So an entity has the name that its id is made of, and its newer name by `customize`.
    """
    topics = replace(topics, spelling="")  # the device's name is in the ids, too
    message = json.loads(payload(topics, ""))
    del message["device"]["sw_version"]  # it would say for ever which one made this file
    device, availability = Shared("device", message["device"]), Shared("availability", message["availability"])
    ids, entities, customized = entity_ids(topics), [], {}
    for key, component in message["components"].items():
        if "unique_id" not in component:  # retired
            continue
        if key in KEYS and (first := KEYS[key].first_label):
            customized[ids[key]] = {"friendly_name": f"{device_name(topics)} {component['name']}"}
            component["name"] = first
        platform = component.pop("platform")
        entity = {key: value for key, value in component.items() if key not in {"default_entity_id", "object_id"}}
        entities.append({platform: {"availability": availability} | entity | {"qos": message["qos"], "device": device}})
    return {"mqtt": entities, "utility_meter": _meters(topics, ids), "homeassistant": {"customize": customized}}


def _meters(topics: Topics, ids: Mapping[str, str]) -> dict[str, Any]:
    """What of each total was used today."""
    return {
        f"{topics.node.replace('-', '_')}_{name}_today": {
            "name": f"{device_name(topics)} {name.capitalize()} today",
            "unique_id": f"{topics.node}_{name}_today",
            "source": ids[key],
            "cycle": "daily",
        }
        for name, key in (("tokens", "tokens_total"), ("cost", "cost_total_usd"))
    }


PAGES: Mapping[str, Page] = {
    "dashboard": Page(
        dashboard,
        "dashboard.yaml",
        f"""\
The dashboard of Claude Gauge. {RAW_EDITOR}

Built-in cards only. With claude-gauge-card installed, `gauge-mqtt homeassistant dashboard-with-card` prints the same
with the cluster, drawn like the real one, in place of gauges and lamps (docs/home-assistant.md).""",
    ),
    "dashboard-with-card": Page(
        dashboard_with_card,
        "dashboard-with-card.yaml",
        f"""\
The dashboard of Claude Gauge with the cluster. {RAW_EDITOR}

It wants claude-gauge-card, see docs/home-assistant.md; `gauge-mqtt homeassistant dashboard` does without.""",
    ),
    "card": Page(
        card,
        "card.yaml",
        """\
One card of Claude Gauge for a dashboard that is there already. In Home Assistant: Edit dashboard, Add card, Manual.""",
    ),
    "package": Page(
        package,
        "packages/claude_gauge.yaml",
        f"""\
The entities of Claude Gauge in YAML, for those who do not want MQTT discovery. Put this file into the directory
packages beside configuration.yaml, which has to say:

  homeassistant:
    packages: !include_dir_named packages

Not together with discovery: the unique ids are the same, and Home Assistant refuses the second of two. So before that
stop gauge-mqtt, `gauge-mqtt discovery clear`, and start it with CLAUDE_GAUGE_DISCOVERY_PREFIX={UNHEARD}.""",
    ),
}


def page(name: str, topics: Topics) -> str:
    """The page of that name as YAML."""
    make, _, how = PAGES[name]
    how += f"\n\nMade for this instance by: gauge-mqtt homeassistant {name} --instance {topics.instance}"
    head = "\n".join(f"# {line}".rstrip() for line in how.splitlines())
    return f"{head}\n\n{yaml_text(make(topics))}"
