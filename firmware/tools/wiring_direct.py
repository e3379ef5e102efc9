"""The diagram of the quick build: coils straight on the pins, each line between two clamps."""

from collections.abc import Sequence

from devkit import pin_y, row_y, side
from gauge_mqtt.contract.topics import DIALS
from pins import Pin, belonging
from schematic import Schematic
from wiring_parts import LEFT, MOTORS, RIGHT, WIDTH, board, lamps, motor_from_behind, notes, supply

MIDDLE = {"tach": 6.5, "5h": 11.5, "7d": 4.5}
"""The row of the board beside the middle of the motor."""
SIDE = {"tach": "left", "5h": "left", "7d": "right"}
TURN = {"tach": 385, "5h": 590, "7d": 930}
"""Where the first wire turns that does not run straight; the next ones do so `STEP` further to the right."""
TERMINAL = {"left": 190, "right": 1190}
CLAMP = {"left": 280, "right": 1090}
STEP = 14
LEFT_LAMP_ROW = 16
"""Below the motors."""


def diagram(pins: Sequence[Pin]) -> Schematic:
    page = Schematic(WIDTH, 950, "claude-gauge, quick build: coils on the pins of the ESP32")
    page.text(40, 36, "Quick build: coils on the pins, 3.3 V", size=20, bold=True)
    board(page, pins)
    supply(page, 545, row_y(0))
    for dial in DIALS:
        _motor(page, dial, belonging(pins, dial))
    lamps(page, pins, LEFT_LAMP_ROW, 436)
    motor_from_behind(page, 1130, 790)
    notes(
        page,
        862,
        "On each coil line a BAT54S (SOT-23): 3 to the line, 1 to GND, 2 to 3V3. Optional; see drivers.md.",
        "Coil lines want no pull-downs: pins that float drive no coil. 14 may pulse at power-on; homing mends that.",
        "Lamps are active high: pin, resistor, LED, GND. Blue and white want 5 V and a transistor, so STALL is yellow.",
    )
    return page


def _motor(page: Schematic, dial: str, contacts: dict[str, int]) -> None:
    title, colour = MOTORS[dial]
    where = SIDE[dial]
    edge, outwards, start_x = TERMINAL[where], *((1, RIGHT) if where == "right" else (-1, LEFT))
    downwards = list(contacts.items()) if where == "right" else list(contacts.items())[::-1]
    for index, (contact, gpio) in enumerate(downwards):
        y, start = row_y(MIDDLE[dial] - 1.5 + index), pin_y(gpio)
        points = [(start_x, start)]
        if side(gpio) != where:  # over the top of the board
            top, far = row_y(0) - 46, RIGHT + 22
            points = [(RIGHT, start), (far, start), (far, top), (TURN[dial], top), (TURN[dial], y)]
        elif start != y:
            turn = TURN[dial] + STEP * index
            points += [(turn, start), (turn, y)]
        page.wire(*points, (edge + outwards * 88, y), colour=colour, name=f"gpio-{gpio}")
        page.terminal(edge, y, contact, colour)
        page.clamp(CLAMP[where], y, "3V3", colour)
    page.text(CLAMP[where], row_y(MIDDLE[dial] - 1.5) - 30, "4 x BAT54S", size=11, anchor="middle")
    page.motor(edge + outwards * 88, row_y(MIDDLE[dial]), title, "X27.168", colour)
