"""`gauge-mqtt record`: what the sources see, onto a tape that can be played again."""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gauge_mqtt.app.board import Board
from gauge_mqtt.app.leaving import run_until, until_signalled
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.app.text_files import why_not_new
from gauge_mqtt.core.reading import Limits, Reading
from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.tape.tape import TapeError, Writer


class Recorder:
    """Writes a new tape, for its owner only: it holds when and how much was worked, no text, and paths at most where a
    source failed. Raises `TapeError` if there is something in its place.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.moments = 0
        self._writer = Writer(limits)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TapeError(f"the tape {path} cannot be made: {why_not_new(path, error)}") from None
        self._file = os.fdopen(descriptor, "wb")
        self._file.write(self._writer.head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def take(self, at: datetime, readings: Sequence[Reading]) -> None:
        """Raises `TapeError` when the disk is full: half a tape is told, not passed off as a whole one."""
        try:
            self._file.write(self._writer.line(at, readings))
            self._file.flush()
        except OSError as error:
            raise TapeError(f"the tape cannot be written any further: {error.strerror}") from None
        self.moments += 1


async def record(settings: Settings, path: Path, minutes: float | None, progress: Progress | None) -> int:
    """Until Ctrl-C, or for so many minutes. How many moments are on the tape. Raises `GaugeError`."""
    async with until_signalled() as stop:
        source_set = await make_sources(settings, progress)
        with Recorder(path, settings.limits) as recorder:
            if minutes is not None:
                asyncio.get_running_loop().call_later(60 * minutes, stop.set)
            board = Board(source_set.everything, [], settings.limits, settings.topics.instance, on_shown=recorder.take)
            try:
                await run_until(stop, asyncio.create_task(board.run()))
            except* TapeError as group:
                raise group.exceptions[0] from None
        return recorder.moments
