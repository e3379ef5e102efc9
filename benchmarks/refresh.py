"""What one new line costs inside the daemon: the source's own way from a path that rang to a ledger that knows."""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from bars import Bars, percentile
from gauge_mqtt.sources.logs.growing import GROWING_S
from gauge_mqtt.sources.logs.source import JsonlSource
from history import generate
from latency import usage_line
from pieces import Text
from transcript import MODERN, Transcript


@click.command(help=__doc__)
@click.option("--count", type=int, default=2_000, show_default=True)
@click.option("--size-mb", type=float, default=50.0, show_default=True)
def main(*, count: int, size_mb: float) -> None:
    rng, bars = random.Random(1), Bars(f"one new line, in process, {size_mb:g} MB of history")
    with tempfile.TemporaryDirectory() as home:
        root = Path(home, "history")
        generate(root, seed=1, size_mb=size_mb, end=datetime.now(UTC), shape="A")
        path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
        time.sleep(GROWING_S)  # files that grew just now are looked at together; on a working day that is one or two
        path.touch()
        source = JsonlSource([root / "projects"], None)
        asyncio.run(source.load())
        out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
        records = source.book.tail.counters.records
        took, looked = list[float](), list[float]()
        with path.open("ab", buffering=0) as file:
            for _ in range(count):
                file.write(usage_line(out, rng.randrange(100, 1000)))
                took.append(_microseconds(lambda: source.book.follow([str(path)])))
                looked.append(_microseconds(lambda: source.read(datetime.now(UTC))))
        bars.same("records read", source.book.tail.counters.records - records, count)
    bars.most("open, read, decode, count: p50", percentile(took, 0.5), 100, " us")
    bars.note("the same: p99", f"{percentile(took, 0.99):.0f} us")
    bars.note("then the windows: p50 / p99", f"{percentile(looked, 0.5):.0f} / {percentile(looked, 0.99):.0f} us")
    bars.close()


def _microseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e6


if __name__ == "__main__":
    main()
