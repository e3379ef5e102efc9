"""The order in which a history is read: newest first, with a word as soon as a window can be known."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.core import windows
from gauge_mqtt.sources.logs.logbook import Logbook
from tests.support.lines import answer, line

pytestmark = pytest.mark.anyio
MINUTE, HOUR = 60.0, 3600.0
FULL = 43_120


async def heard(root: Path, ages: list[float]) -> list[tuple[int | None, int]]:
    """Write a session for each age (s) and read them all: the 5 h window and the files read at each word."""
    for number, age in enumerate(ages):
        path, at = root / f"{number}.jsonl", time.time() - age
        path.write_bytes(line(answer(at)))
        os.utime(path, (at, at))
    book, said = Logbook([root]), list[tuple[int | None, int]]()

    def word() -> None:
        fuel = windows.read(book.ledger, datetime.now(UTC), "jsonl").window_5h
        said.append((fuel.tokens if fuel else None, sum(1 for file in book.files.values() if file.offset)))

    await book.catch_up(word)
    return said


@pytest.mark.parametrize("newest", [10.0, 20 * MINUTE, 2 * HOUR])
async def test_the_block_is_told_before_older_sessions_are_read(tmp_path: Path, newest: float) -> None:
    ages = [newest, newest + 1 * HOUR, newest + 1.5 * HOUR, 20 * HOUR, 40 * HOUR, 60 * HOUR, 80 * HOUR]
    assert (3 * FULL, 3) in await heard(tmp_path, ages)


async def test_an_empty_window_is_told_before_older_sessions_are_read(tmp_path: Path) -> None:
    assert (0, 0) in await heard(tmp_path, [6 * HOUR, 20 * HOUR, 40 * HOUR])
