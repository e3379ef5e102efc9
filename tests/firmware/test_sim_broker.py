"""The broker is late, killed, emptied, frozen, or says no; and the needles do not care more than they must."""

import subprocess
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import motor_deg
from gauge_mqtt.contract.topics import DISPLAY_PREFIX, Topics
from tests.support import brokers
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.sim_publisher import live, parked, publisher
from tests.support.simulator import ID, Simulator, shows
from tests.support.waiting import BUSY_FACTOR, until

BACK_WITHIN_S = BUSY_FACTOR * 5.0
LOST_WITHIN_S = BUSY_FACTOR * 1.0
GONE_WITHIN_S = BUSY_FACTOR * 2.0
GIVEN_UP_WITHIN_S = BUSY_FACTOR * 18.0
"""A publisher has ten seconds to find a broker that came back; before that there is the display's own way to it."""
PERSISTENT = (
    "allow_anonymous true", "persistence true", "persistence_location {folder}/", "autosave_on_changes true",
    "autosave_interval 1",
)  # fmt: skip
"""mosquitto takes the last of two `persistence` lines."""


@pytest.mark.parametrize("lines", [(), PERSISTENT], ids=["empty", "with what it knew"])
def test_a_broker_that_was_killed_and_comes_back_moves_no_needle(
    mosquitto: Mosquitto, gauge_sim: Path, lines: tuple[str, ...]
) -> None:
    mosquitto.start(*(line.format(folder=mosquitto.folder) for line in lines))
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        with publisher(mosquitto.port):
            simulator.wait(live())
            simulator.wait_until_quiet()  # the tach's last step
            before, index = simulator.now, len(simulator.states)
            mosquitto.kill()
            simulator.wait(lambda state: state["link"] == "no_broker", LOST_WITHIN_S)
            mosquitto.start()
            simulator.wait(live(), BACK_WITHIN_S)
            with RecordingClient(mosquitto.port) as client:
                until(lambda: client.latest.get(Topics("lab").availability) == b"online", BACK_WITHIN_S)
            simulator.wait(lambda state: state["reconnects"] == 1)  # counted a moment after the link is shown
            assert all(state["needles"] == before["needles"] for state in simulator.states[index:])
        simulator.wait(parked("publisher_offline"), GONE_WITHIN_S)


def test_old_values_of_a_dead_publisher_do_not_outlive_a_broker_that_comes_back_empty(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        with publisher(mosquitto.port):
            simulator.wait(live())
            mosquitto.kill()
        mosquitto.start()
        simulator.wait(parked("publisher_offline"), GIVEN_UP_WITHIN_S)


def test_a_broker_that_comes_late_is_found(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        simulator.wait(parked("no_broker"))
        simulator.wait_for_log("broker cannot be reached")
        mosquitto.start()
        with publisher(mosquitto.port):
            simulator.wait(live(), BACK_WITHIN_S)
        assert simulator.now["reconnects"] == 0


def test_a_frozen_broker_freezes_nothing_here_and_is_well_again_when_it_thaws(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port) as simulator, RecordingClient(mosquitto.port) as client:
        client.publish("claude_gauge/lab/availability", b"online", retain=True)
        client.publish("claude_gauge/lab/display/needle/5h", b"500", retain=True)
        simulator.wait(lambda state: state["needles"]["5h"]["deg"] == pytest.approx(motor_deg(500), abs=0.34))
        client.publish("claude_gauge/lab/display/heartbeat", b"1")
        mosquitto.freeze()
        simulator.wait(lambda state: state["link"] == "stale")
        simulator.wait(lambda state: shows(state, dict.fromkeys(("5h", "tach", "7d"), motor_deg(-1))))
        mosquitto.thaw()
        client.publish("claude_gauge/lab/display/heartbeat", b"1")
        simulator.wait(lambda state: state["link"] == "live")


def test_a_broker_that_answers_nobody_is_left_on_demand_and_found_when_it_thaws(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    mosquitto.freeze()
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        simulator.wait_for_log("broker cannot be reached")
        assert simulator.end_within(BUSY_FACTOR * 1)
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        simulator.wait(lambda state: state["link"] == "no_broker")
        mosquitto.thaw()
        simulator.wait(lambda state: state["link"] == "publisher_offline", BACK_WITHIN_S)


def password(room: Path, secret: str) -> None:
    subprocess.run(["mosquitto_passwd", "-b", "-c", "passwd", "desk", secret], cwd=room, check=True, timeout=10)


def test_a_wrong_password_is_told_in_words_and_tried_again(
    mosquitto: Mosquitto, gauge_sim: Path, tmp_path: Path
) -> None:
    secret = "as-it-will-be"  # noqa: S105
    given = tmp_path / "password"
    given.write_text(f"{secret}\n")
    password(tmp_path / "broker", "as-it-was")
    mosquitto.start("allow_anonymous false", f"password_file {mosquitto.folder}/passwd")
    login = ("--username", "desk", "--password-file", str(given))
    with Simulator(gauge_sim, mosquitto.port, *login) as simulator:
        simulator.wait_for_log("broker refuses user or password")
        assert secret.encode() not in Path(f"/proc/{simulator.child.pid}/cmdline").read_bytes()
        mosquitto.kill()
        password(tmp_path / "broker", secret)
        mosquitto.start()
        simulator.wait_for_log("broker connected", BACK_WITHIN_S)
        assert secret not in simulator.log


def test_it_says_that_it_is_there_and_when_it_leaves_and_when_it_is_killed(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    topic = f"{DISPLAY_PREFIX}/{ID}/availability"
    with RecordingClient(mosquitto.port) as client:
        with Simulator(gauge_sim, mosquitto.port) as simulator:
            until(lambda: client.latest.get(topic) == b"online")
            assert simulator.end_within(BUSY_FACTOR * 1)
            until(lambda: client.latest.get(topic) == b"offline", BUSY_FACTOR * 1)
        assert brokers.retained_on(mosquitto.port)[topic] == b"offline"
        with Simulator(gauge_sim, mosquitto.port) as simulator:
            until(lambda: client.latest.get(topic) == b"online")
            simulator.kill()
            until(lambda: client.latest.get(topic) == b"offline")
