"""`gauge_sim` as a program: its options, its start and end, its views, and how little it costs."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import FULL_DEG, motor_deg
from gauge_mqtt.contract.topics import DIALS
from gauge_mqtt.contract.usage import LAMPS
from tests.support.brokers import HOST, Mosquitto, free_port
from tests.support.sim_publisher import PARKED, live, parked, publisher
from tests.support.simulator import Simulator, ever_lit, shows
from tests.support.waiting import BUSY_FACTOR, PATIENCE_S, until

BOOT_WITHIN_S = BUSY_FACTOR * 10
IDLE_SHARE = 0.03
"""Of one processor, with the sanitizers on; without them it is a tenth of that."""
SHOW_CURSOR = b"\x1b[?25h"


def ran(program: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_help_names_every_option(gauge_sim: Path) -> None:
    done = ran(gauge_sim, "--help")
    assert done.returncode == 0
    source = (Path(__file__).parents[2] / "firmware/sim/options.cpp").read_text()
    known = set(re.findall(r'\{"([a-z-]+)", (?:required|no)_argument', source))
    assert len(known) >= 10
    assert set(re.findall(r"^  --([a-z-]+)", done.stdout, re.MULTILINE)) == known


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "0"], "--port: a number from 1 to 65535"),
        (["--port", "18x"], "--port: a number from 1 to 65535"),
        (["--host", "mqtt://desk"], "--host: "),
        (["--instance", "My Desk"], "--instance: "),
        (["--id", "A1B2C3D4E5F6"], "--id is 12 hex digits"),
        (["--driver", "servo"], "--driver is 4wire or stepdir"),
        (["--password-file", "/nonexistent"], "cannot read a password from /nonexistent"),
        (["--trace", "/nonexistent/file"], "cannot write /nonexistent/file"),
        (["--colour"], "unrecognized option"),
        (["now"], "unexpected 'now'"),
    ],
)
def test_a_wrong_command_line_is_told_in_words(gauge_sim: Path, options: list[str], words: str) -> None:
    done = ran(gauge_sim, *options)
    assert done.returncode == 2
    assert words in done.stderr


def test_at_power_on_needles_are_homed_and_swept_and_every_lamp_is_lit(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    """From wherever they were found, and no needle is driven against a stop but while it looks for it."""
    mosquitto.start()
    with (
        Simulator(gauge_sim, mosquitto.port, "--driver", "4wire", chip="000000000001", boot="") as wired,
        Simulator(gauge_sim, mosquitto.port, "--driver", "stepdir", chip="000000000002", boot="") as stepped,
    ):
        for simulator in (wired, stepped):
            simulator.wait(parked("publisher_offline"), BOOT_WITHIN_S)
            found_at, *later = simulator.states
            assert len({needle["deg"] for needle in found_at["needles"].values()}) == len(DIALS)
            for dial in DIALS:
                degrees = [state["needles"][dial]["deg"] for state in later]
                at_stop = degrees.index(0)
                assert max(degrees[at_stop:]) == pytest.approx(FULL_DEG, abs=10)
            assert ever_lit(simulator.states) == set(LAMPS)
            assert any(all(state["lamps"].values()) for state in simulator.states)


def test_while_nothing_changes_it_says_nothing_and_costs_next_to_nothing(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()

    def cpu_s() -> float:
        tasks = Path(f"/proc/{simulator.child.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    with Simulator(gauge_sim, mosquitto.port) as simulator, publisher(mosquitto.port):
        simulator.wait(live())
        simulator.wait_until_quiet()  # the tach's last step
        before, seen, seconds = cpu_s(), len(simulator.states), 3
        time.sleep(seconds)
        assert len(simulator.states) == seen
        assert cpu_s() - before < IDLE_SHARE * seconds
        at = [state["t_ms"] for state in simulator.states]
        assert all(later - sooner >= 20 for sooner, later in pairwise(at)), "more than fifty states a second"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second(mosquitto: Mosquitto, gauge_sim: Path, number: signal.Signals) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port, boot="") as simulator:
        simulator.wait(lambda state: state["link"] == "publisher_offline")
        assert simulator.end_within(BUSY_FACTOR * 1, number)


def test_a_reader_that_leaves_ends_it(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    command = [str(gauge_sim), "--json", "--host", HOST, "--port", str(mosquitto.port)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout is not None
    assert child.stdout.readline()
    child.stdout.close()
    assert child.wait(PATIENCE_S) == 0


def test_into_a_pipe_it_writes_a_line_for_people_whenever_something_new_is_shown(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    command = [str(gauge_sim), "--host", HOST, "--port", str(mosquitto.port), "--quiet-boot"]
    with publisher(mosquitto.port), subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = ""
        while "live" not in said or "0.80 x" not in said:
            said = child.stdout.readline()
        child.terminate()
        assert re.fullmatch(r" +[\d.]+ s  live  5h 25 %  tach 0.80 x  7d 90 %  lamps SONNET WARN\n", said)


def test_in_a_terminal_it_draws_three_dials_in_place_and_gives_the_cursor_back(
    mosquitto: Mosquitto, gauge_sim: Path
) -> None:
    mosquitto.start()
    ours, its = pty.openpty()
    command = [str(gauge_sim), "--host", HOST, "--port", str(mosquitto.port), "--quiet-boot"]
    with publisher(mosquitto.port), subprocess.Popen(command, stdin=its, stdout=its, stderr=its) as child:
        os.close(its)
        os.set_blocking(ours, False)
        drawn = b""

        def draws(*words: bytes) -> bool:
            nonlocal drawn
            with contextlib.suppress(OSError):
                drawn += os.read(ours, 1 << 16)
            last = drawn[drawn.rfind(b"\x1b[14A") :]
            return all(word in last for word in words)

        until(lambda: draws(b"25 %", b"0.80 x", b"90 %", b"5h FUEL", b"TOKENS/MIN", b"7d FUEL", b"live"))
        assert not drawn.count(b"\n") % 14, "each picture is fourteen lines, drawn over the one before"
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 0
        until(lambda: draws(SHOW_CURSOR))
    os.close(ours)


def test_parked_needles_are_below_zero_not_at_it(gauge_sim: Path) -> None:
    with Simulator(gauge_sim, free_port()) as simulator:
        state = simulator.wait(lambda state: shows(state, {dial: motor_deg(PARKED[0]) for dial in DIALS}))
        assert all(state["needles"][dial]["deg"] < motor_deg(0) - 10 for dial in DIALS)
        assert all(state["needles"][dial]["target"] == -1 for dial in DIALS)
