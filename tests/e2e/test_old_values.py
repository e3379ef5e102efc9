"""The broker restarted empty and the publisher died: nobody tells Home Assistant that its values are old."""

import time

import pytest

from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, HEARTBEAT_S
from tests.support.e2e import BrokerLoss
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

pytestmark = pytest.mark.usefixtures("newest")


def alive(ha: HomeAssistant, broker_loss: BrokerLoss) -> set[str]:
    """What of the dead publisher is shown as if it were there."""
    entities = ha.entities(broker_loss.killed.node)
    return {key for key, entity in entities.items() if entity.state not in {"unavailable", None}}


def outlive(ha: HomeAssistant, broker_loss: BrokerLoss) -> None:
    """Until nothing of it should be."""
    left = broker_loss.at + EXPIRE_AFTER_S - time.monotonic()
    if left > HEARTBEAT_S + 1:  # the last heartbeat was so long ago at most
        assert "window_7d_tokens" in alive(ha, broker_loss), "nothing should have been restarted or reloaded until now"
    becomes(lambda: alive(ha, broker_loss), {"publisher", "alert"}, within=max(left, 0) + 15)


def test_old_values_do_not_look_live_for_ever(ha: HomeAssistant, broker_loss: BrokerLoss) -> None:
    outlive(ha, broker_loss)


def test_nor_does_the_publisher_itself(ha: HomeAssistant, broker_loss: BrokerLoss) -> None:
    outlive(ha, broker_loss)
    becomes(lambda: ha.state(broker_loss.killed.entity("Publisher", "binary_sensor")), "off")


def test_the_living_are_not_touched(ha: HomeAssistant, broker_loss: BrokerLoss) -> None:
    outlive(ha, broker_loss)
    assert "unavailable" not in {entity.state for entity in ha.entities(broker_loss.survivor.node).values()}
