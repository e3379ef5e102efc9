"""Waiting for something to come true, and measuring how long a program took, on a machine that may be busy."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PATIENCE_S = 30.0
"""For what takes milliseconds when nothing else runs: only a broken program reaches it."""
BUSY_FACTOR = 3
"""Promises of seconds in which several processes have a part are held to this many times as long, since the machine may
be busy. What would break them (a back-off, a time-out, a keepalive) takes longer still.
"""
PAUSE_S = 0.01


def until(condition: Callable[[], Any], within: float = PATIENCE_S) -> Any:
    """Blocks until `condition` gives something true, and returns that; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"did not happen within {within:g} s"
        time.sleep(PAUSE_S)
    return value


async def eventually(
    condition: Callable[[], Any], within: float = PATIENCE_S, tasks: "Iterable[asyncio.Task[Any]]" = ()
) -> Any:
    """As `until`, while the event loop goes on. Fails at once when one of `tasks` has ended."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"did not happen within {within:g} s"
        assert not any(task.done() for task in tasks), tasks
        await asyncio.sleep(PAUSE_S)
    return value


class Stopwatch:
    """Seconds since it was made, without those in which the process was ready to run and the processors were busy with
    others. For a process whose main thread does the work.
    """

    def __init__(self, pid: int | str = "self") -> None:
        self._statistics = Path(f"/proc/{pid}/schedstat")
        self._started, self._waited_before = time.monotonic(), self._waited()

    @property
    def seconds(self) -> float:
        """Of another process: as long as nobody has waited for it, so that its statistics are still there."""
        return time.monotonic() - self._started - (self._waited() - self._waited_before)

    def _waited(self) -> float:
        """Linux: the second number is the time on a run queue, in ns. Elsewhere nothing is taken off."""
        return int(self._statistics.read_text().split()[1]) / 1e9 if self._statistics.exists() else 0.0
