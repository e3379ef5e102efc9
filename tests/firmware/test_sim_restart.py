"""The `restart` command: once, with everything kept, and never again for a message that the broker kept."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import DISPLAY_PREFIX
from tests.support.brokers import Mosquitto, RecordingClient, retained_on
from tests.support.sim_publisher import HALF_DEG, leave_half_scale
from tests.support.simulator import ID, Simulator, at_rest_on
from tests.support.waiting import until

BASE = f"{DISPLAY_PREFIX}/{ID}"
EARLY_S = 4
"""For three seconds after its subscription a command may be a retained one, and is refused."""


@pytest.fixture
def client(mosquitto: Mosquitto) -> Iterator[RecordingClient]:
    """Somebody at the broker, who has half scale and OPUS shown."""
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client:
        leave_half_scale(client)
        yield client


@pytest.fixture
def simulator(mosquitto: Mosquitto, client: RecordingClient, gauge_sim: Path) -> Iterator[Simulator]:
    """Past the time in which it takes no commands."""
    with Simulator(gauge_sim, mosquitto.port) as running:
        until(lambda: client.latest.get(f"{BASE}/availability") == b"online")
        time.sleep(EARLY_S)
        running.wait(at_rest_on(HALF_DEG))
        yield running


def test_a_restart_is_announced_and_keeps_settings_and_needles(client: RecordingClient, simulator: Simulator) -> None:
    client.publish(f"{BASE}/cmd/brightness", b"64")
    until(lambda: client.latest[f"{BASE}/brightness"] == b"64")
    heard, index = len(client.messages), len(simulator.states)
    client.publish(f"{BASE}/cmd/restart", b"PRESS")
    until(
        lambda: (
            [m.payload for m in client.messages[heard:] if m.topic == f"{BASE}/availability"] == [b"offline", b"online"]
        )
    )
    assert json.loads(client.latest[f"{BASE}/diag"])["reset_reason"] == "software"
    state = simulator.wait(lambda state: at_rest_on(HALF_DEG)(state) and state["link"] == "live")
    assert state["lamps"]["opus"] == 64
    assert not any(state["needles"]["5h"]["steps"] == 0 for state in simulator.states[index:]), "it homed without need"


def test_a_retained_command_is_refused_and_taken_away(
    mosquitto: Mosquitto, client: RecordingClient, gauge_sim: Path
) -> None:
    client.publish(f"{BASE}/cmd/restart", b"PRESS", retain=True)
    with Simulator(gauge_sim, mosquitto.port, "--instance", "lab") as simulator:
        simulator.wait_for_log("may be a retained one")
        until(lambda: f"{BASE}/cmd/restart" not in retained_on(mosquitto.port))
        time.sleep(EARLY_S)
        assert [m.payload for m in client.messages if m.topic == f"{BASE}/availability"] == [b"online"]
        assert simulator.now["dropped"] == 1


@pytest.mark.usefixtures("simulator")
def test_a_restart_that_is_retained_happens_once(mosquitto: Mosquitto, client: RecordingClient) -> None:
    heard = len(client.messages)
    client.publish(f"{BASE}/cmd/restart", b"PRESS", retain=True)

    def said() -> list[bytes]:
        return [m.payload for m in client.messages[heard:] if m.topic == f"{BASE}/availability"]

    until(lambda: len(said()) == 2)
    time.sleep(EARLY_S)
    assert said() == [b"offline", b"online"]
    assert f"{BASE}/cmd/restart" not in retained_on(mosquitto.port)
