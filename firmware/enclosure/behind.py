"""What is behind the front: motor plate, bridges over the motors, light box. And the foot."""

import itertools
import math

from manifold3d import CrossSection, Manifold

import dimensions as d
import motor
from shapes import circle, cut, cylinder, hull, polygon, prism, rectangle, tapered, union

PLAY = 0.2
"""Around a motor and its pegs."""


def plate() -> Manifold:
    """Carries the faces on its front and the motors on its back. Printed on its front."""
    low = d.LIGHT_EAR[3] + 0.6
    outline = rectangle(d.WALL + d.PLAY, low, d.WIDTH - d.WALL - d.PLAY, d.HEIGHT - d.WALL - d.PLAY)
    corners = [prism(_past_corner(x, y), d.PLATE_BACK - 1, d.PLATE_FRONT + 1) for x, y in d.CORNER_BOSSES if y > low]
    screws = [cylinder(x, y, d.M3 / 2, d.PLATE_BACK - 1, d.PLATE_FRONT + 1) for x, y in d.PLATE_BOSSES]
    motors = [tool for name in d.DIALS for tool in _motor_cuts(name)]
    return cut(prism(outline, d.PLATE_BACK, d.PLATE_FRONT), [*corners, *screws, *motors])


def _past_corner(x: float, y: float) -> CrossSection:
    """What has to be cut away so that it passes the boss in the corner."""
    far = (-9.0 if x < d.WIDTH / 2 else d.WIDTH + 9.0, -9.0 if y < d.HEIGHT / 2 else d.HEIGHT + 9.0)
    radius = d.CORNER_BOSS + d.PLAY
    return hull([circle(x, y, radius), circle(far[0], y, radius), circle(x, far[1], radius)])


def _motor_cuts(name: str) -> list[Manifold]:
    """A pocket for the body and its eyes, the shaft's slot, a hole for a small peg on the front, the screws."""
    through = (d.PLATE_BACK - 1, d.PLATE_FRONT + 1)
    x, y = d.DIAL[name]
    body_x, body_y = d.MOTOR[name]
    slot_x, slot_y, length, radius = motor.SHAFT_SLOT
    ends = (circle(x + slot_x, y - slot_y + up, radius + PLAY) for up in (0.0, length))
    peg_x, peg_y, peg_radius = d.PEGS[1]
    return [
        cylinder(body_x, body_y, d.BODY_RADIUS + PLAY, d.PLATE_BACK - 1, d.MOTOR_FRONT),
        *(cylinder(body_x + dx, body_y + dy, r + PLAY, d.PLATE_BACK - 1, d.MOTOR_FRONT) for dx, dy, r in d.LUGS),
        prism(hull(ends), *through),
        cylinder(body_x + peg_x, body_y + peg_y, peg_radius + PLAY, *through),
        *(cylinder(x + side * d.FACE_SCREW_REACH, y, d.M2 / 2, *through) for side in (-1, 1)),
    ]


def bridge(name: str) -> Manifold:
    """A bar over the back of a motor, above its contacts, with a hole for its large peg. Printed on its back."""
    x, y = d.DIAL[name]
    ends = [(x + side * d.FACE_SCREW_REACH, y) for side in (-1, 1)]
    below, above = (y + reach for reach in d.BRIDGE_REACH)
    bar = rectangle(x - 12.0, below, x + 12.0, above)
    for side, end in zip((-1, 1), ends, strict=True):
        inner, outer = sorted((x + side * 12.0, x + side * 10.0))
        bar += hull([circle(*end, 2.4), rectangle(inner, below, outer, above)])
    low, high = d.MOTOR_BACK - d.BRIDGE, d.MOTOR_BACK
    legs = [cylinder(*end, 2.35, low, d.PLATE_BACK - 0.2) for end in ends]
    peg_x, peg_y, peg_radius = d.PEGS[0]
    peg = cylinder(d.MOTOR[name][0] + peg_x, d.MOTOR[name][1] + peg_y, peg_radius + PLAY, low - 1, high + 1)
    screws = [cylinder(*end, d.M2 / 2, low - 1, d.PLATE_BACK + 1) for end in ends]
    return cut(union([prism(bar, low, high), *legs]), [peg, *screws])


def light_box() -> Manifold:
    """Seven cells with walls between them, and an eighth for the light sensor. Printed on its back, in white."""
    wall, (left, right) = d.LIGHT_WALL, d.LAMP_ROW
    outline = rectangle(left - wall, d.LAMP_LOW - wall, right + wall, d.LAMP_HIGH + wall)
    ear_left, ear_low, ear_right, ear_high = d.LIGHT_EAR
    ears = [
        rectangle(ear_left, ear_low, ear_right, ear_high),
        rectangle(d.WIDTH - ear_right, ear_low, d.WIDTH - ear_left, ear_high),
    ]
    solid = prism(outline + ears[0] + ears[1], d.LIGHT_BACK, d.LIGHT_FRONT)
    floor = d.LIGHT_BACK + d.LIGHT_FLOOR
    cells = [prism(rectangle(*cell), floor, d.LIGHT_FRONT + 1) for cell in cells_of_lamps().values()]
    holes = [cylinder(*middle(cell), d.LED_HOLE, d.LIGHT_BACK - 1, floor + 1) for cell in cells_of_lamps().values()]
    sensor = sensor_cell()
    cells.append(prism(rectangle(*sensor), floor, d.LIGHT_FRONT + 1))
    holes.append(cylinder(*middle(sensor), d.SENSOR_HOLE, d.LIGHT_BACK - 1, floor + 1))
    screws = [cylinder(*place, d.M2 / 2, d.LIGHT_BACK - 1, d.LIGHT_FRONT + 1) for place in d.LIGHT_SCREWS]
    corners = [
        prism(_past_corner(x, y), d.LIGHT_BACK - 1, d.LIGHT_FRONT + 1) for x, y in d.CORNER_BOSSES if y < d.HEIGHT / 2
    ]
    return cut(solid, [*cells, *holes, *screws, *corners])


Box = tuple[float, float, float, float]


def middle(box: Box) -> tuple[float, float]:
    left, low, right, high = box
    return (left + right) / 2, (low + high) / 2


def cells_of_lamps() -> dict[str, Box]:
    return {name: (x, y, x + d.WINDOW[0], y + d.WINDOW[1]) for name, (x, y) in d.LAMP.items()}


def sensor_cell() -> Box:
    """In the wide gap between the models and the conditions."""
    edges = sorted(cells_of_lamps().values())
    gap = max(itertools.pairwise(edges), key=lambda pair: pair[1][0] - pair[0][2])
    return gap[0][2] + d.LIGHT_WALL, d.LAMP_LOW, gap[1][0] - d.LIGHT_WALL, d.LAMP_HIGH


FRONT_EDGE = d.FOOT_LEAST + d.DEPTH * math.sin(math.radians(d.TILT_DEG))
"""How high the shell's lower front edge is above the desk."""


def from_desk(solid: Manifold) -> Manifold:
    """From the foot's frame (x, backwards, upwards from the desk) to that of the cluster."""
    return solid.translate((0, 0, -FRONT_EDGE)).rotate((d.TILT_DEG - 90, 0, 0))


def to_desk(solid: Manifold) -> Manifold:
    return solid.rotate((90 - d.TILT_DEG, 0, 0)).translate((0, 0, FRONT_EDGE))


def foot() -> Manifold:
    """A wedge. Printed as it stands."""
    slope = math.tan(math.radians(d.TILT_DEG))
    rear = d.DEPTH * math.cos(math.radians(d.TILT_DEG))
    side = polygon(
        (d.FOOT_START, 0), (d.FOOT_END, 0), (d.FOOT_END, d.FOOT_LEAST), (rear, d.FOOT_LEAST),
        (d.FOOT_START, FRONT_EDGE - slope * d.FOOT_START),
    )  # fmt: skip
    left = (d.WIDTH - d.FOOT_WIDTH) / 2
    wedge = side.extrude(d.FOOT_WIDTH).rotate((90, 0, 90)).translate((left, 0, 0))
    plan = rectangle(left, d.FOOT_START, left + d.FOOT_WIDTH, d.FOOT_END, 12.0)
    solid = from_desk(wedge ^ prism(plan, -1, 50))
    return cut(solid, [tool for x, z in d.FOOT_SCREWS for tool in _foot_screw(x, z)])


FOOT_MEAT = 2.5
"""What the head of a foot's screw pulls on."""


def _foot_screw(x: float, z: float) -> list[Manifold]:
    """Up into the shell. The head rests in a cone so steep that it prints without support, leaning as it does."""
    head, hole = d.M3_HEAD / 2 + 0.4, d.M3 / 2
    steep = (head - hole) / math.tan(math.radians(30))
    upright = union([
        cylinder(0, 0, hole, -FOOT_MEAT - steep - 1, 1),
        tapered(circle(0, 0, head), -FOOT_MEAT - steep, circle(0, 0, hole), -FOOT_MEAT),
        cylinder(0, 0, head, -40, -FOOT_MEAT - steep),
    ])  # fmt: skip
    return [upright.rotate((-90, 0, 0)).translate((x, 0, z))]
