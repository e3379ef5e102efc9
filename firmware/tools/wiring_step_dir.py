"""The diagram of the recommended build: motors behind a quad driver at 5 V."""

from collections.abc import Mapping, Sequence

from devkit import pin_y, row_y
from driver_chip import NAMES, OUTPUTS, PACKAGE, PINS, VDD
from pins import Pin, belonging
from schematic import POWER, Schematic
from wiring_parts import LEFT, MOTORS, WIDTH, board, lamps, motor_from_behind, notes

CHANNELS = {"5h": "A", "tach": "B", "7d": "C"}
UNUSED = {"CW/CCW D": 15, "f(scx) D": 16}
"""Inputs of the fourth channel -> the row of the board that they are drawn beside."""
CHIP = (370, 341, 190, 576)
MOTOR_Y = {"7d": 402.0, "tach": 522.0, "5h": 642.0}
MOTOR_X = 102
TERMINAL_PITCH = 24
PULL_DOWN_X = 610
RESET_Y = 838.0
GROUND_Y, OPEN_Y = 784.0, 824.0
WORDS = {"step": ("f(scx)", "step"), "dir": ("CW/CCW", "direction")}
"""What the firmware's table calls a line -> what the data sheet calls its pin, and a plain word."""


def diagram(pins: Sequence[Pin]) -> Schematic:
    page = Schematic(WIDTH, 1060, "claude-gauge, recommended build: motors behind a quad driver")
    page.text(40, 36, "Recommended build: quad driver, 5 V", size=20, bold=True)
    board(page, pins)
    lamps(page, pins, 6, 330)
    _chip(page)
    for dial, channel in CHANNELS.items():
        _motor(page, dial, channel)
        _inputs(page, dial, channel, belonging(pins, dial))
    for name, row in UNUSED.items():
        y = row_y(row)
        page.pin(_right(), y, PINS[name], name, side="right")
        page.wire((_right(), y), (PULL_DOWN_X, y))
        page.pull_down(PULL_DOWN_X, y, "10 k")
    _supply(page)
    _reset(page)
    motor_from_behind(page, 1130, 755)
    notes(
        page,
        965,
        "Each input of the driver has 10 k to GND: the board's pins float while it starts, and may step.",
        "RESET: low while 5 V rises; 100 k and the Schottky diode (1N5817) empty the 100 nF when 5 V goes away.",
        "If yours wants more than 3.3 V for a high: a 74HCT541 in the six lines, the 10 k on its inputs.",
        "Lamps are active high: pin, resistor, LED, GND. Blue and white want 5 V and a transistor, so STALL is yellow.",
    )
    return page


def _right() -> float:
    return CHIP[0] + CHIP[2]


def _chip(page: Schematic) -> None:
    left, top, width, height = CHIP
    page.box(left, top, width, height, fill="#ffffff")
    middle, y = left + width - 58, row_y(12) - 10
    page.text(middle, y, NAMES[0], size=14, anchor="middle", bold=True)
    for index, words in enumerate((f"{NAMES[1]}, {NAMES[2]}", NAMES[3], PACKAGE)):
        page.text(middle, y + 18 + 15 * index, words, size=11, anchor="middle")


def _motor(page: Schematic, dial: str, channel: str) -> None:
    title, colour = MOTORS[dial]
    left = CHIP[0]
    for contact in (1, 2, 3, 4):
        y = MOTOR_Y[dial] + TERMINAL_PITCH * (contact - 2.5)
        name = f"OUT {contact}{channel}"
        page.wire((left, y), (MOTOR_X, y), colour=colour)
        page.terminal(190, y, str(contact), colour)
        page.pin(left, y, PINS[name], name, side="left")
    page.motor(MOTOR_X, MOTOR_Y[dial], title, "X27.168", colour)


def _inputs(page: Schematic, dial: str, channel: str, lines: Mapping[str, int]) -> None:
    _, colour = MOTORS[dial]
    for which, gpio in lines.items():
        y, (pin, word) = pin_y(gpio), WORDS[which]
        page.pin(_right(), y, PINS[f"{pin} {channel}"], f"{pin} {channel}", side="right")
        page.wire((LEFT, y), (_right(), y), colour=colour, name=f"gpio-{gpio}")
        page.pull_down(PULL_DOWN_X, y, "10 k")
        page.text(LEFT - 6, y - 9, word, size=11, anchor="end", colour=colour)


def _supply(page: Schematic) -> None:
    """5 V to both supply pins, a capacitor of 100 nF beside each; ground; the outputs that stay open."""
    left, rail = CHIP[0], pin_y("5V", "left")
    page.pin(_right(), rail, VDD[1], "VDD", side="right")
    page.wire((LEFT, rail), (_right(), rail), colour=POWER)
    page.text(LEFT - 6, rail - 9, "5 V", size=11, anchor="end", colour=POWER)
    _capacitor(page, _right() + 30, rail, "100 nF")
    page.pin(left, rail, VDD[0], "VDD", side="left")
    page.wire((left, rail), (170, rail), colour=POWER)
    page.text(164, rail, "5 V", size=11, anchor="end", colour=POWER)
    _capacitor(page, 282, rail, "100 nF")
    _capacitor(page, 200, rail, "100 \u00b5F", polar=True)
    page.pin(left, GROUND_Y, PINS["VSS"], "VSS", side="left")
    page.wire((left, GROUND_Y), (left - 40, GROUND_Y), (left - 40, GROUND_Y + 10))
    page.ground(left - 40, GROUND_Y + 10)
    for index, output in enumerate(OUTPUTS):
        y, name = OPEN_Y + TERMINAL_PITCH * index, f"OUT {output}D"
        page.pin(left, y, PINS[name], name, side="left")
        page.wire((left, y), (left - 26, y))
        page.not_connected(left - 26, y)


def _capacitor(page: Schematic, x: float, y: float, value: str, *, polar: bool = False) -> None:
    page.dot(x, y, colour=POWER)
    page.wire((x, y), (x, y + 10))
    page.capacitor(x, y + 20, value, polar=polar)
    page.ground(x, y + 40)


def _reset(page: Schematic) -> None:
    """10 k and a diode to 5 V, 100 nF and 100 k to ground."""
    rail, up, diode = pin_y("5V", "left"), 660.0, 692.0
    page.pin(_right(), RESET_Y, PINS["RESET"], "RESET", side="right")
    page.wire((_right(), RESET_Y), (diode, RESET_Y))
    for x in (up, diode):
        page.dot(x, rail, colour=POWER)
        page.wire((x, rail), (x, RESET_Y))
    page.resistor(up, (rail + RESET_Y) / 2, "10 k", upright=True)
    page.dot(up, RESET_Y)
    page.schottky(diode, (rail + RESET_Y) / 2, upwards=True)
    page.text(diode + 12, (rail + RESET_Y) / 2 - 6, "Schottky", size=11)
    page.text(diode + 12, (rail + RESET_Y) / 2 + 9, "1N5817", size=11)
    page.dot(600, RESET_Y)
    page.wire((600, RESET_Y), (600, RESET_Y + 6))
    page.capacitor(600, RESET_Y + 18, "100 nF")
    page.ground(600, RESET_Y + 38)
    page.dot(diode, RESET_Y)
    page.wire((diode, RESET_Y), (diode, RESET_Y + 58))
    page.resistor(diode, RESET_Y + 30, "100 k", upright=True, value_right=True)
    page.ground(diode, RESET_Y + 58)
