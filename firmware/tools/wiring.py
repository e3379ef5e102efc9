"""Draw the wiring diagrams and the pin tables from `firmware/src/pins.hpp`, where the pins are written.

Writes `firmware/docs/wiring.svg`, `wiring-step-dir.svg` and the tables in `wiring.md`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import wiring_direct
import wiring_step_dir
from devkit import side
from output import between, main, table
from pins import HEADER, Pin, tables

COMMAND = "python firmware/tools/wiring.py"
DOCS = Path(__file__).resolve().parents[1] / "docs"
NEEDS = {
    "coil": "nothing, or two clamps",
    "step": "driver, f(scx)",
    "dir": "driver, CW/CCW",
    "lamp": "330 ohm, LED to GND",
    "button": "to GND; 10 kilo-ohm to 3V3, 100 nF to GND",
    "light_sensor": "LDR to 3V3, 10 kilo-ohm to GND",
}
BOOT = "on the board already"
MOTORS = {"5h": "5h fuel", "tach": "tach", "7d": "7d fuel"}


def pin_table(pins: Sequence[Pin]) -> str:
    rows = []
    for pin in pins:
        owner, which = pin.function.split(" ")
        what = {
            "coil": f"{MOTORS.get(owner)}, contact {which}",
            "step": f"{MOTORS.get(owner)}, step",
            "dir": f"{MOTORS.get(owner)}, direction",
            "lamp": which.upper(),
            "button": f"{which} button",
            "light_sensor": "light sensor (option)",
        }[pin.kind]
        rows.append((what, str(pin.gpio), side(pin.gpio), BOOT if pin.function == "button boot" else NEEDS[pin.kind]))
    return table(("What", "GPIO", "Header", "Through"), rows)


def files() -> dict[Path, str]:
    note = f"Made by {COMMAND} from firmware/src/pins.hpp, do not edit."
    pins = tables(HEADER.read_text(encoding="utf-8"))
    page = DOCS / "wiring.md"
    text = page.read_text(encoding="utf-8")
    for name in ("Direct", "StepDir"):
        text = between(text, f"pins {name}", pin_table(pins[name]))
    return {
        DOCS / "wiring.svg": wiring_direct.diagram(pins["Direct"]).svg(note),
        DOCS / "wiring-step-dir.svg": wiring_step_dir.diagram(pins["StepDir"]).svg(note),
        page: text,
    }


if __name__ == "__main__":
    sys.exit(main(files(), __doc__ or "", COMMAND))
