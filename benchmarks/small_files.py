"""Many small session files: from process start to the 7-day value on MQTT, beside `ccusage claude blocks`.

Each file is one response of the last days. A round: the daemon without an index, ccusage, the daemon with the index it
saved. Beside it, without a bar: a start with an empty history, which is what any start costs.
"""

import json
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import track

from bars import Bars, median
from cold_start import Start, cached, start
from lab import Ran, run

sys.path.append(str(Path(__file__).resolve().parents[1]))
from tests.support.ccusage import ccusage_binary
from tests.support.lines import answer, line

DIRECTORIES = 200
TOKENS = 1000
DAY = 86_400


def history(home: Path, files: int) -> Path:
    """`files` sessions of one response each, an hour to six days old."""
    root, now, rng = home / str(files), datetime.now(UTC).timestamp(), random.Random(1)
    for number in range(DIRECTORIES):
        (root / "projects" / f"-p{number}").mkdir(parents=True)
    for number in range(files):
        path = root / "projects" / f"-p{number % DIRECTORIES}" / f"s{number}.jsonl"
        path.write_bytes(line(answer(now - rng.uniform(3600, 6 * DAY), TOKENS)))
    return root


def measure(bars: Bars, home: Path, *, files: int, rounds: int) -> None:
    root, empty = history(home, files), home / "empty"
    colds, warms, floors, peers = list[Start](), list[Start](), list[Start](), list[Ran]()
    for number in track(range(rounds), f"{files} files"):
        state = home / f"state-{files}-{number}"
        floors.append(start(empty, home / "state-empty"))
        colds.append(start(cached(root), state))
        command = [ccusage_binary(), "claude", "blocks", "--json", "--offline"]
        peers.append(run(command, {"CLAUDE_CONFIG_DIR": str(cached(root))}))
        warms.append(start(cached(root), state))
    blocks = json.loads(peers[-1].output)["blocks"]
    theirs = sum(block["totalTokens"] for block in blocks if not block["isGap"])
    wall, cold, warm = (median(times) for times in (
        [peer.wall_s for peer in peers], [one.to_7d for one in colds], [one.to_7d for one in warms]
    ))  # fmt: skip
    floor, name = median([one.to_7d for one in floors]), f"{files} files:"
    bars.same(f"{name} 7 d, every start", {one.tokens_7d for one in colds + warms}, {files * TOKENS})
    bars.same(f"{name} all blocks, ccusage", theirs, files * TOKENS)
    bars.note(f"{name} ccusage", f"{wall:.2f} s  {median([peer.cpu_s for peer in peers]):.2f} CPU-s")
    bars.note(f"{name} daemon", f"{cold:.2f} s  {median([one.cpu_s for one in colds]):.2f} CPU-s")
    bars.note(f"{name} of which a start with an empty history", f"{floor:.2f} s")
    bars.most(f"{name} wall / ccusage", cold / wall, 1.0, "x")
    bars.note(f"{name} wall without that start / ccusage", f"{(cold - floor) / wall:.2f}x")
    bars.most(f"{name} with a saved index, without that start / ccusage", (warm - floor) / wall, 1.0, "x")


@click.command(help=__doc__)
@click.option("--files", "counts", type=int, multiple=True, default=(20_000, 50_000), show_default=True)
@click.option("--rounds", type=int, default=3, show_default=True)
def main(*, counts: tuple[int, ...], rounds: int) -> None:
    bars = Bars(f"many small files, median of {rounds}, {datetime.now(UTC):%Y-%m-%d}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "empty" / "projects").mkdir(parents=True)
        for files in counts:
            measure(bars, home, files=files, rounds=rounds)
    bars.close()


if __name__ == "__main__":
    main()
