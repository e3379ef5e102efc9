"""From process start to the first 5-hour and 7-day value on MQTT, beside `ccusage claude blocks` on the same files.

Each round: the daemon without an index, ccusage, the daemon again with the index it saved. All the files are read once
before each, and the daemon is started once with an empty history: everything is in the page cache, whatever the kernel
reclaimed meanwhile, so that readers are compared and not disks. The ratios are judged at 1000 MB and more only; what a
start costs by itself outweighs a small history. Shape A is the history of the bars: usage lines are 46 % of its bytes,
43 % of those of real sessions. Where tool results dominate (B) ccusage has next to nothing to decode, so half of its
wall time is the bar, and the CPU is shown without one.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click
from rich.progress import track

from bars import Bars, median
from lab import Listener, Ran, daemon, mosquitto, run
from truth import Truth

sys.path.append(str(Path(__file__).resolve().parents[1]))
from tests.support.ccusage import VERSION, ccusage_binary

WALL = {"A": 0.35, "B": 0.5}


class Start(NamedTuple):
    to_5h: float
    to_7d: float
    tokens_5h: int
    tokens_7d: int
    cpu_s: float
    peak_mb: float


def start(root: Path, state: Path) -> Start:
    """One start of the daemon, until it knows both windows; it saves its index when it is ended. The broker is a new
    one: values retained from the run before would be taken for this one's.
    """
    with mosquitto() as port:
        listener = Listener(port)
        try:
            with daemon(root, state, port) as gauge:
                in_7d = listener.known("window_7d_tokens")
                accounts = gauge.accounts()
                in_5h = listener.known("window_5h_tokens")
            times, tokens = (in_5h.at - gauge.started, in_7d.at - gauge.started), (in_5h.payload, in_7d.payload)
            return Start(*times, *map(int, tokens), accounts.cpu_s, accounts.peak_mb)
        finally:
            listener.close()


def cached(root: Path) -> Path:
    """`root`, with every file below it in the page cache."""
    for path in root.rglob("*.jsonl"):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass
    return root


def history(home: Path, shape: str, size_mb: float) -> tuple[Path, Truth]:
    """Made by a process of its own: a benchmark that grew would show in the `ru_maxrss` of its children."""
    root = home / shape
    script = Path(__file__).with_name("history.py")
    run([sys.executable, script, root, "--size-mb", str(size_mb), "--shape", shape], {"PATH": "/usr/bin:/bin"})
    return root, Truth.load(root / "truth.json")


def measure(bars: Bars, home: Path, *, shape: str, size_mb: float, rounds: int) -> None:
    root, truth = history(home, shape, size_mb)
    binary, big = ccusage_binary(), size_mb >= 1000
    empty = home / "empty"
    colds, warms, floors, peers = list[Start](), list[Start](), list[Start](), list[Ran]()
    for number in track(range(rounds), f"shape {shape}, {size_mb:g} MB"):
        state = home / f"state-{shape}-{number}"
        cached(root)
        floors.append(start(empty, home / "state-empty"))
        colds.append(start(root, state))
        command = [binary, "claude", "blocks", "--json", "--offline"]
        peers.append(run(command, {"CLAUDE_CONFIG_DIR": str(cached(root))}))
        cached(root)
        floors.append(start(empty, home / "state-empty"))
        warms.append(start(root, state))
    active = [block for block in json.loads(peers[-1].output)["blocks"] if block["isActive"]]
    wall, cpu, peak = (median([getattr(peer, key) for peer in peers]) for key in ("wall_s", "cpu_s", "peak_mb"))
    to_7d, used, held = (median([getattr(cold, key) for cold in colds]) for key in ("to_7d", "cpu_s", "peak_mb"))
    name = f"{shape}:"
    bars.note(f"{name} ccusage {VERSION} claude blocks", f"{wall:.2f} s  {cpu:.2f} CPU-s  {peak:.0f} MB")
    bars.note(f"{name} daemon to the 7 d value", f"{to_7d:.2f} s  {used:.2f} CPU-s  {held:.0f} MB")
    bars.same(f"{name} 5 h, ccusage", [block["totalTokens"] for block in active], [truth.window_5h_tokens])
    bars.same(f"{name} 5 h, every start", {s.tokens_5h for s in colds + warms}, {truth.window_5h_tokens})
    bars.same(f"{name} 7 d, every start", {s.tokens_7d for s in colds + warms}, {truth.window_7d_tokens})
    bars.most(f"{name} wall / ccusage", to_7d / wall, WALL[shape], "x", judged=big)
    bars.most(f"{name} CPU / ccusage", used / cpu, 0.2, "x", judged=big and shape == "A")
    bars.most(f"{name} memory / ccusage", held / peak, 0.35, "x", judged=big)
    bars.most(f"{name} first 5 h value", median([s.to_5h for s in colds]), 0.5, " s")
    warm, floor = median([max(s.to_5h, s.to_7d) for s in warms]), median([s.to_7d for s in floors])
    bars.note(f"{name} empty history, from process start", f"{floor:.3f} s")
    bars.note(f"{name} with a saved index, from process start", f"{warm:.3f} s")
    bars.most(f"{name} the same without what a start with an empty history takes", warm - floor, 0.15, " s")


@click.command(help=__doc__)
@click.option("--size-mb", type=float, default=1000.0, show_default=True)
@click.option("--quick", is_flag=True, help="100 MB.")
@click.option("--rounds", type=int, default=3, show_default=True)
@click.option("--shape", "shapes", type=click.Choice(["A", "B"]), multiple=True, default=("A", "B"), show_default=True)
def main(*, size_mb: float, quick: bool, rounds: int, shapes: tuple[str, ...]) -> None:
    size = 100.0 if quick else size_mb
    bars = Bars(f"cold start, {size:g} MB, median of {rounds}, {datetime.now(UTC):%Y-%m-%d}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "empty" / "projects").mkdir(parents=True)
        for shape in shapes:
            measure(bars, home, shape=shape, size_mb=size, rounds=rounds)
    bars.close()


if __name__ == "__main__":
    main()
