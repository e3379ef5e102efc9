"""A history that takes a while to read."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.lines import answer, line
from tests.support.program import write_log

BigHistory = Callable[[int, int], int]


@pytest.fixture
def big_history() -> Iterator[BigHistory]:
    """Writes so many megabytes of usage records of an hour ago into so many files; how many tokens they are."""

    def write(megabytes: int, files: int) -> int:
        at, block = time.time() - 3600, 2000
        records = b"".join(line(answer(at + number / 100, 200)) for number in range(block))
        blocks = (megabytes << 20) // len(records) // files
        for name in range(files):
            with write_log(name=f"big{name}").open("wb") as log:
                for number in range(blocks):
                    log.write(records.replace(b'"msg_', f'"msg_{name}_{number}_'.encode()))
        return files * blocks * block * 200

    yield write
    shutil.rmtree(Path.home() / ".claude")  # pytest keeps the directories of its last runs
