"""The files to paste against the contract; no Home Assistant needed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import KEYS, LAMPS
from gauge_mqtt.homeassistant.discovery import entity_ids, entity_slug, payload
from gauge_mqtt.homeassistant.yaml_export import PAGES, package, page
from gauge_mqtt.homeassistant.yaml_text import Shared, yaml_text

FOLDER = Path(__file__).resolve().parents[2] / "homeassistant"
DESK = Topics("desk")
ENTITY = re.compile(r"(?:binary_sensor|sensor|event)\.claude_gauge_\w+")


@pytest.mark.parametrize("name", PAGES)
def test_the_file_is_what_the_command_prints_for_desk(name: str) -> None:
    assert (FOLDER / PAGES[name].file).read_text() == page(name, DESK), "run scripts/generate"


def unshared(data: Any) -> Any:
    match data:
        case Shared():
            return unshared(data.value)
        case dict():
            return {key: unshared(value) for key, value in data.items()}
        case list():
            return [unshared(value) for value in data]
    return data


@pytest.mark.parametrize("name", PAGES)
def test_the_text_says_what_was_meant(name: str) -> None:
    topics = Topics("a-b_c")
    assert yaml.safe_load(page(name, topics)) == unshared(PAGES[name].make(topics))
    assert not re.search(r"[/_ ]desk\b", page(name, topics))


@pytest.mark.parametrize("name", ["dashboard", "dashboard-with-card", "card"])
def test_every_entity_that_it_names_exists_and_is_enabled(name: str) -> None:
    components = json.loads(payload(DESK, "1"))["components"].values()
    enabled = {one["default_entity_id"] for one in components if one.get("enabled_by_default", True)}
    assert set(ENTITY.findall(page(name, DESK))) <= enabled


def test_the_dashboard_shows_every_lamp_and_every_key_that_is_enabled() -> None:
    text = page("dashboard", DESK)
    assert [lamp for lamp in LAMPS if f"name: {lamp.upper()}" not in text] == []
    ids = entity_ids(DESK)
    assert {key for key, spec in KEYS.items() if spec.enabled_by_default and ids[key] not in text} == set()


def test_the_package_makes_the_entities_that_discovery_makes() -> None:
    message = json.loads(payload(DESK, "1"))
    whole = yaml.safe_load(page("package", DESK))
    made, renamed = whole["mqtt"], whole["homeassistant"]["customize"]
    assert {entity["unique_id"] for (entity,) in map(dict.values, made)} == {
        one["unique_id"] for one in message["components"].values()
    }
    for (platform, entity), meant in zip(
        (next(iter(one.items())) for one in made), message["components"].values(), strict=True
    ):
        common = {"platform", "default_entity_id", "object_id", "availability"}
        assert platform == meant["platform"]
        newer = renamed.get(meant["default_entity_id"], {}).get("friendly_name", f"Claude Gauge desk {entity['name']}")
        assert newer == f"Claude Gauge desk {meant['name']}"
        assert entity_slug(f"Claude Gauge desk {entity['name']}") == meant["object_id"]
        common.add("name")
        assert {key: entity[key] for key in meant.keys() - common} == {key: meant[key] for key in meant.keys() - common}
        assert entity["availability"] == meant.get("availability", message["availability"])
        assert entity["device"] == {k: v for k, v in message["device"].items() if k != "sw_version"}


def test_the_package_counts_what_each_day_takes() -> None:
    meters = yaml.safe_load(page("package", Topics("a-b", spelling="A B")))["utility_meter"]
    assert meters["claude_gauge_a_b_tokens_today"] == {
        "name": "Claude Gauge a-b Tokens today",
        "unique_id": "claude_gauge_a-b_tokens_today",
        "source": "sensor.claude_gauge_a_b_tokens_total",
        "cycle": "daily",
    }
    assert meters["claude_gauge_a_b_cost_today"]["source"] == "sensor.claude_gauge_a_b_cost_total"


def test_what_may_never_be_known_is_not_on_the_dashboard_until_it_is() -> None:
    """A card of an entity that is not there complains."""
    ids = entity_ids(DESK)
    waiting = {ids[key] for key, spec in KEYS.items() if spec.when_known}

    def bare(data: Any) -> set[str]:
        """Of the cards without any condition, the entities that may not be there."""
        match data:
            case {"visibility": _} | {"conditions": _}:
                return set()
            case {"entity": str(entity), **rest}:
                return ({entity} & waiting) | bare(rest)
            case dict():
                return set().union(*map(bare, data.values()))
            case list():
                return set().union(*map(bare, data))
        return set()

    for name in ("dashboard", "card"):
        assert bare(yaml.safe_load(page(name, DESK))) == set(), name


def test_a_retired_key_is_not_in_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(package(DESK)["mqtt"])
    monkeypatch.setattr("gauge_mqtt.homeassistant.discovery.RETIRED", {"gone": "sensor"})
    assert len(package(DESK)["mqtt"]) == before


@pytest.mark.parametrize(
    "data",
    [
        {"plain": "two words", "template": "{{ a | b }}", "colon": "mdi:gauge", "percent": "%", "empty": ""},
        {
            "yes": "no",
            "on": "Off",
            "null": "null",
            "number": "5",
            "real": 5,
            "truth": True,
            "none": None,
            "time": "1:30",
        },
        {"nested": [[1, 2], {"a": [{"b": "c", "d": {"e": []}}]}, {}, "#x", "- y", "*z", "&w", "x: y", "tail ", " #"]},
        ["1:30", "several\nlines\n\n  indented", {"key": "a\nb"}, "ü", "it's", 'a "quote"', "~", "<<", "="],
    ],
)
def test_yaml_that_we_write_is_read_as_it_was_meant(data: Any) -> None:
    assert yaml.safe_load(yaml_text(data)) == data


def test_what_is_shared_is_written_once() -> None:
    device = Shared("device", {"name": "x"})
    text = yaml_text([{"device": device}, {"device": device}])
    assert text.count("name: x") == 1
    assert yaml.safe_load(text) == [{"device": {"name": "x"}}] * 2
