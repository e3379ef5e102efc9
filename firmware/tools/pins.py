"""The pin tables of `firmware/src/pins.hpp`, which is the one place where they are written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HEADER = Path(__file__).resolve().parents[1] / "src/pins.hpp"
_TABLE = re.compile(r"std::array k(\w+)Pins\{(.*?)\n\};", re.DOTALL)
_ROW = re.compile(r'Pin\{"([^"]+)",\s*(\d+),\s*Kind::(\w+)\}')


@dataclass(frozen=True, slots=True)
class Pin:
    """`function` is what it belongs to and which one of it: "5h 1", "lamp hot"."""

    function: str
    gpio: int
    kind: str


def tables(header: str) -> Mapping[str, Sequence[Pin]]:
    """Name of a table, `Direct` or `StepDir` -> its rows, in their order."""
    found = {}
    for name, body in _TABLE.findall(header):
        rows = [Pin(function, int(gpio), kind) for function, gpio, kind in _ROW.findall(body)]
        if len(rows) != body.count("Pin{"):
            raise ValueError(f"k{name}Pins has a row that is not 'Pin{{\"function\", gpio, Kind::kind}}'")
        found[name] = rows
    return found


def belonging(pins: Sequence[Pin], owner: str) -> dict[str, int]:
    """Which one -> GPIO, of all that belong to `owner`."""
    return {pin.function.split(" ")[1]: pin.gpio for pin in pins if pin.function.split(" ")[0] == owner}
