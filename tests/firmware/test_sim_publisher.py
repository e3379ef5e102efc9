"""The publisher comes, goes, hangs and is killed, and the cluster shows it."""

import re
import signal
import subprocess
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import motor_deg
from gauge_mqtt.contract.topics import DIALS, Topics
from gauge_mqtt.contract.usage import LAMPS, PLAYED_SOURCES
from tests.support.brokers import HOST, Mosquitto, RecordingClient
from tests.support.program import Daemon, url, write_log
from tests.support.sim_publisher import live, parked, publisher
from tests.support.simulator import Simulator, State, shows
from tests.support.waiting import BUSY_FACTOR, until

INTERVAL_S = 1
BACK_WITHIN_S = BUSY_FACTOR * 5.0
GONE_WITHIN_S = BUSY_FACTOR * 2.0
MISSED = 3
PAUSE_MS = 1000
"""From one blink to the next of a group it is 768 ms, from a group to the next far more."""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_publisher_that_ends_is_shown_at_once_and_so_is_its_return(
    mosquitto: Mosquitto, gauge_sim: Path, number: signal.Signals
) -> None:
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client, Simulator(gauge_sim, mosquitto.port) as simulator:
        with publisher(mosquitto.port) as child:
            simulator.wait(live())
            child.send_signal(number)
            until(lambda: client.latest.get(Topics("lab").availability) == b"offline")
            simulator.wait(parked("publisher_offline"), GONE_WITHIN_S)
        with publisher(mosquitto.port):
            simulator.wait(live(), BACK_WITHIN_S)


def test_a_frozen_publisher_is_given_up_after_three_of_its_intervals(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    with (
        RecordingClient(mosquitto.port) as client,
        Simulator(gauge_sim, mosquitto.port) as simulator,
        publisher(mosquitto.port, interval_s=INTERVAL_S) as child,
    ):
        simulator.wait(live())
        heard = len(client.messages)
        # One more heartbeat, which says the interval, for a display that subscribed just now.
        until(lambda: Topics("lab").heartbeat in client.topics[heard:])
        child.send_signal(signal.SIGSTOP)
        frozen = time.monotonic()
        simulator.wait(lambda state: state["link"] == "stale", BUSY_FACTOR * (MISSED + 1) * INTERVAL_S)
        assert time.monotonic() - frozen > (MISSED - 1) * INTERVAL_S  # the last one came within a second before
        simulator.wait(parked("stale"), GONE_WITHIN_S)
        child.send_signal(signal.SIGCONT)
        simulator.wait(live(), BACK_WITHIN_S)


def groups(states: Sequence[State]) -> list[int]:
    """How often STALL blinked in each whole group; a pause is longer than any blink. The first and last may be cut."""
    rises = [
        later["t_ms"] for sooner, later in pairwise(states) if later["lamps"]["stall"] > 0 == sooner["lamps"]["stall"]
    ]
    found = [0]
    for sooner, later in pairwise([*rises[:1], *rises]):
        if later - sooner > PAUSE_MS:
            found.append(0)
        found[-1] += 1
    return found[1:-1]


@pytest.mark.parametrize(
    ("link", "blinks", "options"),
    [("no_wifi", 1, ["--no-wifi"]), ("no_broker", 2, ["--port", "1"]), ("publisher_offline", 3, [])],
)
def test_stall_counts_what_is_missing_and_all_else_is_dark(
    mosquitto: Mosquitto, gauge_sim: Path, link: str, blinks: int, options: list[str]
) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port, *options) as simulator:
        simulator.wait(parked(link))
        start = len(simulator.states)
        until(lambda: (blinks, blinks) in pairwise(groups(simulator.states[start:])))  # a busy machine may split one
        assert not any(state["lamps"][lamp] for state in simulator.states for lamp in LAMPS if lamp != "stall")


def test_hot_flashes_idle_breathes_and_the_rest_is_steady(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    topics = Topics("lab")
    with Simulator(gauge_sim, mosquitto.port) as simulator, RecordingClient(mosquitto.port) as client:
        client.publish(topics.availability, b"online", retain=True)
        client.publish(
            topics.lamps, b"%d" % sum(1 << LAMPS.index(lamp) for lamp in ("haiku", "hot", "idle")), retain=True
        )
        simulator.wait(lambda state: set(state["lit"]) == {"haiku", "hot", "idle"})
        start = len(simulator.states)
        until(lambda: len({state["lamps"]["idle"] for state in simulator.states[start:]}) > 50)
        states = simulator.states[start:]
        levels = {lamp: [state["lamps"][lamp] for state in states] for lamp in LAMPS}
        assert set(levels["haiku"]) == {255}
        assert set(levels["hot"]) == {0, 255}
        assert min(levels["idle"]) > 0
        for sooner, later in pairwise(states):
            frames = max(
                1, (later["t_ms"] - sooner["t_ms"]) / 20
            )  # it shows fifty states a second, when it has the time
            assert abs(later["lamps"]["idle"] - sooner["lamps"]["idle"]) < 32 * frames
        assert all(set(levels[lamp]) == {0} for lamp in ("opus", "sonnet", "warn", "stall"))


def test_who_comes_late_shows_everything_and_two_displays_do_not_disturb_each_other(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    with publisher(mosquitto.port), RecordingClient(mosquitto.port) as client:
        until(lambda: client.latest.get(Topics("lab").availability) == b"online")
        with (
            Simulator(gauge_sim, mosquitto.port, "--instance", "lab", chip="000000000001") as one,
            Simulator(gauge_sim, mosquitto.port, "--driver", "stepdir", chip="000000000002") as two,
        ):
            for simulator in (one, two):
                simulator.wait(live())
                assert simulator.now["reconnects"] == 0


@pytest.mark.parametrize("source", PLAYED_SOURCES)
def test_a_publisher_that_plays_is_marked_in_words(mosquitto: Mosquitto, gauge_sim: Path, source: str) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port) as simulator:
        with publisher(mosquitto.port, source=source) as child:
            simulator.wait(lambda state: live()(state) and state["mark"] == source.upper())
            simulator.wait_for_log(f"nobody's numbers, the publisher plays a {source}")
            child.kill()
            simulator.wait(lambda state: state["link"] == "publisher_offline" and state["mark"] == "")
        with publisher(mosquitto.port):
            simulator.wait(live())
            simulator.wait(lambda state: state["mark"] == "")


def test_into_a_pipe_the_mark_comes_first(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    command = [str(gauge_sim), "--host", HOST, "--port", str(mosquitto.port), "--quiet-boot"]
    with (
        publisher(mosquitto.port, source="demo"),
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child,
    ):
        assert child.stdout is not None
        said = ""
        while "0.80 x" not in said or "DEMO" not in said:
            said = child.stdout.readline()
            assert said, "it ended"
        child.terminate()
        assert re.fullmatch(r" +[\d.]+ s  DEMO  live  5h 25 %  tach 0.80 x  7d 90 %  lamps SONNET WARN\n", said)


def test_of_two_publishers_the_one_that_was_named_is_shown(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    desk = (0, 500, 1000)
    with (
        publisher(mosquitto.port),
        publisher(mosquitto.port, desk, "desk"),
        Simulator(gauge_sim, mosquitto.port, "--instance", "desk") as simulator,
    ):
        simulator.wait(live(desk))


def test_the_first_publisher_that_is_online_is_kept(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port) as simulator, publisher(mosquitto.port):
        simulator.wait(live())
        simulator.wait_until_quiet()  # the tach's last step
        with publisher(mosquitto.port, (0, 500, 1000), "desk"), RecordingClient(mosquitto.port) as client:
            until(lambda: client.latest.get(Topics("desk").heartbeat) is not None)
            time.sleep(1)
            assert live()(simulator.now)


def test_gauge_mqtt_run_drives_the_needles_from_a_session_log(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    write_log(tokens=43_120)
    daemon = Daemon(
        "--mqtt-url",
        url(mosquitto),
        CLAUDE_GAUGE_5H_CEILING="86240",  # half
        CLAUDE_GAUGE_7D_CEILING="431200",  # a tenth
        CLAUDE_GAUGE_TACH_REDLINE="53900",  # four fifths of the redline
    )
    wanted = {"5h": motor_deg(500), "tach": motor_deg(640), "7d": motor_deg(100)}
    with Simulator(gauge_sim, mosquitto.port) as simulator, daemon:
        simulator.wait(lambda state: shows(state, wanted) and set(state["lit"]) == {"opus"})
        usage = daemon.usage()
        assert [usage[f"needle_{dial}"] for dial in DIALS] == [500, 640, 100]
        daemon.end()
        simulator.wait(parked("publisher_offline"), GONE_WITHIN_S)
