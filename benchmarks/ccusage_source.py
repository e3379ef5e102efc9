"""`--source ccusage` beside the seeds' fixed polling of ccusage: CPU per hour, and whether the tach waits for ccusage.

An active hour has a line every half second, the worst case for us; a quiet hour has none. Each is measured in a span of
40 to 70 s and scaled up. The peer is computed from measured cycles of the seeds' two commands, one each 10 s or,
where a cycle takes longer, one after the other: as far apart as in life, since runs right behind each other came out
some 15 % cheaper, which no poller ever gets. They run in our quiet span, each counted by itself. The peer is given the
native program, `--offline` and a daemon that costs nothing. The ratios are judged from 100 MB on: below that the daemon
is what counts.
"""

import json
import random
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import click
from rich.progress import track

from bars import Bars, median, percentile
from lab import BASE, HOST, Daemon, Listener, Ran, answers, daemon, mosquitto, run, wait_for
from latency import usage_line
from pieces import Text
from transcript import MODERN, Transcript
from truth import Truth

sys.path.append(str(Path(__file__).resolve().parents[1]))
from tests.support.ccusage import VERSION, ccusage_binary

RATE, FIVE, WEEK = (f"{BASE}/{key}" for key in ("rate_1m", "window_5h_tokens", "window_7d_tokens"))
HOUR_S, PERIOD_S = 3600, 10
CYCLES = 4
PAUSES = (0.4, 0.7)
"""Between two lines: at most three a second, since the daemon shows no more than four snapshots in one."""
BIG_MB = 100


class Polling(NamedTuple):
    """What the seeds' two commands take, one cycle of them; the mean, as ours is one."""

    wall_s: float
    cpu_s: float
    blocks_s: float

    @property
    def cycles(self) -> float:
        return HOUR_S / max(PERIOD_S, self.wall_s)

    @property
    def hourly(self) -> float:
        return self.cpu_s * self.cycles


class Busy(NamedTuple):
    """`runs` of ccusage in `span_s`, CPU of the daemon and of ccusage therein; milliseconds from lines to the tach."""

    took: list[float]
    tokens: int
    runs: int
    span_s: float
    own_s: float
    ccusage_s: float

    @property
    def hourly(self) -> float:
        return (self.own_s + self.ccusage_s) * HOUR_S / self.span_s


def history(root: Path, size_mb: float) -> Truth:
    """Ends two minutes ago, so that nothing of it is in the rate. Made by a process of its own: a listener with a
    million objects would have pauses to show.
    """
    end = f"{datetime.now(UTC) - timedelta(minutes=2):%Y-%m-%dT%H:%M:%S}"
    script = Path(__file__).with_name("history.py")
    run([sys.executable, script, root, "--size-mb", str(size_mb), "--end", end], {"PATH": "/usr/bin:/bin"})
    return Truth.load(root / "truth.json")


def asked(binary: Path, root: Path, *words: str) -> Ran:
    return run([binary, *words, "--json", "--offline"], {"CLAUDE_CONFIG_DIR": str(root)})


def polling(binary: Path, root: Path) -> Polling:
    spent = list[tuple[Ran, Ran]]()
    for _ in track(range(CYCLES), "quiet, and the polling peer"):
        due = time.monotonic() + PERIOD_S
        spent.append((asked(binary, root, "blocks", "--active"), asked(binary, root, "daily")))
        time.sleep(max(0.0, due - time.monotonic()))
    wall, cpu = (mean(getattr(a, key) + getattr(b, key) for a, b in spent) for key in ("wall_s", "cpu_s"))
    return Polling(wall, cpu, mean(blocks.wall_s for blocks, _ in spent))


def metric(gauge: Daemon, name: str) -> float:
    with urllib.request.urlopen(f"http://{HOST}:{gauge.http_port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"claude_gauge_{name} "))


def busy(gauge: Daemon, listener: Listener, root: Path, count: int) -> Busy:
    """Appends `count` lines. The rate that has a new line in it is the sum of the newest lines, however many of the
    old ones are still in its minute. The 7-day sum moves when ccusage has answered, and only then: CPU is taken from
    the first answer to the last, so that every run in between is counted whole.
    """
    rng = random.Random(1)
    path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
    out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
    week, rates, took, lines = listener.heard[WEEK], listener.heard[RATE], list[float](), list[int]()
    known, replies = week[-1].payload, []
    for _ in track(range(count), f"one line each {PAUSES[0]:g}..{PAUSES[1]:g} s"):
        time.sleep(rng.uniform(*PAUSES))
        lines.append((tokens := rng.randrange(10_000, 1_000_000)) + 1)
        line, wanted = usage_line(out, tokens), {str(n).encode() for n in accumulate(reversed(lines))}
        before, started = len(rates), time.perf_counter()
        with path.open("ab", buffering=0) as file:
            file.write(line)
        wait_for(lambda b=before, w=wanted: any(h.payload in w for h in rates[b:]), "the new rate", 10)
        took.append((next(h.at for h in rates[before:] if h.payload in wanted) - started) * 1000)
        if week[-1].payload != known:
            known = week[-1].payload
            replies.append((week[-1].at, gauge.accounts()))
    (first, then), (last, now) = replies[0], replies[-1]
    spent, ccusage_s = now.cpu_s - then.cpu_s, now.finished_cpu_s - then.finished_cpu_s
    return Busy(took, sum(lines), len(replies) - 1, last - first, spent - ccusage_s, ccusage_s)


def measure(bars: Bars, home: Path, *, size_mb: float, count: int) -> None:
    root, binary, name, big = home / "history", ccusage_binary(), f"{size_mb:g} MB:", size_mb >= BIG_MB
    truth, runs = history(root, size_mb), "ccusage_runs_total"
    with mosquitto() as port, daemon(root, home / "state", port, ccusage=binary) as gauge:
        listener = Listener(port, [RATE, FIVE, WEEK])
        listener.known("window_7d_tokens")
        wait_for(lambda: answers(gauge.http_port), "the HTTP server")
        wait_for(lambda: metric(gauge, "ccusage_seconds_total"), "the first answer of ccusage")
        time.sleep(3)
        before, runs_before, began = gauge.accounts(), metric(gauge, runs), time.monotonic()
        peer = polling(binary, root)
        after, quiet_s, runs_in_quiet = gauge.accounts(), time.monotonic() - began, metric(gauge, runs) - runs_before
        ours = busy(gauge, listener, root, count)
        runs_before = metric(gauge, runs)
        time.sleep(2.2 * max(PERIOD_S, 2 * peer.blocks_s))  # two periods: one more run is due, a second would show
        runs_late = metric(gauge, runs) - runs_before
        found = int(listener.heard[FIVE][-1].payload), int(listener.heard[WEEK][-1].payload)
        said = json.loads(asked(binary, root, "claude", "blocks").output)["blocks"]
        listener.close()
    quiet = (after.cpu_s - before.cpu_s) * HOUR_S / quiet_s
    scale = HOUR_S / ours.span_s
    bars.note(f"{name} a polled cycle, mean of {CYCLES}", f"{peer.cpu_s:.2f} CPU-s  {peer.wall_s:.2f} s")
    bars.note(f"{name} polling, computed: {peer.cycles:.0f} cycles", f"{peer.hourly:.0f} CPU-s/h, active or quiet")
    bars.note(f"{name} active: ccusage + daemon", f"{ours.ccusage_s * scale:.0f} + {ours.own_s * scale:.0f} CPU-s/h")
    bars.note(f"{name} active: runs of ccusage", f"{ours.runs} in {ours.span_s:.1f} s")
    bars.most(f"{name} active / polling", ours.hourly / peer.hourly, 0.6, "x", judged=big)
    bars.note(f"{name} quiet, {quiet_s:.0f} s", f"{quiet:.1f} CPU-s/h")
    bars.most(f"{name} quiet / polling", quiet / peer.hourly, 0.05, "x", judged=big)
    bars.same(f"{name} quiet: runs of ccusage", round(runs_in_quiet), 0)
    bars.same(f"{name} quiet: CPU of children", round(after.finished_cpu_s - before.finished_cpu_s, 2), 0)
    bars.most(f"{name} runs after the last line", runs_late, 1)
    bars.note(f"{name} line to tach (n={len(ours.took)})", f"p50 {median(ours.took):.2f}  max {max(ours.took):.2f} ms")
    bars.most(f"{name} line to tach: p99", percentile(ours.took, 0.99), 15, " ms")
    bars.same(f"{name} 5 h, as ccusage says", found[0], sum(b["totalTokens"] for b in said if b["isActive"]))
    bars.same(f"{name} 7 d, truth and the new lines", found[1], truth.window_7d_tokens + ours.tokens)


@click.command(help=__doc__)
@click.option("--quick", is_flag=True, help="10 MB and 100 MB only.")
@click.option("--seconds", type=click.IntRange(min=60), default=66, show_default=True, help="Of lines, per size.")
def main(*, quick: bool, seconds: int) -> None:
    bars = Bars(f"--source ccusage ({VERSION}) and the seeds' polling, {datetime.now(UTC):%Y-%m-%d}")
    for size_mb in (10, 100) if quick else (10, 100, 1000):
        with tempfile.TemporaryDirectory() as home:
            measure(bars, Path(home), size_mb=size_mb, count=round(seconds / (sum(PAUSES) / 2)))
    bars.close()


if __name__ == "__main__":
    main()
