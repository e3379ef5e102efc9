"""Solids from outlines: what the parts are written in. The frame is that of `dimensions`."""

import math
from collections.abc import Iterable, Sequence

from manifold3d import CrossSection, Manifold, OpType

Point = tuple[float, float]
SIDES_PER_MM = 3
"""Of a circle, for each mm of its radius: the chord stays within 0.02 mm."""


def sides(radius: float) -> int:
    """A multiple of four, so that a circle touches its box."""
    return 4 * max(8, math.ceil(SIDES_PER_MM * radius))


def circle(x: float, y: float, radius: float) -> CrossSection:
    return CrossSection.circle(radius, sides(radius)).translate((x, y))


def rectangle(left: float, low: float, right: float, high: float, corner: float = 0.0) -> CrossSection:
    if not corner:
        return CrossSection.square((right - left, high - low)).translate((left, low))
    inner = (left + corner, low + corner, right - corner, high - corner)
    return hull(circle(x, y, corner) for x in inner[::2] for y in inner[1::2])


def polygon(*points: Point) -> CrossSection:
    section = CrossSection([list(points)])
    return section if not section.is_empty() else CrossSection([list(points[::-1])])


def hull(sections: Iterable[CrossSection]) -> CrossSection:
    return CrossSection.batch_hull(list(sections))


def teardrop(radius: float) -> CrossSection:
    """A lying hole that prints without support; its peak is upwards."""
    reach = radius / math.sqrt(2)
    return circle(0, 0, radius) + polygon((-reach, reach), (0, 2 * reach), (reach, reach))


def prism(section: CrossSection, low: float, high: float) -> Manifold:
    return section.extrude(high - low).translate((0, 0, low))


def tapered(low_section: CrossSection, low: float, high_section: CrossSection, high: float) -> Manifold:
    """From one convex outline to another."""
    points = [(x, y, z) for section, z in ((low_section, low), (high_section, high)) for x, y in _points(section)]
    return Manifold.hull_points(points)


def _points(section: CrossSection) -> list[Point]:
    return [(float(x), float(y)) for ring in section.to_polygons() for x, y in ring]


def cylinder(x: float, y: float, radius: float, low: float, high: float) -> Manifold:
    return prism(circle(x, y, radius), low, high)


def turned(profile: Sequence[Point], x: float, y: float, radius: float) -> Manifold:
    """A profile of (distance from the axis, z), turned around the axis at (x, y); as fine as `radius` asks for."""
    return polygon(*profile).revolve(sides(radius)).translate((x, y, 0))


def union(parts: Iterable[Manifold]) -> Manifold:
    return Manifold.batch_boolean(list(parts), OpType.Add)


def cut(body: Manifold, tools: Iterable[Manifold]) -> Manifold:
    return Manifold.batch_boolean([body, *tools], OpType.Subtract)
