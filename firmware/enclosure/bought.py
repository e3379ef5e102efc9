"""What is bought, as plain solids: to see whether it fits, and for the pictures."""

import math
from collections.abc import Iterable

from manifold3d import Manifold

import dimensions as d
import motor
from behind import FOOT_MEAT, cells_of_lamps, middle, sensor_cell
from shapes import circle, cut, cylinder, prism, rectangle, tapered, union


def face(name: str) -> Manifold:
    """The printed card, cut out, with its holes."""
    x, y = d.DIAL[name]
    disc = circle(x, y, d.RADIUS[name]) - circle(x, y, d.SHAFT_HOLE / 2)
    for side in (-1, 1):
        disc -= circle(x + side * d.FACE_SCREW_REACH, y, d.M2 / 2)
    return prism(disc, d.PLATE_FRONT, d.FACE_FRONT)


def x27(name: str) -> Manifold:
    """The motor: pegs and contacts on its back."""
    shaft = d.DIAL[name]
    x, y = d.MOTOR[name]
    front, back = d.MOTOR_FRONT, d.MOTOR_BACK
    return union([
        cylinder(x, y, d.BODY_RADIUS, back, front),
        *(cylinder(x + dx, y + dy, r, back, front) for dx, dy, r in d.LUGS),
        cylinder(*shaft, motor.COLLAR_DIAMETER / 2, front, front + motor.COLLAR_LENGTH),
        cylinder(*shaft, d.SHAFT_RADIUS, front, front + motor.SHAFT_LENGTH),
        *(cylinder(x + dx, y + dy, r, back - motor.PEG_LENGTH, back) for dx, dy, r in d.PEGS),
        *(cylinder(x + dx, y + dy, 0.25, back - motor.CONTACT_LENGTH, back) for dx, dy in d.CONTACTS),
    ])  # fmt: skip


def acrylic() -> Manifold:
    return prism(rectangle(*d.ACRYLIC), -d.LIP - d.ACRYLIC_THICK, -d.LIP)


def film() -> Manifold:
    return prism(rectangle(*d.FILM_BOX), d.LIGHT_FRONT, -d.LIP - d.ACRYLIC_THICK)


def led(name: str) -> Manifold:
    """A round one of 3 mm, from behind, with legs cut to 6 mm."""
    x, y = middle(cells_of_lamps()[name])
    top = d.LIGHT_BACK + 3.6
    return union([
        cylinder(x, y, 1.5, d.LIGHT_BACK, top),
        tapered(circle(x, y, 1.5), top, circle(x, y, 0.5), top + 1.2),
        cylinder(x, y, 1.9, d.LIGHT_BACK - 1.0, d.LIGHT_BACK),
        *(cylinder(x + side * 1.27, y, 0.25, d.LIGHT_BACK - 7.0, d.LIGHT_BACK - 1.0) for side in (-1, 1)),
    ])  # fmt: skip


def sensor() -> Manifold:
    x, y = middle(sensor_cell())
    return cylinder(x, y, 2.5, d.LIGHT_BACK, d.LIGHT_BACK + 2.1)


def board() -> Manifold:
    (x, y), (wide, high) = d.BOARD_MIDDLE, d.BOARD
    low = d.COVER_FRONT + d.BOARD_POST
    outline = rectangle(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    for hole in d.BOARD_SCREWS:
        outline -= circle(*hole, 1.05)
    return prism(outline, low, low + d.BOARD_THICK)


def esp32() -> dict[str, Manifold]:
    """The DevKitC and its two socket strips, its socket flush with the board's right edge."""
    right = d.BOARD_MIDDLE[0] + d.BOARD[0] / 2
    low_y = d.DEVKIT_LOW
    long, wide = d.DEVKIT
    base = d.COVER_FRONT + d.BOARD_POST + d.BOARD_THICK
    top = base + d.SOCKET
    strips = [
        prism(rectangle(right - 51, y - 1.27, right - 3, y + 1.27), base, top)
        for y in (low_y + 1.3, low_y + wide - 1.3)
    ]
    upper = top + d.BOARD_THICK
    return {
        "strips": union(strips),
        "board": prism(rectangle(right - long, low_y, right, low_y + wide), top, upper),
        "shield": prism(rectangle(right - 46, low_y + 6, right - 28, low_y + 22), upper, upper + 3.2),
        "usb": prism(rectangle(right - 5.5, d.USB[0] - 3.9, right + 0.6, d.USB[0] + 3.9), upper, upper + 2.6),
    }


def whole_esp32() -> Manifold:
    return union(esp32().values())


def button() -> Manifold:
    """Thread of 7 mm, a cap above, contacts below."""
    x, z = d.BUTTON
    upright = union([
        cylinder(0, 0, 3.4, -14, 0.0),
        cylinder(0, 0, 4.6, 0.0, 2.0),
        cylinder(0, 0, 2.6, 2.0, 5.0),
        *(cylinder(side * 2.0, 0, 0.6, -19, -14) for side in (-1, 1)),
    ])  # fmt: skip
    return upright.rotate((-90, 0, 0)).translate((x, d.HEIGHT, z))


def screws() -> dict[str, Manifold]:
    """All of one kind together. Those that cut their own thread are as thick as its hole."""
    m2, m2_cut, m3_cut = 0.95, d.M2_PILOT / 2, d.M3_PILOT / 2
    board_top = d.COVER_FRONT + d.BOARD_POST + d.BOARD_THICK
    face = [(x + side * d.FACE_SCREW_REACH, y) for x, y in d.DIAL.values() for side in (-1, 1)]
    on_back = (180, 0, 0)
    from_below = _screw(m3_cut, d.M3_HEAD / 2, 8.0, 2.2).rotate((90, 0, 0))
    foot_head = -FOOT_MEAT - (d.M3_HEAD / 2 - d.M3 / 2) / math.tan(math.radians(30))
    return {
        "face screws": _all(_screw(m2, d.M2_HEAD / 2, 16.0, 1.6), face, d.FACE_FRONT),
        "board screws": _all(_screw(m2_cut, d.M2_HEAD / 2, 6.0, 1.6), d.BOARD_SCREWS, board_top),
        "light screws": _all(_screw(m2_cut, d.M2_HEAD / 2, 14.0, 1.6).rotate(on_back), d.LIGHT_SCREWS, d.LIGHT_BACK),
        "plate screws": _all(_screw(m3_cut, d.M3_HEAD / 2, 8.0, 2.2).rotate(on_back), d.PLATE_BOSSES, d.PLATE_BACK),
        "cover screws": _all(_countersunk(m3_cut, d.M3_HEAD / 2, 12.0).rotate(on_back), d.CORNER_BOSSES, -d.DEPTH),
        "foot screws": union([from_below.translate((x, foot_head, z)) for x, z in d.FOOT_SCREWS]),
    }


def _all(one: Manifold, places: Iterable[tuple[float, float]], z: float) -> Manifold:
    return union([one.translate((x, y, z)) for x, y in places])


def _screw(radius: float, head: float, length: float, thick: float) -> Manifold:
    """Its head's underside is on z = 0, its point at z = -length."""
    solid = cylinder(0, 0, radius, -length, 0) + cylinder(0, 0, head, 0, thick)
    return cut(solid, [prism(rectangle(-head * 0.7, -0.25, head * 0.7, 0.25), thick * 0.55, thick + 1)])


def _countersunk(radius: float, head: float, length: float) -> Manifold:
    """Its head's top is on z = 0."""
    high = head - radius
    solid = cylinder(0, 0, radius, -length, -high) + tapered(circle(0, 0, radius), -high, circle(0, 0, head), 0)
    return cut(solid, [prism(rectangle(-head * 0.7, -0.25, head * 0.7, 0.25), -0.6, 1)])
