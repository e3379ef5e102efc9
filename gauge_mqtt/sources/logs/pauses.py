"""A long reading that leaves the event loop to others every few milliseconds."""

import asyncio
import time
from collections.abc import Callable

from gauge_mqtt.sources.logs.tail import ReadCounters

BUSY_S = 0.003
"""So long a reading holds the event loop in one go."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes to do while a history is read."""


class Pauses:
    """Lets others have the event loop every few milliseconds of a long reading, and says how far it is."""

    def __init__(self, counters: ReadCounters, todo: int, progress: Progress | None) -> None:
        self._counters, self._todo, self._progress = counters, todo, progress
        self._start, self._due = counters.bytes, time.perf_counter() + BUSY_S

    @property
    def is_due(self) -> bool:
        return time.perf_counter() >= self._due

    async def rest(self) -> None:
        if self._progress:
            self._progress(min(self._counters.bytes - self._start, self._todo - 1), self._todo)
        await asyncio.sleep(0)
        self._due = time.perf_counter() + BUSY_S
