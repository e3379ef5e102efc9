"""Plays a tape, by the tape's own clock: the same snapshots as when it was recorded, but for the word `replay`."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import Limits, Reading
from gauge_mqtt.sources.tape.tape import REPLAY, Moment, Reader, TapeError

log = logging.getLogger(__name__)

TAPE_MAX = 512 << 20


class Player:
    """A tape that is being played. `clock` is its time; `sources`: one for each reading of a line, in their order.

    Raises `TapeError` when there is no such tape, or it holds nothing.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        self.path, self.speed = path, speed
        try:
            with path.open("rb") as file:
                data = file.read(TAPE_MAX + 1)
        except OSError as error:
            raise TapeError(f"the tape {path} cannot be read: {error.strerror}") from None
        if len(data) > TAPE_MAX:
            raise TapeError(f"the tape {path} is larger than {TAPE_MAX >> 20} MB")
        self._lines = iter(data.splitlines(keepends=True))
        try:
            self._reader = Reader(next(self._lines, b""))
            first = self._next()
        except TapeError as error:
            raise TapeError(f"the tape {path}: {error}") from None
        if first is None:
            raise TapeError(f"the tape {path} holds no readings")
        self.moment: Moment = first
        self.over = False
        self.sources = [Track(self, number) for number in range(len(first.readings))]

    @property
    def limits(self) -> Limits:
        """What counted as full, hot and late when it was recorded."""
        return self._reader.limits

    def clock(self) -> datetime:
        return self.moment.at.astimezone(UTC)

    def _next(self) -> Moment | None:
        line = next(self._lines, b"")
        return self._reader.moment(line) if line.endswith(b"\n") else None  # a torn last line is the end

    async def play(self, changed: Callable[[], None]) -> None:
        """From line to line, as far apart as they were recorded, divided by `speed`."""
        loop = asyncio.get_running_loop()
        started, began = loop.time(), self.moment.at
        changed()
        while following := self._next():
            due = started + (following.at - began).total_seconds() / self.speed
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.moment = following
            changed()
        self.over = True
        log.info("the tape %s is over: its last values stay", self.path)


class Track:
    """One source of the tape. The first of them plays it."""

    name = REPLAY

    def __init__(self, player: Player, number: int) -> None:
        self._player, self._number = player, number

    @property
    def health(self) -> Health:
        return Health(ok=True, detail=f"the tape {self._player.path}{', over' * self._player.over}", age_s=0.0)

    def metrics(self) -> list[Metric]:
        return []

    async def load(self) -> None: ...

    async def run(self, changed: Callable[[], None]) -> None:
        if self._number == 0:
            await self._player.play(changed)

    def read(self, now: datetime) -> Reading:
        del now
        readings = self._player.moment.readings
        return readings[self._number] if self._number < len(readings) else Reading(source=self.name)
