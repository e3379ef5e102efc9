"""Names and versions change; what Home Assistant knows stays in order."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt import __version__
from gauge_mqtt.homeassistant import discovery
from tests.support.brokers import RecordingClient
from tests.support.e2e import FakePublisher, NewPublisher, PersistentBroker, known
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

OLD = Path(__file__).parent / "fixtures"
"""What the publisher said of the instance `upgrade` when the contract had its first schema, and its second."""


@pytest.fixture
def client(broker: PersistentBroker) -> Iterator[RecordingClient]:
    with RecordingClient(broker.port, "nothing") as client:
        yield client


def test_a_renamed_instance_is_a_new_device_and_clear_removes_the_old(
    ha: HomeAssistant, publisher: NewPublisher
) -> None:
    old, new = publisher("old-name"), publisher("new-name")
    old.work(ago_s=600)
    old.start()
    becomes(lambda: ha.state(old.entity("Tokens 7d")), "43120")
    old.end()
    new.start()
    becomes(lambda: ha.state(new.entity("Publisher", "binary_sensor")), "on")
    assert "emptied" in old.cli("discovery", "clear")
    becomes(lambda: ha.device(old.node), None)
    becomes(lambda: [id_ for id_ in ha.states() if "old_name" in id_], [])
    assert ha.state(new.entity("Publisher", "binary_sensor")) == "on"


def test_two_instances_are_two_devices(ha: HomeAssistant, publisher: NewPublisher) -> None:
    desk, lap = publisher("two-desk"), publisher("two-lap")
    desk.work(ago_s=600)
    lap.work(tokens=500, ago_s=600)
    desk.start()
    lap.start()
    becomes(lambda: ha.state(desk.entity("Tokens 7d")), "43120")
    becomes(lambda: ha.state(lap.entity("Tokens 7d")), "500")
    becomes(lambda: ha.entities(desk.node).keys() ^ ha.entities(lap.node).keys(), set())  # some are added when known
    of_desk, of_lap = ha.entities(desk.node), ha.entities(lap.node)
    assert not {entity.id for entity in of_desk.values()} & {entity.id for entity in of_lap.values()}
    lap.end()
    becomes(lambda: ha.state(lap.entity("Tokens 7d")), "unavailable")
    assert ha.state(desk.entity("Tokens 7d")) == "43120"


def test_a_retired_entity_is_gone(ha: HomeAssistant, client: RecordingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakePublisher(client, "retired")
    now = discovery.payload(fake.topics, "2")
    earlier: dict[str, Any] = json.loads(now)
    for old, like in (("old_key", "rate_1m"), ("old_lamp", "hot")):
        new = {"unique_id": f"{fake.topics.node}_{old}", "name": old, "default_entity_id": None, "object_id": old}
        kept = earlier["components"][like] | new
        earlier["components"][old] = {key: value for key, value in kept.items() if value is not None}
    fake.describe(json.dumps(earlier).encode())
    fake.show(known("retired"))
    becomes(lambda: {"old_key", "old_lamp"} <= ha.entities(fake.topics.node).keys(), wanted=True)
    monkeypatch.setattr(discovery, "RETIRED", {"old_key": "sensor", "old_lamp": "binary_sensor"})
    for _start in range(2):
        fake.describe(discovery.payload(fake.topics, "2"))
        becomes(lambda: ha.entities(fake.topics.node).keys(), json.loads(now)["components"].keys())


@pytest.mark.parametrize("schema", [1, 2])
def test_after_an_upgrade_ids_choices_history_and_statistics_are_still_there(
    ha: HomeAssistant, client: RecordingClient, publisher: NewPublisher, schema: int
) -> None:
    name = f"upgrade{schema}"
    fake, one = FakePublisher(client, name), publisher(name)
    old = (OLD / f"discovery-schema-{schema}.json").read_bytes().replace(b"upgrade", name.encode())
    fake.describe(old)
    fake.show(known(name))
    tokens = one.entity("Tokens 7d")
    becomes(lambda: ha.state(tokens), "12345678")
    ha.ask("config/entity_registry/update", entity_id=tokens, name="Mine", icon="mdi:star")
    redline = one.entity("Redline")
    ha.ask("config/entity_registry/update", entity_id=redline, new_entity_id=f"sensor.my_redline{schema}")
    before = ha.entities(one.node)
    assert before.keys() == json.loads(old)["components"].keys()
    ha.call("statistics_now", "compile")
    one.work(ago_s=600)
    one.start()
    becomes(lambda: ha.state(tokens), "43120")
    components = json.loads(discovery.payload(fake.topics, __version__, {"refused_lines"}))["components"]
    becomes(lambda: ha.entities(one.node).keys(), before.keys() | components.keys())
    after = ha.entities(one.node)
    kept = ("id", "unique_id", "entity_id", "disabled_by")
    for key, entity in before.items():
        assert [after[key].registry[name] for name in kept] == [entity.registry[name] for name in kept], key
    assert (after["window_7d_tokens"].registry["name"], after["window_7d_tokens"].attributes["icon"]) == (
        "Mine", "mdi:star",
    )  # fmt: skip
    assert after["window_5h_pct"].attributes["friendly_name"] == f"Claude Gauge {name} Fuel 5h used"
    assert after["window_5h_pct"].id == one.entity("Fuel 5h")
    # A changed description makes an entity unavailable until the value behind it arrives.
    becomes(lambda: [s for row in ha.history(tokens) if (s := row["state"]).isdigit()], ["12345678", "43120"])
    ha.call("statistics_now", "compile")
    becomes(lambda: [round(row["mean"]) for row in ha.statistics(tokens)][-2:], [12_345_678, 43_120])
    one.end()
    fake.describe(discovery.payload(fake.topics, __version__))  # of a source that knows all
    fake.show(known(name))
    becomes(lambda: ha.state(one.entity("Cost total")), "6.5")
    ha.call("statistics_now", "compile")
    # What needles and costs left from before may be deleted there, as the changelog says; everything else goes on.
    old_ones = {one.entity(label) for label in ("Needle 5h", "Needle tach", "Needle 7d", "Cost 5h", "Cost 7d")}
    left = ha.ask("recorder/validate_statistics").keys()
    assert left <= old_ones
    ha.ask("recorder/clear_statistics", statistic_ids=list(left))
    becomes(lambda: ha.ask("recorder/validate_statistics"), {})
