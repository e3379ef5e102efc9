"""What a real Home Assistant makes of the device of the insights. It leaves seventy entities: it is last."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gauge_mqtt.contract.insights import KEYS, Insights, Kind
from gauge_mqtt.contract.messages import retained_insights
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.discovery import entity_slug
from gauge_mqtt.homeassistant.insights import payload
from tests.support.brokers import RecordingClient
from tests.support.e2e import PersistentBroker
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

SAMPLE: dict[Kind, Any] = {
    "count": 1234, "number": 12.5, "balance": -1.5, "ratio": 0.12, "correlation": -0.5,
    "counts": {"Bash": 5, "Read": 2}, "profile": tuple(range(24)),
}  # fmt: skip
VALUES = {key: SAMPLE[kind] for key, (kind, _) in KEYS.items()}
TOPICS = Topics("insighted")


def wanted(key: str) -> Any:
    kind, spec = KEYS[key]
    if kind == "counts":
        return "Bash 5, Read 2"
    if kind == "profile":
        return ",".join(map(str, range(24)))
    return 100 * VALUES[key] if spec.unit == "ratio" else VALUES[key]


@pytest.fixture
def client(broker: PersistentBroker) -> Iterator[RecordingClient]:
    with RecordingClient(broker.port, "nothing") as client:
        yield client


def shown(ha: HomeAssistant) -> dict[str, Any]:
    """Key -> state of every enabled entity, as a number where it is one."""
    found: dict[str, Any] = {}
    for key, entity in ha.entities(TOPICS.insights_node).items():
        if entity.registry["disabled_by"] is None:
            try:
                found[key] = float(entity.state or "")
            except ValueError:
                found[key] = entity.state
    return found


def test_eight_are_enabled_and_every_one_shows_its_value(ha: HomeAssistant, client: RecordingClient) -> None:
    day = date(2026, 11, 28)
    insights = Insights(day, day, datetime(2026, 11, 28, tzinfo=UTC), VALUES)
    client.publish(TOPICS.insights_discovery, payload(TOPICS, "1.2.3"), retain=True)
    for topic, said in retained_insights(insights, TOPICS).items():
        client.publish(topic, said, retain=True)
    client.publish(TOPICS.availability, b"online", retain=True)
    first = {key: wanted(key) for key, (_, spec) in KEYS.items() if spec.enabled_by_default}
    assert len(first) == 8
    becomes(lambda: shown(ha), first)
    entities = ha.entities(TOPICS.insights_node)
    assert entities.keys() == KEYS.keys()
    for key, entity in entities.items():
        assert entity.id == f"sensor.{entity_slug(f'claude insights {TOPICS.instance} {KEYS[key].spec.label}')}"
        if key not in first:
            ha.ask("config/entity_registry/update", entity_id=entity.id, disabled_by=None)
    ha.reload()
    becomes(lambda: shown(ha), {key: wanted(key) for key in KEYS})
    device = ha.device(TOPICS.insights_node)
    assert device is not None
    assert (device["name"], device["model"]) == ("Claude Insights insighted", "Claude Code insights")
    unknown = insights._replace(values=dict.fromkeys(KEYS))
    for topic, said in retained_insights(unknown, TOPICS).items():
        client.publish(topic, said, retain=True)
    becomes(lambda: {shown(ha)[key] for key in KEYS if KEYS[key].spec.unit}, {"unknown"})
