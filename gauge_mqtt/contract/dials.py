"""The three dials: angles of the motor and marks of the face. Firmware and printed faces are made from it. Pure.

The motor is a Switec X27.168: 315 degrees in steps of a third, its needle at rest at the lower end stop. Its angle 0 is
that stop; angles grow clockwise.
"""

from dataclasses import dataclass

from gauge_mqtt.contract.scale import REDLINE_MARK, WARN_ABOVE
from gauge_mqtt.contract.topics import DIALS
from gauge_mqtt.contract.usage import NEEDLE_MAX, NEEDLE_UNKNOWN

STEPS_PER_DEGREE = 3
SWEEP_DEG = 315
PARK_DEG = 6
"""Where a needle rests that has nothing to show: visibly below zero, and off the end stop."""
ZERO_DEG, FULL_DEG = 24, 264
"""The motor's angle at 0 and at 1000."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face. `marks`: 0..1000 -> what stands there; `red_from`: where its red zone starts, up to 1000."""

    name: str
    title: str
    unit: str
    marks: dict[int, str]
    red_from: int


def _fuel(name: str) -> Face:
    marks = {share * NEEDLE_MAX // 100: str(share) for share in range(0, 101, 20)}
    return Face(name, f"{name} FUEL", "% used", marks, round(WARN_ABOVE * NEEDLE_MAX))


_TACH = Face("tach", "TOKENS/MIN", "x redline", {REDLINE_MARK * n // 4: f"{n / 4:g}" for n in range(6)}, REDLINE_MARK)
FACES: dict[str, Face] = {name: _TACH if name == "tach" else _fuel(name) for name in DIALS}


def motor_deg(needle: int) -> float:
    """Degrees of the motor for 0..1000 (`NEEDLE_MAX`); parked for `NEEDLE_UNKNOWN`."""
    if needle == NEEDLE_UNKNOWN:
        return PARK_DEG
    return ZERO_DEG + needle * (FULL_DEG - ZERO_DEG) / NEEDLE_MAX


def face_deg(motor: float) -> float:
    """Degrees clockwise from the top of the face: the middle of the scale is on top."""
    return motor - (ZERO_DEG + FULL_DEG) / 2
