"""How a needle moves, against SwitecX25's own motion: time to rest, overshoot, and what a tick costs."""

import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click

from bars import Bars

FIRMWARE = Path(__file__).parents[1] / "firmware"
STEPS_PER_S, STEPS_PER_S2 = 900, 9000
STOPPING_STEPS = math.ceil(STEPS_PER_S**2 / (2 * STEPS_PER_S2))

RECORDED = {
    "1 step": (3.0, 4.0, 0),
    "10 degrees": (96.0, 97.0, 1),
    "105 degrees": (399.0, 456.0, 0),
    "full sweep": (776.4, 1085.0, 0),
    "turned at 500 to 450": (711.6, 867.0, 300),
    "turned at 500 to 0": (978.0, 1313.0, 300),
    "stopped at 500": (681.6, 817.0, 300),
}
"""SwitecX25 45a336e by firmware/bench/switecx25: ms if polled every 10 us, and every 1 ms; steps too far."""


def build(folder: str, *targets: str, **settings: object) -> None:
    defines = [f"-D{name}={value}" for name, value in settings.items()]
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DGAUGE_SANITIZE=OFF", *defines]
    for arguments in (["-S", str(FIRMWARE), "-B", folder, *options], ["--build", folder, "-j2", "--target", *targets]):
        subprocess.run(["cmake", *arguments], check=True, stdout=subprocess.DEVNULL)


def lines(program: Path) -> list[dict[str, Any]]:
    done = subprocess.run([program], check=True, capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


@click.command(help=__doc__)
@click.option(
    "--switecx25",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="A checkout of github.com/clearwater/SwitecX25: its figures are measured, and must be the recorded ones.",
)
def main(*, switecx25: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        build(folder, "bench_needle_motion", *(["bench_switecx25"] if switecx25 else []), SWITECX25=switecx25 or "")
        *moves, cost = lines(Path(folder, "bench_needle_motion"))
        peer_moves = lines(Path(folder, "bench_switecx25")) if switecx25 else []
    bars = Bars("needle motion, 300 deg/s, 3000 deg/s², a step is a third of a degree")
    for move in moves:
        name, past = move["move"], move["past_steps"]
        _, peer_ms, peer_past = RECORDED[name]
        bars.note(name, f"{move['ms']:.0f} ms (SwitecX25: {peer_ms:.0f} ms)")
        allowed = STOPPING_STEPS if peer_past > STOPPING_STEPS else 0
        bars.most(f"- too far (SwitecX25: {peer_past})", past, allowed, " steps")
    bars.most("full sweep", next(move["ms"] for move in moves if move["move"] == "full sweep") / 1000, 1.25, " s")
    bars.most("a tick of the planner", cost["tick_ns"], 1000, " ns")
    if switecx25:
        found = {
            often["move"]: (often["ms"], seldom["ms"], often["past_steps"])
            for often, seldom in zip(peer_moves[: len(RECORDED)], peer_moves[len(RECORDED) :], strict=True)
        }
        bars.same("SwitecX25, measured now", "as recorded" if found == RECORDED else found, "as recorded")
    bars.close()


if __name__ == "__main__":
    main()
