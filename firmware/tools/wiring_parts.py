"""What both wiring diagrams share: colours, lamps, the button, the supply's capacitors."""

from collections.abc import Sequence

from devkit import EDGE, draw, pin_y, row_y, side
from gauge_mqtt.contract.topics import DIALS
from motor import CONTACTS, PEGS, SHAFT_OFFSET
from pins import Pin, belonging
from schematic import FAINT, FAINT_INK, INK, PAPER, POWER, Schematic

MOTORS = {"5h": ("5h FUEL", "#0f766e"), "tach": ("TACH", "#9b1c3f"), "7d": ("7d FUEL", "#1d4ed8")}
LAMPS = {
    "opus": ("#dc2626", "red"), "sonnet": ("#f59e0b", "amber"), "haiku": ("#22a559", "green"),
    "hot": ("#dc2626", "red"), "warn": ("#f59e0b", "amber"), "stall": ("#eab308", "yellow"),
    "idle": ("#22a559", "green"),
}  # fmt: skip
BUTTON = "#6d28d9"
WIDTH = 1380
RESISTOR = "330"
LEFT, RIGHT = EDGE["left"] - 9, EDGE["right"] + 9
"""Where wires begin."""


def board(page: Schematic, pins: Sequence[Pin]) -> None:
    """The board with its used pins coloured, the button and the light sensor, which both builds have alike."""
    used = {gpio: MOTORS[dial][1] for dial in DIALS for gpio in belonging(pins, dial).values()}
    used |= {gpio: LAMPS[lamp][0] for lamp, gpio in belonging(pins, "lamp").items()}
    button, light = belonging(pins, "button")["front"], belonging(pins, "light")["sensor"]
    draw(page, used | {button: BUTTON, light: BUTTON})
    _button(page, button)
    _light_sensor(page, light)


def _button(page: Schematic, gpio: int) -> None:
    """Pull-up from 3V3, capacitor and contact to ground."""
    rail, y, turn = row_y(0), pin_y(gpio) - 30, LEFT - 18
    pull_up, quiet, contact = 520, 556, 622
    page.wire((LEFT, rail), (pull_up, rail), (pull_up, y), colour=POWER)
    page.resistor(pull_up, (rail + y) / 2, "10 k", upright=True)
    page.wire((LEFT, pin_y(gpio)), (turn, pin_y(gpio)), (turn, y), (pull_up, y), colour=BUTTON, name=f"gpio-{gpio}")
    for x in (pull_up, quiet, contact):
        page.dot(x, y, colour=BUTTON)
    page.capacitor(quiet, y + 12, "100 nF")
    page.ground(quiet, y + 32)
    page.push_button(contact, y)
    page.ground(contact, y + 30)
    page.text(contact + 21, y + 15, "BUTTON", size=10)


def _light_sensor(page: Schematic, gpio: int) -> None:
    """A light-dependent resistor from 3V3, and one to ground."""
    y, sensor, rail = pin_y(gpio), 590, 545
    page.wire((LEFT, y), (sensor, y), colour=BUTTON, name=f"gpio-{gpio}")
    page.wire((sensor, y), (rail, y), colour=POWER)
    page.pull_down(LEFT - 42, y, "10 k")
    page.resistor(sensor, y, "LDR")
    for x in (sensor - 14, sensor - 2):
        page.arrow((x - 8, y - 20), (x, y - 10))
    page.text(rail - 6, y, "3V3", size=11, anchor="end", colour=POWER)
    page.text(rail - 34, y, "option", size=11, anchor="end", colour=FAINT_INK)


def lamps(page: Schematic, pins: Sequence[Pin], left_row: float, left_end: float) -> None:
    """A row for each lamp on the right, all with one ground; that on the left at `left_row`, grounded at `left_end`."""
    all_lamps = belonging(pins, "lamp")
    right = {lamp: gpio for lamp, gpio in all_lamps.items() if side(gpio) == "right"}
    rail = RIGHT + 216
    for lamp, gpio in right.items():
        y = pin_y(gpio)
        page.wire((RIGHT, y), (RIGHT + 140, y), colour=LAMPS[lamp][0], name=f"gpio-{gpio}")
        _lamp(page, lamp, (RIGHT, rail), y)
    rows = [pin_y(gpio) for gpio in right.values()]
    page.wire((rail, min(rows)), (rail, max(rows) + 28))
    page.ground(rail, max(rows) + 28)
    for lamp, gpio in all_lamps.items() - right.items():
        y, turn = row_y(left_row), LEFT - 22
        points = [(LEFT, pin_y(gpio)), (turn, pin_y(gpio)), (turn, y), (turn - 140, y)]
        page.wire(*points, colour=LAMPS[lamp][0], name=f"gpio-{gpio}")
        _lamp(page, lamp, (turn, left_end), y)
        page.wire((left_end, y), (left_end, y + 14))
        page.ground(left_end, y + 14)


def _lamp(page: Schematic, lamp: str, ends: tuple[float, float], y: float) -> None:
    colour, word = LAMPS[lamp]
    start, end = ends
    towards = 1 if end > start else -1
    page.wire((start + towards * 140, y), (end, y))
    page.resistor(start + towards * 75, y, RESISTOR)
    page.led(start + towards * 140, y, colour, towards=towards)
    anchor = "start" if towards > 0 else "end"
    page.text(end + towards * 16, y, lamp.upper(), size=14, anchor=anchor, bold=True)
    page.text(end + towards * 92, y, word, size=12, anchor=anchor, colour=FAINT)


def supply(page: Schematic, x: float, y: float) -> None:
    """The two capacitors from a rail at `y` to ground."""
    for place, value, polar in ((x, "100 nF", False), (x + 84, "100 µF", True)):
        page.dot(place, y, colour=POWER)
        page.wire((place, y), (place, y + 10))
        page.capacitor(place, y + 20, value, polar=polar)
        page.ground(place, y + 40)


def motor_from_behind(page: Schematic, x: float, y: float) -> None:
    """Where the contacts are, as one sees them who solders; (x, y) is the middle of the body. As motor.py has it."""
    scale = 4.4

    def at(place: tuple[float, float]) -> tuple[float, float]:
        return x - scale * place[0], y + scale * place[1]  # seen from behind: left is right

    page.text(x, y - 92, "Motor from behind, shaft up", size=13, anchor="middle", bold=True)
    page.disc(x, y, scale * 15.2, fill="#ffffff")
    shaft = at((0, -SHAFT_OFFSET))
    page.disc(*shaft, 5, fill=PAPER, dashed=True)
    for peg_x, peg_y, diameter in PEGS:
        page.disc(*at((peg_x, peg_y)), scale * diameter / 2, fill="#d6d3cb")
    for number, place in CONTACTS.items():
        left, top = at(place)
        outwards = 1 if left > x else -1
        page.wire((left, top), (left + outwards * 46, top), colour=INK)
        page.dot(left, top, radius=4)
        page.terminal(left + outwards * 57, top, str(number), INK)
    for outwards, first, second in ((-1, 4, 3), (1, 1, 2)):
        middle = at((0, (CONTACTS[first][1] + CONTACTS[second][1]) / 2))[1]
        page.text(x + outwards * 132, middle, "one coil,", size=11, anchor="start" if outwards > 0 else "end")
        page.text(x + outwards * 132, middle + 14, "270 ohm", size=11, anchor="start" if outwards > 0 else "end")
    page.text(x, y + 86, "grey: pegs; dashed: the shaft, on the other side", size=11, anchor="middle", colour=FAINT_INK)


def notes(page: Schematic, y: float, *lines: str) -> None:
    for index, text in enumerate(("Numbers on the board are GPIOs. All grounds are one.", *lines)):
        page.text(40, y + 20 * index, text)
