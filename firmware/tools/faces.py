"""One dial's face, from `gauge_mqtt.contract.dials`: ticks, numbers, red zone, park mark, and the holes to cut."""

from dataclasses import dataclass
from itertools import pairwise

from drawing import Ink, Page, arc, circle, line, polar
from gauge_mqtt.contract.dials import Face, face_deg, motor_deg
from gauge_mqtt.contract.fascia import RADIUS
from gauge_mqtt.contract.usage import NEEDLE_MAX, NEEDLE_UNKNOWN
from lettering import strokes, width
from motor import SHAFT_HOLE

FACE_SCREW, FACE_SCREW_REACH = 2.2, 17.0
"""In mm: diameter, for M2; from the shaft, clear of a body that hangs below it."""

MINOR = {"5h": 4, "tach": 5, "7d": 4}
"""Parts between two numbers of a face: 5 % on the fuels, 0.05 redlines on the tach."""

CREAM, PAINT, BURGUNDY, METAL, SMOKE, CUT = "#f8f1e1", "#262220", "#7b1330", "#d8d7d3", "#2b2827", "#8f8b84"
HAIR = Ink(stroke=CUT, width=0.1)
FINE = Ink(stroke=PAINT, width=0.18)


@dataclass(frozen=True, slots=True)
class Text:
    """Lettering. Height of a capital and added space between letters in mm, stroke as a share of the height."""

    height: float
    colour: str = PAINT
    weight: float = 0.13
    spread: float = 0.0

    def centred(self, page: Page, text: str, x: float, y: float, name: str | None = None) -> None:
        """With the middle of its capitals on (x, y)."""
        self.left(page, text, x - width(text, self.height, self.spread) / 2, y + self.height / 2, name)

    def left(self, page: Page, text: str, x: float, y: float, name: str | None = None) -> None:
        """From its lower left corner."""
        ink = Ink(stroke=self.colour, width=self.height * self.weight, round=True)
        page.draw(strokes(text, x, y, self.height, self.spread), ink, name=name, label=text)


def face(page: Page, dial: Face, x: float, y: float) -> None:
    """The printed face, with what is to be cut."""
    page.draw(circle(x, y, RADIUS[dial.name]), Ink(fill=CREAM, stroke=CUT, width=0.1), name=f"{dial.name}-disc")
    lettered(page, dial, x, y)
    page.draw(circle(x, y, SHAFT_HOLE / 2), HAIR, name=f"{dial.name}-shaft")
    cross(page, x, y, 4)
    for side in (-1, 1):
        page.draw(circle(x + side * FACE_SCREW_REACH, y, FACE_SCREW / 2), HAIR)


def lettered(page: Page, dial: Face, x: float, y: float) -> None:
    """What is printed on the face: scale, numbers, red zone, park mark, title."""
    name, radius = dial.name, RADIUS[dial.name]
    scale, major, minor = radius * 0.905, radius * 0.15, radius * 0.085

    def at(needle: int) -> float:
        return face_deg(motor_deg(needle))

    def tick(needle: int, length: float, weight: float, kind: str) -> None:
        ends = polar(x, y, scale, at(needle)), polar(x, y, scale - length, at(needle))
        page.draw(line(*ends), Ink(stroke=paint(needle), width=weight), name=f"{name}-{kind}-{needle}")

    def paint(needle: int) -> str:
        return BURGUNDY if needle >= dial.red_from else PAINT

    page.draw(arc(x, y, scale, at(0), at(dial.red_from)), FINE)
    page.draw(arc(x, y, scale, at(dial.red_from), at(NEEDLE_MAX)), Ink(stroke=BURGUNDY, width=0.18))
    zone = Ink(stroke=BURGUNDY, width=0.45)
    page.draw(arc(x, y, radius * 0.94, at(dial.red_from), at(NEEDLE_MAX)), zone, name=f"{name}-red")

    marks = sorted(dial.marks)
    for low, high in pairwise(marks):
        for part in range(1, MINOR[name]):
            middle = 2 * part == MINOR[name]
            tick(low + (high - low) * part // MINOR[name], (minor + major) / 2 if middle else minor, 0.18, "minor")
    for needle, text in dial.marks.items():
        tick(needle, major, radius * 0.021, "tick")
        number = Text(2.0 + radius * 0.055, paint(needle))
        # Inside a circle, and moved inwards by half its own size; so numbers opposite each other share their height.
        right, down = polar(0, 0, 1, at(needle))
        inside = scale - major - radius * 0.07
        place = x + right * (inside - width(text, number.height) / 2), y + down * (inside - number.height / 2)
        number.centred(page, text, *place, f"{name}-number-{needle}")

    rest = polar(x, y, scale - radius * 0.024, at(NEEDLE_UNKNOWN))
    page.draw(circle(*rest, radius * 0.024), FINE, name=f"{name}-park")
    Text(1.1 + radius * 0.056, weight=0.14, spread=0.3).centred(page, dial.title, x, y + radius * 0.545)
    Text(0.8 + radius * 0.042, weight=0.12, spread=0.2).centred(page, dial.unit, x, y + radius * 0.72)


def cross(page: Page, x: float, y: float, reach: float) -> None:
    page.draw([*line((x - reach, y), (x + reach, y)), *line((x, y - reach), (x, y + reach))], HAIR)
