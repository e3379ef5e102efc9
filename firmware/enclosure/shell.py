"""The shell: front, walls and bosses in one piece, printed on its front. And the cover that closes it."""

from manifold3d import JoinType, Manifold

import dimensions as d
from shapes import circle, cut, cylinder, hull, polygon, prism, rectangle, tapered, teardrop, union

CHAMFER = 1.0
GUSSET = 9.0
"""Height of the slope under a corner's boss."""


def shell() -> Manifold:
    solid = union([_walls(), *_corner_bosses(), *_plate_bosses(), *_light_bosses(), *_foot_bosses()])
    return cut(solid, [*_front_cuts(), *_screw_holes(), _usb_opening(), _button_hole()])


def _outline(inset: float = 0.0) -> tuple[float, float, float, float]:
    return inset, inset, d.WIDTH - inset, d.HEIGHT - inset


def _walls() -> Manifold:
    outline = rectangle(*_outline(), d.CORNER)
    front = tapered(outline, -CHAMFER, rectangle(*_outline(CHAMFER), d.CORNER - CHAMFER), 0.0)
    body = front + prism(outline, d.COVER_FRONT, -CHAMFER)
    return body - prism(rectangle(*_outline(d.WALL), 1.0), d.COVER_FRONT - 1, -d.WALL)


def _inside(solid: Manifold) -> Manifold:
    """Nothing of a boss shall stick out of the walls."""
    return solid ^ prism(rectangle(*_outline(), d.CORNER), d.COVER_FRONT, -CHAMFER)


def _corner_bosses() -> list[Manifold]:
    """They begin behind the plate and the light box, on a slope out of the corner."""
    bosses = []
    for x, y in d.CORNER_BOSSES:
        corner = (
            d.CORNER if x < d.WIDTH / 2 else d.WIDTH - d.CORNER,
            d.CORNER if y < d.HEIGHT / 2 else d.HEIGHT - d.CORNER,
        )
        foot = hull([circle(x, y, d.CORNER_BOSS), circle(*corner, d.CORNER)])
        tip = [1.5 if at < d.CORNER + 1 else at + d.CORNER - 1.5 for at in corner]  # inside the wall
        slope = tapered(foot, d.CORNER_BOSS_TOP, circle(*tip, 0.4), d.CORNER_BOSS_TOP + GUSSET)
        bosses.append(_inside(prism(foot, d.COVER_FRONT, d.CORNER_BOSS_TOP) + slope))
    return bosses


def _plate_bosses() -> list[Manifold]:
    return [_inside(cylinder(x, y, d.BOSS, d.PLATE_FRONT, -d.WALL + 0.5)) for x, y in d.PLATE_BOSSES]


def _light_bosses() -> list[Manifold]:
    bosses = []
    for x, y in d.LIGHT_SCREWS:
        wall = 0.0 if x < d.WIDTH / 2 else d.WIDTH
        outline = hull([circle(x, y, 2.4), circle(wall, y, 2.4)])
        bosses.append(_inside(prism(outline, d.LIGHT_FRONT, -d.WALL + 0.5)))
    return bosses


def _foot_bosses() -> list[Manifold]:
    """From the side they are a block with a slope of 45 degrees towards the front."""
    bosses = []
    for x, z in d.FOOT_SCREWS:
        low, high = d.WALL - 1.0, d.WALL + d.FOOT_BOSS
        side = polygon(
            (z - d.BOSS, low), (z + d.BOSS + d.FOOT_BOSS + 1, low), (z + d.BOSS, high), (z - d.BOSS, high)
        )  # in (z, y)
        block = side.extrude(2 * d.BOSS).rotate((0, -90, 0)).translate((x + d.BOSS, 0, 0))
        bosses.append(block)
    return bosses


def _front_cuts() -> list[Manifold]:
    left, low, right, high = d.ACRYLIC
    inset, play = d.SLOT_INSET, d.PLAY / 2
    slot = rectangle(left + inset, low + inset, right - inset, high - inset, 1.0)
    flare = d.LIP - d.LEAST_WALL
    flared = slot.offset(flare + 0.1, JoinType.Round, 2.0, 48)
    return [
        *(cylinder(*d.DIAL[name], d.OPENING[name], -d.WALL - 1, 1.0) for name in d.DIALS),
        prism(slot, -d.WALL - 1, 1.0),
        tapered(slot, -flare, flared, 0.1),
        prism(rectangle(left - play, low - play, right + play, high + play), -d.WALL - 1, -d.LIP),
    ]


def _screw_holes() -> list[Manifold]:
    return [
        *(cylinder(x, y, d.M3_PILOT / 2, d.COVER_FRONT - 1, d.CORNER_BOSS_TOP - 2) for x, y in d.CORNER_BOSSES),
        *(cylinder(x, y, d.M3_PILOT / 2, d.PLATE_FRONT - 1, -2.8) for x, y in d.PLATE_BOSSES),
        *(cylinder(x, y, d.M2_PILOT / 2, d.LIGHT_FRONT - 1, -1.4) for x, y in d.LIGHT_SCREWS),
        *(_lying(d.M3_PILOT / 2, -1.0, d.WALL + d.FOOT_BOSS + 1).translate((x, 0, z)) for x, z in d.FOOT_SCREWS),
    ]


def _lying(radius: float, start: float, end: float) -> Manifold:
    """A hole along y; its peak points backwards, which is upwards on the printer's bed."""
    return teardrop(radius).extrude(end - start).rotate((-90, 0, 0)).translate((0, start, 0))


def _button_hole() -> Manifold:
    x, z = d.BUTTON
    return _lying(d.BUTTON_HOLE, d.HEIGHT - d.WALL - 1, d.HEIGHT + 1).translate((x, 0, z))


def _usb_opening() -> Manifold:
    """A house lying on its side: the roof points backwards."""
    y, z = d.USB
    half, deep = d.USB_OPENING[0] / 2, d.USB_OPENING[1] / 2
    house = polygon((-half, deep), (half, deep), (half, -deep), (0, -deep - half), (-half, -deep))
    hole = house.extrude(d.WALL + 2).rotate((90, 0, 0)).rotate((0, 0, 90))
    return hole.translate((d.WIDTH - d.WALL - 1, y, z))


def cover() -> Manifold:
    """Printed on its back."""
    plate = tapered(
        rectangle(*_outline(CHAMFER), d.CORNER - CHAMFER),
        -d.DEPTH,
        rectangle(*_outline(), d.CORNER),
        -d.DEPTH + CHAMFER,
    )
    plate += prism(rectangle(*_outline(), d.CORNER), -d.DEPTH + CHAMFER, d.COVER_FRONT)
    solid = union([plate, *_rims(), *_posts()])
    return cut(solid, [*_countersinks(), *_vents(), *_post_holes()])


def _rims() -> list[Manifold]:
    """Four bars that find the shell's walls."""
    near, far = d.WALL + 0.2, d.WALL + 0.2 + 1.6
    low, high = d.COVER_FRONT, d.COVER_FRONT + 3.0
    bars = [
        (20.0, near, 30.0, far), (d.WIDTH - 30.0, near, d.WIDTH - 20.0, far), (75.0, near, 105.0, far),
        (20.0, d.HEIGHT - far, d.WIDTH - 20.0, d.HEIGHT - near),
        (near, 20.0, far, d.HEIGHT - 20.0), (d.WIDTH - far, 20.0, d.WIDTH - near, d.HEIGHT - 20.0),
    ]  # fmt: skip
    return [prism(rectangle(*bar), low, high) for bar in bars]


def _posts() -> list[Manifold]:
    return [cylinder(x, y, 2.6, d.COVER_FRONT, d.COVER_FRONT + d.BOARD_POST) for x, y in d.BOARD_SCREWS]


def _post_holes() -> list[Manifold]:
    return [
        cylinder(x, y, d.M2_PILOT / 2, d.COVER_FRONT - 0.9, d.COVER_FRONT + d.BOARD_POST + 1) for x, y in d.BOARD_SCREWS
    ]


def _countersinks() -> list[Manifold]:
    tools = []
    for x, y in d.CORNER_BOSSES:
        tools.append(cylinder(x, y, d.M3 / 2, -d.DEPTH - 1, d.COVER_FRONT + 1))
        depth = (d.M3_HEAD - d.M3) / 2
        head, hole = circle(x, y, d.M3_HEAD / 2 + 0.4), circle(x, y, d.M3 / 2)
        tools.append(tapered(head, -d.DEPTH - 0.1, hole, -d.DEPTH + depth + 0.3))
    return tools


POST_CLEAR = (5.5, 9.0)
"""From the middle of a post to that of a slot."""


def _vents() -> list[Manifold]:
    """Two rows of slots: warm air leaves at the top and comes in below."""
    places = [(26.0 + 8.0 * column, y) for column in range(17) for y in (17.0, d.HEIGHT - 17.0)]
    return [
        prism(rectangle(x - 1.0, y - 5.0, x + 1.0, y + 5.0, 1.0), -d.DEPTH - 1, d.COVER_FRONT + 1)
        for x, y in places
        if all(abs(x - post_x) > POST_CLEAR[0] or abs(y - post_y) > POST_CLEAR[1] for post_x, post_y in d.BOARD_SCREWS)
    ]
