"""What insights cost: the same daemon on the same history with them and without, in turn.

From process start to the first 5-hour and 7-day value on MQTT: the bar is 1.4x the wall time of each. Beside it how
long it takes until the insights of the whole history are known, which a process of its own reads behind that value,
its CPU for each GB, and what kept ones take. Then lines that are appended, with and without, to a quiet daemon, and to
one whose history is still read for its insights.
"""

import json
import random
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
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
    to_5h: float
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
                in_5h, in_7d = listener.known("window_5h_tokens"), listener.known("window_7d_tokens")
                then, begun = gauge.accounts(), gauge.started
                if not insights:
                    return Start(in_5h.at - begun, in_7d.at - begun, then.cpu_s, 0.0, 0.0, then.peak_mb, 0)
                wait_for(lambda: listener.heard[KNOWN], "the insights", 1200)
                at, now = listener.heard[KNOWN][0].at, gauge.accounts()
                return Start(
                    in_5h.at - begun, in_7d.at - begun, then.cpu_s, at - begun, now.cpu_s, now.peak_mb, by_month(gauge)
                )
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
        for name, field in (("5 h", "to_5h"), ("7 d", "to_7d")):
            bare, beside = (median([getattr(s, field) for s in starts]) for starts in (without, first))
            bars.note(f"to the {name} value without, with", f"{bare:.2f} s, {beside:.2f} s")
            bars.most(f"to the {name} value, with / without", beside / bare, 1.4, "x")
        cpu_bare, cpu_beside = (median([s.cpu_7d for s in starts]) for starts in (without, first))
        bars.note("CPU to the 7 d value without, with", f"{cpu_bare:.2f} CPU-s, {cpu_beside:.2f} CPU-s")
        everything, behind = median([s.to_insights for s in first]), [s.cpu_insights - s.cpu_7d for s in first]
        bars.note("to the insights of all of it, of the 7 d value without", f"{everything:.2f} s, "
                  f"{everything / median([s.to_7d for s in without]):.1f}x")  # fmt: skip
        bars.note("insights: CPU for each GB", f"{1000 * median(behind) / size_mb:.1f} CPU-s")
        bars.note("to kept insights", f"{median([s.to_insights for s in kept]):.2f} s")
        bars.most("peak memory", max(s.peak_mb for s in first), 200, " MB")
        since = (datetime.now(UTC) - timedelta(days=29)).date().isoformat()
        tokens = sum(used for day, used in truth.days.items() if day >= since)
        bars.same("tokens of 30 days", {s.tokens for s in first + kept}, {tokens})
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
