"""Waiting for something to come true, with a limit that only a broken program reaches."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

PATIENCE_S = 30.0
"""For what takes milliseconds when nothing else runs. Where a number of seconds is what a test is about, it measures
them itself."""
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
