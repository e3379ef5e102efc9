"""What the daemon costs while Claude Code is quiet: 2,000 session files, a broker, nothing new."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.progress import track

from bars import Bars
from history import generate
from lab import Listener, daemon, mosquitto


@click.command(help=__doc__)
@click.option("--seconds", type=int, default=300, show_default=True)
@click.option("--files", type=int, default=2_000, show_default=True)
def main(*, seconds: int, files: int) -> None:
    bars = Bars(f"idle, {files} files, {seconds} s")
    with tempfile.TemporaryDirectory() as home, mosquitto() as port:
        root = Path(home, "history")
        quiet_since = datetime.now(UTC) - timedelta(minutes=10)
        truth = generate(root, seed=1, size_mb=files * 0.035, files=files, end=quiet_since, shape="A", progress=track)
        listener = Listener(port)
        with daemon(root, Path(home, "state"), port) as gauge:
            bars.same("window_7d_tokens", int(listener.known("window_7d_tokens").payload), truth.window_7d_tokens)
            time.sleep(10)
            before, children = gauge.accounts(), 0
            for _ in track(range(seconds), "quiet"):
                time.sleep(1)
                children = max(children, gauge.accounts().children)
            after = gauge.accounts()
        listener.close()
    bars.most("CPU", (after.cpu_s - before.cpu_s) * 3600 / seconds, 5, " s/h")
    bars.most("resident memory", after.rss_mb, 100, " MB")
    bars.note("peak memory, start included", f"{after.peak_mb:.0f} MB")
    bars.same("child processes", children, 0)
    bars.close()


if __name__ == "__main__":
    main()
