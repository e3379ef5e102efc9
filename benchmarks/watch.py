"""What `gauge-mqtt watch` costs: a terminal of 80x24 and a big one, beside a session that writes, and in the quiet."""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bars import Bars
from history import generate
from lab import HOST, Listener, daemon, mosquitto
from latency import usage_line, write
from pieces import Text
from tests.support.terminal import Terminal
from transcript import MODERN, Transcript

SIZES = {"80x24": (80, 24), "200x60": (200, 60)}
EVERY_S = 1.0
"""A session at work answers far less often than once a second."""


def cpu_s(terminals: list[Terminal]) -> list[float]:
    found = []
    for terminal in terminals:
        fields = Path("/proc", str(terminal.child.pid), "stat").read_text().rpartition(")")[2].split()
        found.append(sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK"))
    return found


@click.command(help=__doc__)
@click.option("--seconds", type=int, default=60, show_default=True, help="Of each part.")
def main(*, seconds: int) -> None:
    rng, bars = random.Random(1), Bars(f"gauge-mqtt watch, {seconds} s each")
    with tempfile.TemporaryDirectory() as home, mosquitto() as port:
        root = Path(home, "history")
        generate(root, seed=1, size_mb=2, end=datetime.now(UTC), shape="A")
        path = root / "projects/-home-user-x/00000000-0000-4000-a000-000000000000.jsonl"
        path.touch()
        out = Transcript(rng, Text(rng), sid=path.stem, cwd="/home/user/x", version=MODERN, agent=None)
        listener = Listener(port)
        with daemon(root, Path(home, "state"), port) as publisher:
            listener.known("window_7d_tokens")
            program = str(Path(sys.executable).with_name("gauge-mqtt"))
            command = [program, "watch", "--url", f"http://{HOST}:{publisher.http_port}"]
            with Terminal(command, *SIZES["80x24"]) as small, Terminal(command, *SIZES["200x60"]) as big:
                terminals = [small, big]
                for terminal in terminals:
                    terminal.shows("tokens/min")
                for part, busy in (("a line each second", True), ("quiet", False)):
                    time.sleep(3)
                    before = cpu_s(terminals)
                    for _ in track(range(round(seconds / EVERY_S)), part):
                        if busy:
                            write(path, usage_line(out, rng.randrange(100, 100_000)))
                        time.sleep(EVERY_S)
                        for terminal in terminals:
                            terminal.read()
                    after = cpu_s(terminals)
                    for size, was, now in zip(SIZES, before, after, strict=True):
                        bars.most(f"{part}, {size}: of a core", (now - was) / seconds * 100, 1, " %")
        listener.close()
    bars.close()


if __name__ == "__main__":
    main()
