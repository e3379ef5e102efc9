"""`GET /usage` under wrk: requests a second and latency, keep-alive, on the machine of the daemon."""

import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from bars import Bars
from history import generate
from lab import HOST, answers, daemon, mosquitto, wait_for


def wrk(url: str, connections: int, seconds: int) -> tuple[float, dict[str, str], bool]:
    """Requests a second, latency by percentile, and whether every answer was a 200."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not installed")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if rate is None:
        raise RuntimeError(f"wrk said no rate:\n{said}")
    return float(rate[1]), dict(re.findall(r"^\s+(\d+)%\s+(\S+)$", said, re.MULTILINE)), "Non-2xx" not in said


@click.command(help=__doc__)
@click.option("--seconds", type=int, default=5, show_default=True)
def main(*, seconds: int) -> None:
    bars = Bars("GET /usage")
    with tempfile.TemporaryDirectory() as home, mosquitto() as port:
        root = Path(home, "history")
        generate(root, seed=1, size_mb=2, end=datetime.now(UTC), shape="A")
        with daemon(root, Path(home, "state"), port) as gauge:
            wait_for(lambda: answers(gauge.http_port), "the HTTP server")
            for connections in (1, 16):
                rate, spread, good = wrk(f"http://{HOST}:{gauge.http_port}/usage", connections, seconds)
                name = f"{connections} connection{'s' * (connections > 1)}"
                bars.note(f"{name}: latency", f"p50 {spread.get('50')}  p99 {spread.get('99')}")
                bars.same(f"{name}: all answers 200", good, True)  # noqa: FBT003
                if connections > 1:
                    bars.least(f"{name}: rate", rate, 4_000, "/s")
                else:
                    bars.note(f"{name}: rate", f"{rate:.0f}/s")
    bars.close()


if __name__ == "__main__":
    main()
