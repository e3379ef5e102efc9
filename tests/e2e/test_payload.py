"""What Home Assistant makes of the discovery payload and of the values."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from gauge_mqtt.contract.keyspec import KeySpec
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import KEYS, EventType, Usage, values
from gauge_mqtt.homeassistant import discovery
from gauge_mqtt.homeassistant.discovery import entity_slug
from tests.support.brokers import RecordingClient
from tests.support.e2e import FakePublisher, NewPublisher, PersistentBroker, known
from tests.support.ha_client import Entity, becomes
from tests.support.homeassistant import HomeAssistant
from tests.support.lines import answer


@pytest.fixture
def fake(broker: PersistentBroker, request: pytest.FixtureRequest) -> Iterator[FakePublisher]:
    with RecordingClient(broker.port, "nothing") as client:
        yield FakePublisher(client, f"fake-{request.node.originalname[5:25]}")


def shown(spec: KeySpec, value: Any) -> Any:
    """What a value of the contract should look like."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    if spec.unit == "ratio":
        return round(value * 100, spec.precision or 0)
    return value


def seen(entity: Entity, like: Any) -> Any:
    """The state, as a number where one is wanted."""
    try:
        return entity.state if isinstance(like, str) else float(entity.state or "")
    except ValueError:
        return entity.state


def enabled(ha: HomeAssistant, node: str) -> set[str]:
    return {key for key, entity in ha.entities(node).items() if entity.state is not None}


def differences(ha: HomeAssistant, node: str, usage: Usage) -> dict[str, Any]:
    """Of the enabled entities of a device, those that do not show what `usage` says: key -> seen, wanted."""
    entities, pairs = ha.entities(node), {}
    for key, value in values(usage).items():
        wanted = shown(KEYS[key], value)
        if key not in entities and KEYS[key].when_known and value is None:
            continue
        if key not in entities:
            pairs[key] = ("no entity", wanted)
        elif entities[key].registry["disabled_by"] is None:
            pairs[key] = (seen(entities[key], wanted), wanted)
    return {key: (got, wanted) for key, (got, wanted) in pairs.items() if got != wanted}


def test_every_key_is_an_entity_with_the_facets_and_the_value_of_the_contract(
    ha: HomeAssistant, fake: FakePublisher
) -> None:
    usage, node = known(fake.topics.instance), fake.topics.node
    fake.describe(discovery.payload(fake.topics, "1.2.3"))
    fake.show(usage)
    becomes(lambda: differences(ha, node, usage), {})
    entities = ha.entities(node)
    assert entities.keys() == {*KEYS, "publisher", "alert"}
    disabled = {key for key, entity in entities.items() if entity.registry["disabled_by"]}
    assert disabled == {key for key, spec in KEYS.items() if not spec.enabled_by_default}
    for key in disabled:
        ha.ask("config/entity_registry/update", entity_id=entities[key].id, disabled_by=None)
    ha.reload()
    becomes(lambda: (len(enabled(ha, node)), differences(ha, node, usage)), (len(entities), {}))
    precision = {e["ei"]: e.get("dp") for e in ha.ask("config/entity_registry/list_for_display")["entities"]}
    for key, entity in ha.entities(node).items():
        if spec := KEYS.get(key):
            attributes = entity.attributes
            assert entity.id == f"{spec.platform}.{entity_slug(f'{node} {spec.first_label or spec.label}')}"
            assert attributes["friendly_name"] == f"Claude Gauge {fake.topics.instance} {spec.label}"
            assert attributes.get("unit_of_measurement") == ("%" if spec.unit == "ratio" else spec.unit), key
            assert attributes.get("device_class") == spec.device_class, key
            assert attributes.get("state_class") == spec.state_class, key
            assert attributes.get("options", []) == list(spec.options), key
            assert attributes["icon"] == spec.icon, key
            assert entity.registry["entity_category"] == ("diagnostic" if spec.diagnostic else None), key
            assert precision[entity.id] == spec.precision, key


def test_the_device_says_what_it_is(ha: HomeAssistant, fake: FakePublisher) -> None:
    fake.describe(discovery.payload(fake.topics, "1.2.3"))
    becomes(lambda: ha.device(fake.topics.node) is not None, wanted=True)
    device = ha.device(fake.topics.node)
    assert device is not None
    assert (device["name"], device["manufacturer"], device["model"], device["sw_version"]) == (
        f"Claude Gauge {fake.topics.instance}", "claude-gauge", "Claude Code usage", "1.2.3",
    )  # fmt: skip


def test_the_device_bears_the_name_as_its_owner_spells_it(ha: HomeAssistant, publisher: NewPublisher) -> None:
    one = publisher("Büro Mac")
    one.work(ago_s=600)
    one.start()
    becomes(lambda: (ha.device(one.node) or {}).get("name"), "Claude Gauge Büro Mac")
    becomes(lambda: ha.state(one.entity("Tokens 7d")), "43120")
    assert ha.states()[one.entity("Fuel 5h")]["attributes"]["friendly_name"] == "Claude Gauge Büro Mac Fuel 5h used"


def test_what_a_source_may_never_know_appears_when_it_is_known(ha: HomeAssistant, publisher: NewPublisher) -> None:
    """The logs know no costs; how many lines were refused they know once they have been read."""
    one = publisher()
    tokens, thinking = one.entity("Tokens 7d"), one.entity("Thinking")
    one.work(ago_s=600)
    one.start()
    becomes(lambda: "refused_lines" in ha.entities(one.node), wanted=True)
    assert not {"cost_5h_usd", "cost_total_usd", "window_7d_resets_at", "thinking_ratio"} & ha.entities(one.node).keys()
    becomes(lambda: [row["state"] for row in ha.history(tokens)][-1:], ["43120"])
    before = len(ha.history(tokens))
    thinks = answer(time.time() - 30)
    thinks["message"]["usage"]["output_tokens_details"] = {"thinking_tokens": 5}
    one.write(thinks)
    becomes(lambda: ha.state(thinking), "25")
    becomes(lambda: [row["state"] for row in ha.history(tokens)][before:], ["86240"])  # nothing else was disturbed
    one.end()
    one.start()
    becomes(lambda: ha.state(thinking), "25")


def test_unknown_is_shown_as_unknown(ha: HomeAssistant, fake: FakePublisher) -> None:
    usage = Usage(updated_at=datetime.now(UTC), instance=fake.topics.instance, source="jsonl")
    fake.describe(discovery.payload(fake.topics, "1"))
    fake.show(full := known(fake.topics.instance))
    becomes(lambda: differences(ha, fake.topics.node, full), {})
    fake.show(usage)
    becomes(lambda: differences(ha, fake.topics.node, usage), {})


def test_what_the_publisher_serves_is_what_is_shown(ha: HomeAssistant, publisher: NewPublisher) -> None:
    limits = {"CLAUDE_GAUGE_5H_CEILING": "100000", "CLAUDE_GAUGE_7D_CEILING": "1000000"}
    one = publisher(**limits, CLAUDE_GAUGE_TACH_REDLINE="9000")
    one.work(ago_s=600)
    one.work(tokens=7_000, ago_s=300)
    one.start()
    becomes(lambda: ha.state(one.entity("Tokens 7d")), "50120")
    becomes(lambda: differences(ha, one.node, Usage.model_validate(one.usage())), {})
    assert ha.state(one.entity("Fuel 5h")) == "50.1"


def test_each_event_is_an_event(ha: HomeAssistant, fake: FakePublisher) -> None:
    fake.describe(discovery.payload(fake.topics, "1"))
    fake.show(known(fake.topics.instance))
    alert = f"event.{entity_slug(f'{fake.topics.node} Alert')}"
    becomes(lambda: ha.state(alert), "unknown")
    for kind in get_args(EventType):
        fake.send_event(Event(kind, datetime.now(UTC)))
        becomes(lambda: ha.states()[alert]["attributes"]["event_type"], kind)


def test_a_lamp_that_comes_on_in_the_logs_is_an_event(ha: HomeAssistant, publisher: NewPublisher) -> None:
    one = publisher(CLAUDE_GAUGE_TACH_REDLINE="9000")
    one.work(tokens=7_000, ago_s=600)
    one.start()
    alert = one.entity("Alert", "event")
    becomes(lambda: ha.state(one.entity("Hot", "binary_sensor")), "off")
    one.work(tokens=90_000, ago_s=0)
    becomes(lambda: ha.state(one.entity("Hot", "binary_sensor")), "on")
    becomes(lambda: ha.states()[alert]["attributes"]["event_type"], "hot")
