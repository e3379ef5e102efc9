"""The `restart` command: once, with everything kept, and never again for a message that the broker kept."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import DISPLAY_PREFIX
from tests.support.brokers import Ear, Mosquitto, retained_on, until
from tests.support.sim_publisher import HALF_DEG, leave_half_scale
from tests.support.simulator import ID, Simulator, at_rest_on

BASE = f"{DISPLAY_PREFIX}/{ID}"
EARLY_S = 3.2
"""For three seconds after its subscription a command may be a retained one, and is refused."""


@pytest.fixture
def hand(mosquitto: Mosquitto) -> Iterator[Ear]:
    """Somebody at the broker, who has half scale and OPUS shown."""
    mosquitto.start()
    with Ear(mosquitto.port) as ear:
        leave_half_scale(ear)
        yield ear


@pytest.fixture
def simulator(mosquitto: Mosquitto, hand: Ear, gauge_sim: Path) -> Iterator[Simulator]:
    """Past the time in which it takes no commands."""
    with Simulator(gauge_sim, mosquitto.port) as running:
        until(lambda: hand.now.get(f"{BASE}/availability") == b"online")
        time.sleep(EARLY_S)
        running.wait(at_rest_on(HALF_DEG))
        yield running


def test_a_restart_is_announced_and_keeps_settings_and_needles(hand: Ear, simulator: Simulator) -> None:
    hand.say(f"{BASE}/cmd/brightness", b"64")
    until(lambda: hand.now[f"{BASE}/brightness"] == b"64")
    heard, index = len(hand.heard), len(simulator.seen)
    hand.say(f"{BASE}/cmd/restart", b"PRESS")
    until(
        lambda: [m.payload for m in hand.heard[heard:] if m.topic == f"{BASE}/availability"] == [b"offline", b"online"]
    )
    assert json.loads(hand.now[f"{BASE}/diag"])["reset_reason"] == "software"
    state = simulator.wait(lambda state: at_rest_on(HALF_DEG)(state) and state["link"] == "live")
    assert state["lamps"]["opus"] == 64
    assert not any(state["needles"]["5h"]["steps"] == 0 for state in simulator.seen[index:]), "it homed without need"


def test_a_retained_command_is_refused_and_taken_away(mosquitto: Mosquitto, hand: Ear, gauge_sim: Path) -> None:
    hand.say(f"{BASE}/cmd/restart", b"PRESS", retain=True)
    with Simulator(gauge_sim, mosquitto.port, "--instance", "lab") as simulator:
        simulator.says("may be a retained one")
        until(lambda: f"{BASE}/cmd/restart" not in retained_on(mosquitto.port))
        time.sleep(EARLY_S)
        assert [m.payload for m in hand.heard if m.topic == f"{BASE}/availability"] == [b"online"]
        assert simulator.now["dropped"] == 1


@pytest.mark.usefixtures("simulator")
def test_a_restart_that_is_retained_happens_once(mosquitto: Mosquitto, hand: Ear) -> None:
    heard = len(hand.heard)
    hand.say(f"{BASE}/cmd/restart", b"PRESS", retain=True)
    time.sleep(2 * EARLY_S)
    said = [m.payload for m in hand.heard[heard:] if m.topic == f"{BASE}/availability"]
    assert said == [b"offline", b"online"]
    assert f"{BASE}/cmd/restart" not in retained_on(mosquitto.port)
