"""Broker and publisher are gone at one moment, and only the broker returns, with all it had written down."""

import signal
import time

import pytest

from gauge_mqtt.contract.usage import EXPIRE_AFTER_S
from tests.support.e2e import NewPublisher, PersistentBroker
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

RECONNECT_S = 25.0
"""Home Assistant tries every ten seconds."""
TAKEN_UP_S = 3.0
"""How long Home Assistant gets after a reload to hear what is retained."""


@pytest.mark.usefixtures("newest")
def test_after_a_power_cut_the_publisher_is_not_shown_as_connected(
    ha: HomeAssistant, broker: PersistentBroker, publisher: NewPublisher
) -> None:
    """Nobody says `offline`: the broker forgets `online` after three heartbeats, and so does the entity."""
    one = publisher()
    one.work(ago_s=600)
    one.start()
    connected = one.entity("Publisher", "binary_sensor")
    becomes(lambda: ha.state(connected), "on")
    one.send(signal.SIGSTOP)
    broker.save()
    broker.kill()
    one.end(signal.SIGKILL)
    broker.start()
    becomes(lambda: ha.state(connected), "off", within=2 * (EXPIRE_AFTER_S + RECONNECT_S))
    becomes(lambda: ha.state(one.entity("Tokens 7d")), "unavailable")
    ha.reload()
    becomes(lambda: ha.state(one.entity("Tokens 7d")), "unavailable")
    time.sleep(TAKEN_UP_S)
    assert ha.state(connected) != "on"
    assert ha.state(one.entity("Tokens 7d")) == "unavailable"
