"""What `gauge-mqtt-statusline` adds to a status line command, beside an empty Python and `cat`, all in one run.

Each round runs every command once, so that whatever else the machine does meets all of them. Bars: the chained command
ends at most 50 ms later than alone; and what that takes is at most 2.5 times an empty Python with the same `site`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.progress import track

from bars import Bars, median, percentile

FIXTURE = Path(__file__).resolve().parents[1] / "tests/fixtures/quota/statusline.auto.jsonl"


@click.command(help=__doc__)
@click.option("--rounds", type=int, default=100, show_default=True)
def main(*, rounds: int) -> None:
    beside = Path(sys.executable).with_name("gauge-mqtt-statusline")
    ours = str(beside) if beside.exists() else shutil.which("gauge-mqtt-statusline")
    if ours is None:
        raise click.ClickException("gauge-mqtt-statusline is not installed beside this Python")
    told = json.loads(FIXTURE.read_text(encoding="utf-8").splitlines()[-1])["j"]
    commands = {
        "`cat` alone": ["/bin/sh", "-c", "cat"],
        "an empty Python": [sys.executable, "-c", "pass"],
        "chained to `cat`": [ours, "--then", "cat"],
        "its own line, no publisher": [ours, "--usage", "127.0.0.1:1"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as state:
        environ = os.environ | {"CLAUDE_GAUGE_STATE_DIR": state}
        for number in track(range(rounds + 1), "redraws"):
            told["cost"]["total_api_duration_ms"] = number  # an answer came: the reading is written anew
            text = json.dumps(told).encode()
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, input=text, env=environ, stdout=subprocess.DEVNULL, check=True)
                if number:  # the first fills the caches
                    times[name].append(1000 * (time.perf_counter() - started))
    bars = Bars(f"status line, {rounds} redraws, {datetime.now(UTC):%Y-%m-%d}")
    for name, taken in times.items():
        bars.note(name, f"p50 {median(taken):.1f} ms, p95 {percentile(taken, 0.95):.1f} ms")
    cat, python, chained = (median(times[name]) for name in list(commands)[:3])
    bars.most("what is added to `cat`", chained - cat, 50, " ms")
    bars.most("the same / an empty Python", (chained - cat) / python, 2.5, "x")
    bars.close()


if __name__ == "__main__":
    main()
