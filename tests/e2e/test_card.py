"""The card of the cluster, fed by what Home Assistant makes of the messages: needles and lamps of every vector."""

import json

import pytest

from gauge_mqtt.contract.dials import face_deg
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.homeassistant import discovery
from tests.support.brokers import RecordingClient
from tests.support.browser import browser
from tests.support.cluster_card import FILE, PARKED, on_a_dashboard, one_card, resource, shows
from tests.support.e2e import FakePublisher, PersistentBroker
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant
from tests.vectors.propose import paths

pytestmark = pytest.mark.skipif(browser() is None, reason="no Chromium here")


def test_every_vector_shows_the_needles_and_lamps_of_the_hardware(ha: HomeAssistant, broker: PersistentBroker) -> None:
    with RecordingClient(broker.port, "nothing") as client:
        gauge = FakePublisher(client, "card")
        gauge.describe(discovery.payload(gauge.topics, "1"))
        becomes(lambda: ha.device(gauge.topics.node) is not None, True)  # noqa: FBT003
        device = ha.device(gauge.topics.node)
        assert device
        pasted = one_card("binary_sensor.claude_gauge_card_publisher", device=device["id"])
        with resource(ha, FILE), on_a_dashboard(ha, pasted, width=500, height=500) as tab:
            for path in paths():
                vector = json.loads(path.read_text())
                gauge.show(Usage.model_validate(vector["usage"]))
                lamps = [lamp for lamp, lit in vector["frame"]["lamps"].items() if lit]
                tab.becomes(shows([face_deg(angle) for angle in vector["frame"]["motor_deg"].values()], lamps))
            client.publish(gauge.topics.availability, b"offline", retain=True)
            tab.becomes(shows(PARKED, ["stall"]))
            assert tab.console == []
