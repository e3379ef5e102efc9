"""The display as a device of its own: what it tells Home Assistant, and the commands it takes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import FULL_DEG, ZERO_DEG
from gauge_mqtt.contract.topics import DIALS, DISCOVERY_PREFIX, DISPLAY_PREFIX
from gauge_mqtt.contract.usage import LAMPS
from tests.homeassistant.test_discovery import COMPONENT, DEVICE, ORIGIN, ROOT
from tests.support import brokers
from tests.support.brokers import MosquittoProcess, RecordingClient, retained_on
from tests.support.sim_publisher import HALF_DEG, leave_half_scale
from tests.support.simulator import ID, STEP_DEG, Simulator, at_rest_on, ever_lit
from tests.support.waiting import BUSY_FACTOR, PATIENCE_S, until

BASE = f"{DISPLAY_PREFIX}/{ID}"
DISCOVERY = f"{DISCOVERY_PREFIX}/device/{DISPLAY_PREFIX}/{ID}/config"
EARLY_S = 4
"""For three seconds after its subscription a command may be a retained one, and is refused."""
CONTROL = {
    "command_topic", "command_template", "brightness_state_topic", "brightness_command_topic", "min", "max", "step",
    "mode", "automation_type", "type", "subtype", "topic", "payload",
}  # fmt: skip
"""What a thing that takes commands has beyond a sensor."""
PLAIN = {"light": b"ON", "brightness": b"255", "trim/5h/zero": b"0", "trim/5h/full": b"0"}
"""Commands after which a display is as it was delivered."""
SAMPLE = {"button": b"PRESS", "light": b"ON", "switch": b"OFF", "number": b"0"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoProcess]:
    if brokers.mosquitto() is None:
        pytest.skip("no mosquitto here")
    process = MosquittoProcess(tmp_path_factory.mktemp("broker")).start()
    yield process
    process.kill()


@pytest.fixture(scope="module")
def client(broker: MosquittoProcess) -> Iterator[RecordingClient]:
    """Somebody at the broker, who has half scale and OPUS shown."""
    with RecordingClient(broker.port) as client:
        leave_half_scale(client)
        yield client


@pytest.fixture(scope="module")
def long_running(broker: MosquittoProcess, client: RecordingClient, gauge_sim: Path) -> Iterator[Simulator]:
    with Simulator(gauge_sim, broker.port) as running:
        until(lambda: client.latest.get(f"{BASE}/availability") == b"online")
        time.sleep(EARLY_S)
        yield running


@pytest.fixture
def simulator(client: RecordingClient, long_running: Simulator) -> Simulator:
    """One for all tests: past the time in which it takes no commands, needles at half scale, the lamps bright."""
    for below, payload in PLAIN.items():
        client.publish(f"{BASE}/cmd/{below}", payload)
    long_running.wait(at_rest_on(HALF_DEG))
    long_running.wait(lambda state: state["lamps"]["opus"] == 255)
    return long_running


def test_identify_flashes_the_whole_row_for_five_seconds(client: RecordingClient, simulator: Simulator) -> None:
    client.publish(f"{BASE}/cmd/identify", b"PRESS")
    asked = simulator.wait(lambda state: all(state["lamps"].values()))
    over = simulator.wait(lambda state: state["lit"] == ["opus"])
    assert 4000 < over["t_ms"] - asked["t_ms"] < BUSY_FACTOR * 3000, "five, and one until its dark is believed"
    assert not ever_lit([over]) - {"opus"}


def test_a_self_test_sweeps_every_scale_and_lights_every_lamp(client: RecordingClient, simulator: Simulator) -> None:
    start = len(simulator.states)
    client.publish(f"{BASE}/cmd/self_test", b"PRESS")
    simulator.wait(lambda state: state["needles"]["7d"]["deg"] > FULL_DEG - 2)
    simulator.wait(lambda state: state["needles"]["7d"]["deg"] < ZERO_DEG + 2)
    simulator.wait(at_rest_on(HALF_DEG))
    assert ever_lit(simulator.states[start:]) == set(LAMPS)
    for dial in DIALS:
        degrees = [state["needles"][dial]["deg"] for state in simulator.states[start:]]
        assert max(degrees) == pytest.approx(FULL_DEG, abs=10)
        assert min(degrees) == pytest.approx(ZERO_DEG, abs=10)


def test_home_finds_the_stop_and_comes_back(client: RecordingClient, simulator: Simulator) -> None:
    client.publish(f"{BASE}/cmd/home", b"PRESS")
    simulator.wait(lambda state: all(state["needles"][dial]["steps"] == 0 for dial in DIALS))
    simulator.wait(at_rest_on(HALF_DEG))


def test_the_lamps_are_a_light(client: RecordingClient, simulator: Simulator) -> None:
    client.publish(f"{BASE}/cmd/light", b"OFF")
    simulator.wait(lambda state: not any(state["lamps"].values()))
    until(lambda: client.latest[f"{BASE}/light"] == b"OFF")
    client.publish(f"{BASE}/cmd/light", b"ON")
    simulator.wait(lambda state: state["lamps"]["opus"] == 255)
    client.publish(f"{BASE}/cmd/brightness", b"64")
    simulator.wait(lambda state: state["lamps"]["opus"] == 64)
    until(lambda: client.latest[f"{BASE}/brightness"] == b"64")


def test_a_trim_moves_its_own_needle_at_once(client: RecordingClient, simulator: Simulator) -> None:
    client.publish(f"{BASE}/cmd/trim/5h/zero", b"6")
    client.publish(f"{BASE}/cmd/trim/5h/full", b"-12")
    simulator.wait(at_rest_on(HALF_DEG + (6 - 12) / 2 * STEP_DEG, "5h"))
    assert at_rest_on(HALF_DEG, "tach", "7d")(simulator.now)
    until(lambda: (client.latest[f"{BASE}/trim/5h/zero"], client.latest[f"{BASE}/trim/5h/full"]) == (b"6", b"-12"))


def test_what_is_no_command_changes_nothing_and_is_counted(client: RecordingClient, simulator: Simulator) -> None:
    before = simulator.now
    wrong = {
        "identify": b"press", "home": b"1", "light": b"on", "brightness": b"256", "trim/5h/zero": b"46",
        "trim/tach/full": b"1.5", "trim/8d/zero": b"1", "format": b"PRESS", "restart": b"\xff",
    }  # fmt: skip
    for below, payload in wrong.items():
        client.publish(f"{BASE}/cmd/{below}", payload)
    client.publish(f"{DISPLAY_PREFIX}/{'0' * 12}/cmd/light", b"OFF")
    state = simulator.wait(lambda state: state["dropped"] == before["dropped"] + len(wrong))
    assert (state["needles"], state["lamps"]) == (before["needles"], before["lamps"])


@pytest.mark.usefixtures("simulator")
def test_it_announces_itself_to_home_assistant(broker: MosquittoProcess) -> None:
    found = retained_on(broker.port)
    message = json.loads(found[DISCOVERY])
    components = message["components"]
    assert message.keys() == ROOT
    assert message["device"].keys() == DEVICE
    assert {"name", "sw_version"} <= message["origin"].keys() <= ORIGIN
    assert set().union(*components.values()) <= COMPONENT | CONTROL
    entities = [c for c in components.values() if "unique_id" in c]
    for name in ("unique_id", "default_entity_id"):
        assert len({c[name] for c in entities}) == len(entities)
    for topic in {c["state_topic"] for c in entities if "state_topic" in c}:
        assert topic.startswith(f"{BASE}/")
        assert topic in found, "it has a value to show"
    diag = json.loads(found[f"{BASE}/diag"])
    for component in entities:
        template = component.get("value_template", "")
        if "value_json" in template:
            assert template.removeprefix("{{ value_json.").removesuffix(" }}") in diag
    hidden = {key for key, c in components.items() if c.get("enabled_by_default") is False}
    assert {"heap_min", "stack_needles", "brown_outs", "live_s"} <= hidden <= diag.keys()


def test_diag_says_what_the_simulator_has_and_null_for_what_it_has_not(
    client: RecordingClient, simulator: Simulator
) -> None:
    assert simulator.now["link"] == "live"
    until(lambda: b'"link":"live"' in client.latest[f"{BASE}/diag"])
    diag = json.loads(client.latest[f"{BASE}/diag"])
    times = [diag[f"{state}_s"] for state in ("no_wifi", "no_broker", "publisher_offline", "stale", "live")]
    assert sum(times) <= diag["uptime"] < PATIENCE_S + sum(times)
    unknown = {key for key, value in diag.items() if value is None}
    assert unknown == {
        "rssi", "heap", "heap_min", "heap_block", "ip", "brown_outs",
        "stack_needles", "stack_network", "stack_broker", "stack_usage",
    }  # fmt: skip


@pytest.mark.usefixtures("simulator")
def test_it_announces_itself_again_when_home_assistant_starts(client: RecordingClient) -> None:
    del client.latest[DISCOVERY]
    client.publish(f"{DISCOVERY_PREFIX}/status", b"online")
    until(lambda: DISCOVERY in client.latest)


def test_every_control_it_offers_to_home_assistant_is_understood(client: RecordingClient, simulator: Simulator) -> None:
    before = simulator.now["dropped"]
    components = json.loads(client.latest[DISCOVERY])["components"]
    controls = {key: c for key, c in components.items() if "command_topic" in c and key != "restart"}
    assert len(controls) >= 10
    for component in controls.values():
        client.publish(component["command_topic"], SAMPLE[component["platform"]])
        if "brightness_command_topic" in component:
            client.publish(component["brightness_command_topic"], b"200")
    until(lambda: client.latest[f"{BASE}/brightness"] == b"200")
    client.publish(f"{BASE}/cmd/brightness", b"100")
    until(lambda: client.latest[f"{BASE}/brightness"] == b"100")
    assert simulator.now["dropped"] == before
