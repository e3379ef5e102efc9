"""From a value to a dial, at its ends and marks."""

import pytest

from gauge_mqtt.contract.dials import (
    FACES,
    FULL_DEG,
    PARK_DEG,
    STEPS_PER_DEGREE,
    SWEEP_DEG,
    ZERO_DEG,
    face_deg,
    motor_deg,
)
from gauge_mqtt.contract.scale import fuel_needle, tach_needle


@pytest.mark.parametrize(
    ("share", "needle"),
    [
        (None, None),
        (0.0, 0),
        (-0.2, 0),
        (0.29, 290),
        (0.8, 800),
        (0.9994, 999),
        (0.9996, 1000),
        (1.0, 1000),
        (1.3, 1000),
    ],
)
def test_a_fuel_needle_is_the_share_in_thousandths(share: float | None, needle: int | None) -> None:
    assert fuel_needle(share) == needle


@pytest.mark.parametrize(
    ("rate", "redline", "needle"),
    [(None, 8000, None), (5.0, None, None), (5.0, 0, None), (0.0, 8000, 0), (8000.0, 8000, 800), (10_000.0, 8000, 1000),
     (9_990.0, 8000, 999), (99_999.0, 8000, 1000), (0.0, 1, 0), (1.0, 1, 800)],
)  # fmt: skip
def test_the_tach_has_its_redline_at_800(rate: float | None, redline: int | None, needle: int | None) -> None:
    assert tach_needle(rate, redline) == needle


def test_the_faces_bear_these_marks() -> None:
    assert list(FACES) == ["5h", "tach", "7d"]
    for name in ("5h", "7d"):
        face = FACES[name]
        assert (face.name, face.title, face.unit, face.red_from) == (name, f"{name} FUEL", "% used", 800)
        assert face.marks == {0: "0", 200: "20", 400: "40", 600: "60", 800: "80", 1000: "100"}
    assert {type(mark) for face in FACES.values() for mark in face.marks} == {int}
    tach = FACES["tach"]
    assert (tach.name, tach.title, tach.unit, tach.red_from) == ("tach", "TOKENS/MIN", "x redline", 800)
    assert tach.marks == {0: "0", 200: "0.25", 400: "0.5", 600: "0.75", 800: "1", 1000: "1.25"}


@pytest.mark.parametrize(
    ("needle", "motor", "face"), [(-1, 6, -138), (0, 24, -120), (500, 144, 0), (800, 216, 72), (1000, 264, 120)]
)
def test_a_needle_stands_at_these_degrees(needle: int, motor: float, face: float) -> None:
    assert motor_deg(needle) == motor
    assert face_deg(motor) == face


def test_the_motor_is_the_one_of_the_firmware() -> None:
    assert (STEPS_PER_DEGREE, SWEEP_DEG, PARK_DEG, ZERO_DEG, FULL_DEG) == (3, 315, 6, 24, 264)
