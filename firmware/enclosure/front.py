"""What is seen from the front: bezels, needles and their caps."""

from manifold3d import Manifold

import dimensions as d
from shapes import circle, cut, cylinder, hull, prism, rectangle, tapered, turned

EDGE = 0.7
"""Chamfer of a bezel's outer edge."""


def bezel(name: str) -> Manifold:
    """Ring and sleeve in one. Printed on its front; put in from the front, last of all."""
    inside, sleeve, flange = d.BEZEL_INSIDE[name], d.BEZEL_OUTSIDE[name], d.BEZEL_FLANGE[name]
    lip, top, ledge = inside - 0.6, d.BEZEL_PROUD, d.LENS_BACK + d.LENS + 0.1
    flare = top - ledge - d.LEAST_WALL
    profile = (
        (inside, d.FACE_FRONT + 0.2), (sleeve, d.FACE_FRONT + 0.2), (sleeve, 0.0), (flange, 0.0), (flange, top - EDGE),
        (flange - EDGE, top), (lip + flare, top), (lip, top - flare), (lip, ledge), (inside, ledge),
    )  # fmt: skip
    return turned(profile, *d.DIAL[name], flange)


def lens(name: str) -> Manifold:
    return cylinder(*d.DIAL[name], d.LENS_RADIUS[name], d.LENS_BACK, d.LENS_BACK + d.LENS)


def needle(name: str) -> Manifold:
    """Points upwards. Printed on its front, so that the blade lies on the bed."""
    x, y = d.DIAL[name]
    hub, reach, tail = d.HUB_RADIUS[name], d.NEEDLE_REACH[name], d.NEEDLE_TAIL[name]
    pointer = hull([circle(0, 0, 1.4), rectangle(-0.6, 0, 0.6, reach)])
    weight = hull([circle(0, 0, 1.4), rectangle(-1.4, -tail, 1.4, 0)])
    blade = prism((pointer + weight).translate((x, y)), d.BLADE_LOW, d.BLADE_LOW + d.BLADE)
    body = cylinder(x, y, hub, *d.HUB)
    return cut(blade + body, [cylinder(x, y, d.BORE / 2, d.HUB[0] - 1, d.HUB[1] + 1)])


def cap(name: str) -> Manifold:
    """Glued on the hub."""
    (x, y), radius, low = d.DIAL[name], d.HUB_RADIUS[name] + 0.5, d.HUB[1]
    high, edge = low + d.CAP, 0.8
    solid = cylinder(x, y, radius, low, high - edge)
    solid += tapered(circle(x, y, radius), high - edge, circle(x, y, radius - edge), high)
    return cut(solid, [cylinder(x, y, d.BORE / 2 + 0.15, low - 1, high - d.CAP_ROOF)])
