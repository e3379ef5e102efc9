"""`gauge_sim --json`, the firmware on this machine, as a child process: its states and its log."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from gauge_mqtt.contract.dials import STEPS_PER_DEGREE
from gauge_mqtt.contract.topics import DIALS, DISPLAY_PREFIX
from gauge_mqtt.contract.usage import LAMPS
from tests.support.brokers import HOST
from tests.support.waiting import PATIENCE_S

ID = "a1b2c3d4e5f6"
STEP_DEG = 1 / STEPS_PER_DEGREE

State = dict[str, Any]
"""A line of the simulator, as `firmware/sim/lines.hpp` has it."""


class Simulator:
    """Use as a context. It must end with code 0: with 3 it would say that a motor was driven wrongly."""

    def __init__(self, program: Path, port: int, *options: str, chip: str = ID, boot: str = "--quiet-boot") -> None:
        self.command = [str(program), "--json", "--host", HOST, "--port", str(port), "--id", chip, *options]
        self.command += [boot] if boot else []
        self.base = f"{DISPLAY_PREFIX}/{chip}"
        self.states: list[State] = []
        self.log = ""
        self._ends_with = 0
        self._ended = False
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._readers = [threading.Thread(target=read) for read in (self._read_states, self._read_log)]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.child.poll() is None and not self.end_within(5):
            self.child.kill()
        self.child.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.child.stdout, self.child.stderr):
            assert pipe is not None
            pipe.close()
        if kind is None:
            assert self.child.returncode == self._ends_with, self.log

    @property
    def now(self) -> State:
        return self.states[-1]

    def wait(self, condition: Callable[[State], Any], within: float = PATIENCE_S) -> State:
        """The first state, from the present one on, for which `condition` holds; fails after `within` seconds."""
        deadline, index = time.monotonic() + within, max(len(self.states) - 1, 0)
        with self._changed:
            while True:
                for state in self.states[index:]:
                    if condition(state):
                        return state
                index = len(self.states)
                last = self.states[-1] if self.states else None
                left = 0 if self._ended else deadline - time.monotonic()
                assert left > 0, f"did not happen in {within:g} s; it shows {last} and its log is {self.log!r}"
                self._changed.wait(left)

    def wait_until_quiet(self, quiet_s: float = 1.0) -> None:
        """Until that long nothing new has been shown."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while self._changed.wait(quiet_s):
                assert time.monotonic() < deadline, f"it never comes to rest; it shows {self.states[-1]}"

    def wait_for_log(self, words: str, within: float = PATIENCE_S) -> None:
        with self._changed:
            logged = self._changed.wait_for(lambda: words in self.log, within)
        assert logged, f"never logged {words!r}, but {self.log!r}"

    def end_within(self, seconds: float, number: signal.Signals = signal.SIGTERM) -> bool:
        """Whether it ended in that time after a signal."""
        self.child.send_signal(number)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        self._ends_with = -signal.SIGKILL
        self.child.kill()

    def _read_states(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            with self._changed:
                self.states.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_log(self) -> None:
        assert self.child.stderr is not None
        for line in self.child.stderr:
            with self._changed:
                self.log += line
                self._changed.notify_all()


def shows(state: State, motor_deg: dict[str, float]) -> bool:
    """Whether needles stand where they should, within one step, and at rest."""
    needles = state["needles"]
    return all(
        not needles[dial]["moving"] and abs(needles[dial]["deg"] - deg) <= STEP_DEG for dial, deg in motor_deg.items()
    )


def at_rest_on(motor_deg: float, *dials: str) -> Callable[[State], bool]:
    """Whether these needles, or all of them, stand there."""
    return lambda state: shows(state, dict.fromkeys(dials or DIALS, motor_deg))


def ever_lit(states: Iterable[State]) -> set[str]:
    """The lamps that were lit in any of these states. HOT flashes: one state alone does not tell."""
    return {lamp for state in states for lamp in LAMPS if state["lamps"][lamp]}
