"""A long history, read for the insights by a process of its own: at full speed, and no needle feels it.

Beside the event loop's thread another one that parses 1 GB would have to rest half of the time, and a line would still
wait for the interpreter now and then.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.process import ProgramError, Run

VARIABLE = "GAUGE_MQTT_HISTORY"
"""By which the process is told what to read: the environment is its owner's alone to see, arguments are not."""


class _Job(msgspec.Struct):
    roots: list[bytes]
    directory: bytes
    phrases: list[str]


async def read(
    roots: Sequence[Path], directory: Path, phrases: Sequence[str], progress: Progress | None = None
) -> bool:
    """All that is new in all files, into the counts of `directory`. Cancelled, it ends the process: what that has kept
    by then stays. False if it did not do all of it; who tries again learns why.
    """
    try:
        run = await Run.start(Path(sys.executable), ["-P", "-m", __name__], _environment(roots, directory, phrases))
    except ProgramError:
        return False
    try:
        async for line in run.lines():
            done, _, todo = line.partition(b" ")
            if progress:
                progress(int(done), int(todo))
        code, *_ = await run.collect("the history")
        return code == 0
    finally:
        await run.stop()


def _environment(roots: Sequence[Path], directory: Path, phrases: Sequence[str]) -> dict[str, str]:
    job = _Job([os.fsencode(root) for root in roots], os.fsencode(directory.absolute()), list(phrases))
    return {**os.environ, VARIABLE: msgspec.json.encode(job).decode()}


def main() -> None:
    """What the process does."""
    from gauge_mqtt.sources.logs.insights.feed import Feed  # noqa: PLC0415, which starts this process

    job = msgspec.json.decode(os.environ[VARIABLE], type=_Job)
    roots = [Path(os.fsdecode(root)) for root in job.roots]
    feed = Feed(roots, Path(os.fsdecode(job.directory)), job.phrases)
    try:
        feed.catch_up(_tell)
    finally:
        feed.close()


def _tell(done: int, todo: int) -> None:
    os.write(1, b"%d %d\n" % (done, todo))


if __name__ == "__main__":
    main()
