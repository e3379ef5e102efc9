"""The diagram of the recommended build: motors behind a quad driver at 5 V."""

from collections.abc import Sequence

from devkit import pin_y, row_y
from pins import Pin, belonging
from schematic import Schematic
from wiring_parts import LEFT, MOTORS, POWER, board, lamps, notes, supply

CHANNELS = {"5h": "A", "tach": "B", "7d": "C"}
CHIP = (250, 342, 130, 372)
MOTOR_Y = {"7d": 402.0, "tach": 522.0, "5h": 642.0}
MOTOR_X = 102
TERMINAL_PITCH = 24


def diagram(pins: Sequence[Pin]) -> Schematic:
    page = Schematic(1200, 890, "claude-gauge, recommended build: motors behind a quad driver")
    page.text(40, 36, "Recommended build: quad driver, 5 V", size=20, bold=True)
    board(page, pins)
    lamps(page, pins, 6)
    left, top, width, height = CHIP
    right, bottom = left + width, top + height
    page.box(left, top, width, height, fill="#ffffff")
    page.text(left + width / 2 + 12, top + 186, "AX1201728SG", size=13, anchor="middle", bold=True)
    page.text(left + width / 2 + 12, top + 204, "or VID6608,", size=12, anchor="middle")
    page.text(left + width / 2 + 12, top + 220, "BY8920", size=12, anchor="middle")
    for dial, channel in CHANNELS.items():
        _motor(page, dial, channel)
        for which, gpio in belonging(pins, dial).items():
            y = pin_y(gpio)
            page.wire((LEFT, y), (right, y), colour=MOTORS[dial][1], name=f"gpio-{gpio}")
            page.text(right - 6, y, f"{which} {channel}", size=12, anchor="end")
    for row, which in ((15, "step D"), (16, "dir D")):
        page.text(right - 6, row_y(row), which, size=12, anchor="end")
        page.wire((right, row_y(row)), (490, row_y(row)))
        page.resistor(430, row_y(row), "10 k")
    page.wire((490, row_y(15)), (490, row_y(16) + 8))
    page.ground(490, row_y(16) + 8)
    rail = pin_y("5V", "left")
    page.wire((LEFT, rail), (right - 34, rail), (right - 34, bottom), colour=POWER)
    page.text(right - 6, bottom - 12, "VDD", size=12, anchor="end")
    page.text(left + 6, bottom - 12, "VSS", size=12)
    page.wire((left + 20, bottom), (left + 20, bottom + 14))
    page.ground(left + 20, bottom + 14)
    supply(page, 374, rail)
    notes(
        page,
        "In its data sheet step is f(scx), dir is CW/CCW. RESET, low while VDD rises: 10 k to VDD, 100 nF to GND.",
        "If it wants more than 3.3 V for a high at 5 V supply: a 74HCT541 in the six lines of step and dir.",
        "Lamps are active high: pin, resistor, LED, GND. Blue and white want 5 V and a transistor, so STALL is yellow.",
    )
    return page


def _motor(page: Schematic, dial: str, channel: str) -> None:
    title, colour = MOTORS[dial]
    left, _, _, _ = CHIP
    for contact in (1, 2, 3, 4):
        y = MOTOR_Y[dial] + TERMINAL_PITCH * (contact - 2.5)
        page.wire((left, y), (MOTOR_X, y), colour=colour)
        page.terminal(190, y, str(contact), colour)
        page.text(left + 6, y, f"{contact}{channel}", size=12)
    page.motor(MOTOR_X, MOTOR_Y[dial], title, "X27.168", colour)
