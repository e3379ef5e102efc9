"""The wiring diagrams can be read, and hold what the parts list sells: every resistor, capacitor, clamp and pin."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import motor
from driver_chip import PINS, VDD
from gauge_mqtt.contract.topics import DIALS
from gauge_mqtt.contract.usage import LAMPS

DOCS = Path(__file__).resolve().parents[2] / "firmware/docs"
DRAWINGS = ("wiring.svg", "wiring-step-dir.svg")
BUILDS = [("wiring.svg", "Only the quick build"), ("wiring-step-dir.svg", "Only the recommended build")]
BROAD = 0.60
"""Width of a letter as a share of its size, on average, in a broad font (DejaVu Sans); bold ones are broader."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Drawn:
    kind: str
    box: Box
    ways: tuple[Box, ...] = ()
    """Of a wire: its straight pieces."""
    words: str = ""


def numbers(element: str, *names: str) -> list[float]:
    return [float(found[1]) for name in names if (found := re.search(rf' {name}="([^"]+)"', element))]


def drawn(name: str) -> Iterator[Drawn]:
    """Texts, wires, and the surfaces that cover what was drawn before them, from the back to the front."""
    for kind, attributes, words in re.findall(
        r"<(text|polyline|rect|circle)( [^>]*?)/?>([^<]*)", (DOCS / name).read_text()
    ):
        if kind == "text":
            x, y, size = numbers(attributes, "x", "y", "font-size")
            wide = len(words) * size * BROAD * (1.1 if "bold" in attributes else 1)
            left = x - {"start": 0, "middle": wide / 2, "end": wide}[re.findall(r'text-anchor="(\w+)"', attributes)[0]]
            yield Drawn(kind, (left, y - size * 0.73, left + wide, y), words=words)
        elif kind == "polyline":
            corners = [
                tuple(map(float, pair.split(","))) for pair in re.findall(r'points="([^"]+)"', attributes)[0].split()
            ]
            ways = tuple((min(a, c), min(b, e), max(a, c), max(b, e)) for (a, b), (c, e) in pairwise(corners))
            yield Drawn(kind, (0, 0, 0, 0), ways)
        elif kind == "rect" and " x=" in attributes:
            x, y, wide, high = numbers(attributes, "x", "y", "width", "height")
            yield Drawn(kind, (x, y, x + wide, y + high))
        elif kind == "circle":
            x, y, radius = numbers(attributes, "cx", "cy", "r")
            reach = radius * 0.8
            yield Drawn(kind, (x - reach, y - reach, x + reach, y + reach))


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and inner[2] <= outer[2] and outer[1] <= inner[1] and inner[3] <= outer[3]


def wide(way: Box) -> Box:
    """With half of a wire's width around it."""
    return way[0] - 1, way[1] - 1, way[2] + 1, way[3] + 1


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_two_words_overlap_and_no_wire_runs_through_one(name: str) -> None:
    things = list(drawn(name))
    texts = [thing for thing in things if thing.kind == "text"]
    assert len(texts) > 60
    assert [(one.words, other.words) for one, other in combinations(texts, 2) if meet(one.box, other.box)] == []
    crossed = []
    for index, text in enumerate(things):
        if text.kind != "text":
            continue
        covers = [
            at
            for at, thing in enumerate(things[:index])
            if thing.kind in {"rect", "circle"} and inside(text.box, thing.box)
        ]
        seen = things[max(covers, default=0) :]
        crossed += [text.words for wire in seen for way in wire.ways if meet(text.box, wide(way))]
    assert crossed == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_word_is_on_the_page(name: str) -> None:
    wide_as, high = numbers(re.findall(r"<svg [^>]+>", (DOCS / name).read_text())[0], "width", "height")
    assert [
        thing.words
        for thing in drawn(name)
        if thing.kind == "text" and not inside(thing.box, (8, 8, wide_as - 8, high - 8))
    ] == []


def words(name: str) -> Counter[str]:
    return Counter(thing.words for thing in drawn(name) if thing.kind == "text")


def sold(part: str, *sections: str) -> int:
    """How many of it the parts list has, in these sections."""
    page = (DOCS / "parts.md").read_text()
    rows = [
        row
        for section in sections
        for row in re.findall(rf"## {section}\n(.*?)(?:\n## |\Z)", page, re.DOTALL)[0].splitlines()
    ]
    return sum(
        int(cells[2])
        for row in rows
        if (cells := row.split("|")) and len(cells) > 3 and cells[1].strip().startswith(part)
    )


LIGHT_SENSOR = Counter(["LDR", "3V3", "10 k"])
"""An option that both drawings show, and the parts list names apart."""


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_light_sensor_is_drawn(name: str) -> None:
    assert words(name) >= LIGHT_SENSOR | Counter(["option"])


@pytest.mark.parametrize(("name", "build"), BUILDS)
@pytest.mark.parametrize(
    ("part", "label"),
    [("Resistor 330 ohm", "330"), ("Resistor 10 kilo-ohm", "10 k"), ("Resistor 100 kilo-ohm", "100 k"),
     ("Capacitor 100 nF", "100 nF"), ("Capacitor 100 uF", "100 µF"), ("Schottky diode 1N5817", "1N5817")],
)  # fmt: skip
def test_the_parts_list_has_what_is_drawn(name: str, build: str, part: str, label: str) -> None:
    assert words(name)[label] - LIGHT_SENSOR[label] == sold(part, "Both builds", build)


def test_each_coil_line_of_the_quick_build_has_its_clamp() -> None:
    drawing = (DOCS / "wiring.svg").read_text()
    rails = words("wiring.svg")["3V3"] - LIGHT_SENSOR["3V3"]
    assert rails == 4 * len(DIALS) + 1, "the rail of each clamp, and the board's pin"
    assert drawing.count("M-6 -5 L6 0") == 2 * 4 * len(DIALS)
    assert sold("Double Schottky diode BAT54S", "Only the quick build") == 4 * len(DIALS)
    assert words("wiring.svg")["4 x BAT54S"] == len(DIALS)


def test_every_pin_of_the_driver_is_drawn_with_its_number_and_its_name() -> None:
    assert sorted([*PINS.values(), *VDD]) == list(range(1, 29))
    found = words("wiring-step-dir.svg")
    assert [name for name in PINS if found[name] != 1] == []
    assert found["VDD"] == 2
    small = re.findall(
        r'font-size="10" text-anchor="\w+" fill="#5f5a54">(\d+)<', (DOCS / "wiring-step-dir.svg").read_text()
    )
    assert sorted(map(int, small)) == list(range(1, 29))


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_motors_contacts_are_numbered_as_one_sees_them_from_behind(name: str) -> None:
    """Its maker's figure 7, "Rear contacts": 4 and 3 on the left, 1 and 2 on the right, the shaft up."""
    title = next(thing for thing in drawn(name) if thing.words.startswith("Motor from behind"))
    below = [thing for thing in drawn(name) if thing.box[1] > title.box[3] and thing.box[0] > title.box[0] - 100]
    places = {thing.words: thing.box for thing in below if thing.words in {"1", "2", "3", "4"}}
    assert places["4"][0] == places["3"][0] < places["1"][0] == places["2"][0]
    assert places["4"][1] == places["1"][1] < places["3"][1] == places["2"][1]
    assert {n: (x < 0, y < 0) for n, (x, y) in motor.CONTACTS.items()} == {
        1: (True, True), 2: (True, False), 3: (False, False), 4: (False, True),
    }  # fmt: skip


def test_every_lamp_is_drawn_once() -> None:
    for name in DRAWINGS:
        assert [words(name)[lamp.upper()] for lamp in LAMPS] == [1] * len(LAMPS)
