"""A display as a device of Home Assistant's own kind: the simulator, whose session is the firmware's."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import DISPLAY_PREFIX
from tests.support.brokers import RecordingClient
from tests.support.e2e import PersistentBroker
from tests.support.ha_client import Entity, becomes
from tests.support.homeassistant import HomeAssistant
from tests.support.simulator import ID, Simulator

NODE, BASE = f"{DISPLAY_PREFIX}_{ID}", f"{DISPLAY_PREFIX}/{ID}"
EARLY_S = 3.2
"""Right after its subscription a display refuses commands, which might be retained ones."""
FOR_FAULTS = {
    "heap_min", "heap_block", "stack_needles", "stack_network", "stack_broker", "stack_usage", "brown_outs",
    "no_wifi_s", "no_broker_s", "publisher_offline_s", "stale_s", "live_s",
}  # fmt: skip
"""Entities that wait disabled until somebody looks for a fault."""


@pytest.fixture
def client(broker: PersistentBroker) -> Iterator[RecordingClient]:
    with RecordingClient(broker.port, f"{BASE}/#") as client:
        yield client


@pytest.fixture
def display(
    ha: HomeAssistant, broker: PersistentBroker, client: RecordingClient, gauge_sim: Path
) -> Iterator[Simulator]:
    with Simulator(gauge_sim, broker.port, "--instance", "nobody") as display:
        becomes(lambda: client.latest.get(f"{BASE}/availability"), b"online")
        becomes(lambda: ha.device(NODE) is not None, wanted=True)
        time.sleep(EARLY_S)
        yield display


def entity(ha: HomeAssistant, key: str) -> Entity:
    return ha.entities(NODE)[key]


def press(ha: HomeAssistant, key: str) -> None:
    ha.call("button", "press", entity_id=entity(ha, key).id)


def test_home_assistant_shows_and_sets_all_that_a_display_has(
    ha: HomeAssistant, display: Simulator, client: RecordingClient
) -> None:
    becomes(lambda: len(ha.entities(NODE)), 34)
    becomes(lambda: entity(ha, "link").state, "publisher_offline")
    becomes(lambda: "unavailable" in {found.state for found in ha.entities(NODE).values()}, wanted=False)
    entities = ha.entities(NODE)
    assert {key for key, found in entities.items() if found.registry["disabled_by"]} == FOR_FAULTS
    assert entities["link"].attributes["device_class"] == "enum"
    triggers = ha.ask("device_automation/trigger/list", device_id=(ha.device(NODE) or {})["id"])
    assert {t["type"] for t in triggers if t["domain"] == "mqtt"} == {"button_short_press", "button_long_press"}

    lamps = entities["lamps"].id
    ha.call("light", "turn_on", entity_id=lamps, brightness=100)
    becomes(lambda: entity(ha, "lamps").attributes.get("brightness"), 100)
    ha.call("light", "turn_off", entity_id=lamps)
    becomes(lambda: ha.state(lamps), "off")
    for degrees, thirds, shown in ((1.0, b"3", "1.0"), (-9.6667, b"-29", "-9.67"), (0, b"0", "0.0")):
        ha.call("number", "set_value", entity_id=entities["trim_tach_zero"].id, value=degrees)
        becomes(lambda: ha.state(entities["trim_tach_zero"].id), shown)
        becomes(lambda: client.latest[f"{BASE}/trim/tach/zero"], thirds)  # heard by two, in either order
    press(ha, "identify")
    display.wait(lambda state: all(state["lamps"].values()))


def test_a_display_restarts_once_when_it_is_asked_to(
    ha: HomeAssistant, display: Simulator, client: RecordingClient
) -> None:
    fresh, before = entity(ha, "fresh").id, len(client.messages)
    press(ha, "restart")

    def said() -> list[bytes]:
        return [message.payload for message in client.messages[before:] if message.topic == f"{BASE}/availability"]

    becomes(said, [b"offline", b"online"])  # it may be away for less than a look
    becomes(lambda: ha.state(fresh), "off")  # back, and without a publisher
    assert said() == [b"offline", b"online"]
    assert display.child.poll() is None
