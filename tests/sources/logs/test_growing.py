"""A start beside files that grow: whatever is told was the truth at some instant."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.logs.source import JsonlSource
from tests.support.lines import answer, lines

pytestmark = pytest.mark.anyio
OLD_FILES, GROWING, LASTS_S = 300, 5, 2.0
STEP = 1000
SUMS = {OLD_FILES * 20 * STEP + n * STEP + n * (n + 1) // 2 for n in range(10_000)}
"""All that ever are true: the old files, and then `WRITER`'s lines, each by one token larger than the one before."""
WRITER = """
import random, sys, time
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from tests.support.lines import answer, line
rng, logs = random.Random(1), sorted(Path(sys.argv[1]).rglob("*.jsonl"))
files = [log.open("ab", buffering=0) for log in rng.sample(logs, 5)]
for number in range(1, 10_000):
    record = answer(time.time(), 1000 + number, message__id=f"grown_{number}", requestId=f"grown_{number}")
    (files[number - 1] if number <= 5 else rng.choice(files)).write(line(record))
    if number == 1:
        print(flush=True)
    time.sleep(0.02 if number <= 5 else rng.expovariate(1 / 0.004))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "projects"
    for number in range(OLD_FILES):
        log = root / f"{number % 30}" / f"{number}.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(lines(*(answer(time.time() - 3600 - 300 * number - n, STEP) for n in range(20))))
    return root


@contextmanager
def growing(root: Path) -> Iterator[None]:
    """Sessions that get a line every 4 ms on average, in any order. Their first lines come apart: a file that grows for
    the first time in the same millisecond as another is heard of a millisecond later, and that is known (DECISIONS).
    """
    command = [sys.executable, "-c", WRITER, root, Path(__file__).parents[3]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        yield
        writer.kill()


@pytest.mark.parametrize("restart", [False, True], ids=["first start", "with an index"])
async def test_no_total_is_told_that_never_was_true(root: Path, tmp_path: Path, *, restart: bool) -> None:
    if restart:
        await JsonlSource([root], tmp_path / "state").load()
    source, told = JsonlSource([root], tmp_path / "state"), set[int]()

    def look() -> None:
        window = source.read(datetime.now(UTC)).window_7d
        told.update({window.tokens} if window else ())

    with growing(root):
        task = asyncio.create_task(source.run(look))
        end = time.monotonic() + LASTS_S
        while time.monotonic() < end:
            look()
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait({task})
    assert len(told) > 20
    assert told <= SUMS
