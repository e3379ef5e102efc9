"""Draw the wiring diagrams and the pin tables from `firmware/src/pins.hpp`, where the pins are written.

Writes `firmware/docs/wiring.svg`, `wiring-step-dir.svg` and the tables in `wiring.md`, and that of the driver's pins.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import wiring_direct
import wiring_step_dir
from devkit import side
from driver_chip import PINS, VDD
from output import between, main, table
from pins import HEADER, Pin, tables

COMMAND = "python firmware/tools/wiring.py"
DOCS = Path(__file__).resolve().parents[1] / "docs"
NEEDS = {
    "coil": "nothing, or two clamps",
    "lamp": "330 ohm, LED to GND",
    "button": "to GND; 10 kilo-ohm to 3V3, 100 nF to GND",
    "light_sensor": "LDR to 3V3, 10 kilo-ohm to GND",
}
PULL_DOWN = "10 kilo-ohm to GND"
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
        rows.append((what, str(pin.gpio), side(pin.gpio), _through(pin)))
    return table(("What", "GPIO", "Header", "Through"), rows)


def _through(pin: Pin) -> str:
    if pin.function == "button boot":
        return BOOT
    if pin.kind not in {"step", "dir"}:
        return NEEDS[pin.kind]
    name = wiring_step_dir.WORDS[pin.kind][0] + " " + wiring_step_dir.CHANNELS[pin.function.split(" ")[0]]
    return f"driver pin {PINS[name]}, {name}; {PULL_DOWN}"


def chip_table(pins: Sequence[Pin]) -> str:
    """The driver from above, pin 1 at the upper left: its pins down on the left, up on the right."""
    goes = dict.fromkeys(VDD, ("VDD", "5 V; 100 nF to GND"))
    goes[PINS["VSS"]] = ("VSS", "GND")
    goes[PINS["RESET"]] = ("RESET", "10 kilo-ohm to 5 V, 100 nF and 100 kilo-ohm to GND, Schottky diode to 5 V")
    dials = {channel: dial for dial, channel in wiring_step_dir.CHANNELS.items()}
    for name, number in PINS.items():
        if number in goes:
            continue
        dial = dials.get(name[-1])
        if name.startswith("OUT"):
            goes[number] = name, f"{MOTORS[dial]}, contact {name[-2]}" if dial else "open"
        else:
            word = next(kind for kind, (pin, _) in wiring_step_dir.WORDS.items() if name.startswith(pin))
            gpio = next((f"GPIO {pin.gpio}; " for pin in pins if pin.function == f"{dial} {word}"), "")
            goes[number] = name, gpio + PULL_DOWN
    half = len(goes) // 2
    rows = (
        (str(left), *goes[left], str(right), *goes[right])
        for left, right in zip(range(1, half + 1), range(2 * half, half, -1), strict=True)
    )
    return table(2 * ("Pin", "Name", "Goes to"), rows)


def files() -> dict[Path, str]:
    note = f"Made by {COMMAND} from firmware/src/pins.hpp, do not edit."
    pins = tables(HEADER.read_text(encoding="utf-8"))
    page = DOCS / "wiring.md"
    text = page.read_text(encoding="utf-8")
    for name in ("Direct", "StepDir"):
        text = between(text, f"pins {name}", pin_table(pins[name]))
    text = between(text, "driver", chip_table(pins["StepDir"]))
    return {
        DOCS / "wiring.svg": wiring_direct.diagram(pins["Direct"]).svg(note),
        DOCS / "wiring-step-dir.svg": wiring_step_dir.diagram(pins["StepDir"]).svg(note),
        page: text,
    }


if __name__ == "__main__":
    sys.exit(main(files(), __doc__ or "", COMMAND))
