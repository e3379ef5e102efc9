"""Questions that a printer or a pair of hands would ask of a solid, answered by arithmetic."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOUCH = 0.02
"""mm3: two pieces that only touch overlap by less."""


def triangles(solid: Manifold) -> Floats:
    """(n, 3, 3): the corners of each triangle, counter-clockwise from outside."""
    mesh = solid.to_mesh()
    return np.asarray(mesh.vert_properties[:, :3], dtype=np.float64)[np.asarray(mesh.tri_verts)]


def normals(corners: Floats) -> tuple[Floats, Floats]:
    """Of each triangle: its unit normal, and its area in mm2."""
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return cross / np.maximum(length, 1e-12)[:, None], length / 2


def steepest_overhang(lying: Manifold) -> float:
    """Degrees from the vertical of the flattest surface that hangs in the air; `lying` stands on z = 0. 0: none."""
    corners = triangles(lying)
    normal, area = normals(corners)
    hangs = (corners[:, :, 2].max(axis=1) > 0.01) & (area > 1e-3)
    down = np.where(hangs, -normal[:, 2], 0.0)
    return math.degrees(math.asin(min(1.0, max(0.0, float(down.max())))))


def thinnest(solid: Manifold, *, spacing: float) -> tuple[float, tuple[float, float, float]]:
    """The least way through the material, straight in from a surface, in mm, and where. One probe in each triangle,
    and one more for each `spacing` x `spacing` mm. Ways that leave through a neighbouring edge at less than
    60 degrees to the surface are corners and no walls."""
    corners = triangles(solid)
    normal, area = normals(corners)
    least, where = math.inf, (0.0, 0.0, 0.0)
    large = area > 0.05
    for triangle, inwards, size in zip(corners[large], -normal[large], area[large], strict=True):
        for point in _probes(triangle, size, spacing):
            start = point + 1e-3 * inwards
            hits = solid.ray_cast(tuple(start), tuple(start + 12.0 * inwards))
            way = next((h for h in hits if np.dot(h.normal, inwards) > math.cos(math.radians(60))), None)
            if not hits or way is None or way.position != hits[0].position:
                continue
            through = float(np.linalg.norm(np.asarray(way.position) - point))
            if through < least:
                least, where = through, (float(point[0]), float(point[1]), float(point[2]))
    return least, where


def _probes(triangle: Floats, area: float, spacing: float) -> Iterator[Floats]:
    """Points inside, spread evenly by the R2 sequence: one, and one more for each `spacing` x `spacing` mm."""
    a, b, c = triangle
    for index in range(1 + int(area / spacing**2)):
        u, v = (1 / 3 + 0.7548776662 * index) % 1, (1 / 3 + 0.5698402910 * index) % 1
        if u + v >= 1:
            u, v = 1 - u, 1 - v
        yield a + (b - a) * u + (c - a) * v


def overlap(one: Manifold, other: Manifold) -> float:
    """mm3 that both want to fill."""
    if not _near(one, other):
        return 0.0
    return float((one ^ other).volume())


def _near(one: Manifold, other: Manifold) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    return all(a[axis] < b[axis + 3] and b[axis] < a[axis + 3] for axis in range(3))


def blocked(
    moved: Sequence[Manifold], present: dict[str, Manifold], side: Sequence[int], *, way: float, step: float
) -> str | None:
    """The first piece that stands in the way of `moved`, which come from `side` over `way` mm; `step` is less than the
    least wall, so that nothing is jumped over."""
    for index in range(round(way / step), -1, -1):
        shift = tuple(index * step * part for part in side)
        for solid in moved:
            there = solid.translate(shift)
            for name, other in present.items():
                if overlap(there, other) > TOUCH:
                    return f"{name}, {index * step:g} mm before the end"
    return None
