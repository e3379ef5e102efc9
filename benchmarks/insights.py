"""What insights cost: the same daemon on the same history with them and without, in turn.

From process start to the first 7-day value on MQTT: the bar is 1.4x the wall time. Beside it how long it takes until
the insights of the whole history are known, which happens behind that value, and what kept ones take. Then lines that
are appended, with and without, to a quiet daemon, and to one that still reads the history for its insights.
"""

import json
import random
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
from rich.progress import track

from bars import Bars, median, percentile
from cold_start import cached, history
from lab import BASE, Daemon, Listener, daemon, mosquitto, wait_for
from latency import TOPIC, appended

KNOWN = f"{BASE}/insights/tokens"


class Start(NamedTuple):
    to_7d: float
    cpu_7d: float
    to_insights: float
    cpu_insights: float
    peak_mb: float
    tokens: int


def start(root: Path, state: Path, *, insights: bool) -> Start:
    with mosquitto() as port:
        listener = Listener(port)
        try:
            with daemon(root, state, port, insights=insights) as gauge:
                in_7d = listener.known("window_7d_tokens")
                then = gauge.accounts()
                if not insights:
                    return Start(in_7d.at - gauge.started, then.cpu_s, 0.0, 0.0, then.peak_mb, 0)
                wait_for(lambda: listener.heard[KNOWN], "the insights", 600)
                at, now = listener.heard[KNOWN][0].at, gauge.accounts()
                return Start(
                    in_7d.at - gauge.started, then.cpu_s, at - gauge.started, now.cpu_s, now.peak_mb, by_month(gauge)
                )  # fmt: skip
        finally:
            listener.close()


def by_month(gauge: Daemon) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{gauge.http_port}/insights?period=month") as answer:
        return int(json.load(answer)["tokens"])


def appending(bars: Bars, root: Path, home: Path, *, insights: bool, lines: int) -> list[float]:
    """Milliseconds from a line to its message; with insights first while their history is still read."""
    path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
    path.touch()
    rng, took = random.Random(1 + insights), list[float]()
    with mosquitto() as port:
        listener = Listener(port, [TOPIC, KNOWN])
        with daemon(root, home / f"state-lines-{insights}", port, insights=insights):
            listener.known("window_7d_tokens")
            while insights and not listener.heard[KNOWN]:
                took += appended(path, listener, 5, (0.3, 0.5), rng)
            if took:
                bars.note(f"a line while the history is read for insights (n={len(took)})", spread(took))
            time.sleep(3)
            found = appended(path, listener, lines, (0.3, 0.5), rng)
        listener.close()
    return found


def spread(took: list[float]) -> str:
    return f"p50 {percentile(took, 0.5):.2f}  p99 {percentile(took, 0.99):.2f}  max {max(took):.2f} ms"


@click.command(help=__doc__)
@click.option("--size-mb", type=float, default=1000.0, show_default=True)
@click.option("--rounds", type=int, default=3, show_default=True)
@click.option("--lines", type=int, default=200, show_default=True)
def main(*, size_mb: float, rounds: int, lines: int) -> None:
    bars = Bars(f"insights, {size_mb:g} MB, median of {rounds}, {datetime.now(UTC):%Y-%m-%d}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        root, truth = history(home, "A", size_mb)
        without, first, kept = list[Start](), list[Start](), list[Start]()
        for number in track(range(rounds), "starts"):
            cached(root)
            without.append(start(root, home / f"without-{number}", insights=False))
            cached(root)
            first.append(start(root, home / f"with-{number}", insights=True))
            (home / f"with-{number}" / "jsonl-index.msgpack").unlink()
            cached(root)
            kept.append(start(root, home / f"with-{number}", insights=True))
        bare, beside = (median([s.to_7d for s in starts]) for starts in (without, first))
        bars.note("to the 7 d value without", f"{bare:.2f} s  {median([s.cpu_7d for s in without]):.2f} CPU-s")
        bars.note("to the 7 d value with", f"{beside:.2f} s  {median([s.cpu_7d for s in first]):.2f} CPU-s")
        bars.most("to the 7 d value, with / without", beside / bare, 1.4, "x")
        bars.note("to the insights of all of it", f"{median([s.to_insights for s in first]):.2f} s  "
                  f"{median([s.cpu_insights for s in first]):.2f} CPU-s")  # fmt: skip
        bars.note("to kept insights", f"{median([s.to_insights for s in kept]):.2f} s")
        bars.most("peak memory", max(s.peak_mb for s in first), 200, " MB")
        days = sorted(truth.days)[-30:]
        bars.same("tokens of 30 days", {s.tokens for s in first + kept}, {sum(truth.days[day] for day in days)})
        quiet = appending(bars, root, home, insights=False, lines=lines)
        beside_it = appending(bars, root, home, insights=True, lines=lines)
        bars.note("a line without", spread(quiet))
        bars.note("a line with", spread(beside_it))
        bars.most("a line: p50, with / without", percentile(beside_it, 0.5) / percentile(quiet, 0.5), 1.4, "x")
        bars.most("a line with: p50", percentile(beside_it, 0.5), 3, " ms")
        bars.most("a line with: p99", percentile(beside_it, 0.99), 15, " ms")
    bars.close()


if __name__ == "__main__":
    main()
