"""Log line appended -> frame painted by the page in Chromium, beside the same line as MQTT message, and beside what the
browser needs for a frame by itself.
"""

import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bars import Bars, percentile
from history import generate
from lab import HOST, Listener, daemon, mosquitto, wait_for
from latency import TOPIC, usage_line, write
from pieces import Text
from tests.support.browser import Tab
from transcript import MODERN, Transcript

FRAME_MS = 1000 / 60
WATCH = """
globalThis.cluster = document.querySelector("claude-gauge-cluster");
globalThis.epoch = () => performance.timeOrigin + performance.now();
globalThis.painted = done => requestAnimationFrame(() => {
  let handed;
  const after = new MessageChannel(); // its message runs when this frame has been handed to the compositor
  after.port1.onmessage = () => { handed = epoch(); };
  after.port2.postMessage(0);
  requestAnimationFrame(() => done([handed ?? epoch(), epoch()])); // the next frame begins: this one is on the screen
});
globalThis.seen = [];
const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(cluster), "usage");
Object.defineProperty(cluster, "usage", { get() { return own.get.call(this); }, set(usage) {
  const there = epoch();
  own.set.call(this, usage);
  painted(frame => seen.push([usage?.window_7d_tokens, there, ...frame]));
} });
true
"""
"""Each snapshot that the page gets: when it had it, when the frame with it was handed over and when the next began,
in ms since 1970.
"""
FLOOR = """(async () => {
  const took = [];
  const dot = document.body.appendChild(document.createElement("div"));
  dot.style.cssText = "position: fixed; width: 2px; height: 2px; background: red";
  for (let n = 0; n < 100; n++) {
    await new Promise(done => setTimeout(done, 30 + Math.random() * 50));
    const from = epoch();
    dot.style.left = `${n}px`;
    took.push((await new Promise(painted))[1] - from);
  }
  dot.remove();
  return took;
})()"""
"""Milliseconds from a dot that is moved to the frame with it."""


class Line(NamedTuple):
    """One line: the sum with it, and when it was written, in ms since 1970 by our clock."""

    total: int
    at: float


def clock_ahead(tab: Tab) -> float:
    """Milliseconds that the page's clock is ahead of ours, from the quickest of many questions."""
    tries = []
    for _ in range(50):
        before = time.time()
        there = tab.value("epoch()")
        after = time.time()
        tries.append((after - before, there - (before + after) / 2 * 1000))
    return min(tries)[1]


def appended(path: Path, listener: Listener, count: int, rng: random.Random) -> tuple[list[Line], list[float]]:
    """The lines, and the milliseconds from each to its MQTT message."""
    out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
    known, lines, took = int(listener.heard[TOPIC][-1].payload), [], []
    for _ in track(range(count), "one line each 0.3..0.5 s"):
        time.sleep(rng.uniform(0.3, 0.5))
        known += (tokens := rng.randrange(100, 1000)) + 1
        line, wanted = usage_line(out, tokens), str(known).encode()
        lines.append(Line(known, time.time() * 1000))
        started = time.perf_counter()
        write(path, line)
        wait_for(lambda wanted=wanted: listener.heard[TOPIC][-1].payload == wanted, "the new sum", 10)
        took.append((next(heard.at for heard in listener.heard[TOPIC] if heard.payload == wanted) - started) * 1000)
    return lines, took


@click.command(help=__doc__)
@click.option("--count", type=int, default=200, show_default=True)
def main(*, count: int) -> None:
    rng, bars = random.Random(1), Bars("log line appended -> frame painted, ms")
    with tempfile.TemporaryDirectory() as home, mosquitto() as port:
        root = Path(home, "history")
        generate(root, seed=1, size_mb=2, end=datetime.now(UTC), shape="A")
        path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
        path.touch()
        listener = Listener(port, [TOPIC])
        with daemon(root, Path(home, "state"), port) as publisher, Tab(1280, 800, calm=False) as tab:
            listener.known("window_7d_tokens")
            tab.go(f"http://{HOST}:{publisher.http_port}/")
            tab.becomes("document.querySelector('claude-gauge-cluster')?.usage?.window_7d_tokens > 0")
            tab.value(WATCH)
            time.sleep(3)
            floor = tab.value(FLOOR)
            ahead = clock_ahead(tab)
            lines, messages = appended(path, listener, count, rng)
            tab.becomes(f"seen.some(([total]) => total === {lines[-1].total})")
            time.sleep(0.5)
            seen = {total: [at - ahead for at in times] for total, *times in tab.value("seen")}
            bars.note("the two clocks drifted apart by", f"{abs(clock_ahead(tab) - ahead):.2f} ms")
        listener.close()
    judge(bars, floor, messages, lines, seen)
    bars.close()


def judge(
    bars: Bars, floor: list[float], messages: list[float], lines: list[Line], seen: dict[int, list[float]]
) -> None:
    at_page, handed, painted = ([seen[line.total][nth] - line.at for line in lines] for nth in range(3))
    frames = [last - first for first, last in zip(at_page, painted, strict=True)]
    for name, took in (
        ("the browser's own: change to frame", floor),
        ("line to MQTT message", messages),
        ("line to event in the page", at_page),
        ("line to frame handed to the compositor", handed),
        ("event in the page to frame painted", frames),
        ("line to frame painted", painted),
    ):
        spread = f"p50 {percentile(took, 0.5):.1f}  p99 {percentile(took, 0.99):.1f}  max {max(took):.1f} ms"
        bars.note(f"{name} (n={len(took)})", spread)
    bars.most("event in the page by MQTT message: p50", percentile(at_page, 0.5) / percentile(messages, 0.5), 2, "x")
    bars.most("frame by the browser's own: p50", percentile(frames, 0.5) / percentile(floor, 0.5), 1.5, "x")
    bars.most("line to frame painted: p50", percentile(painted, 0.5), round(3 * FRAME_MS), " ms")


if __name__ == "__main__":
    main()
