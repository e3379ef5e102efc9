"""Every piece at its place, what is printed and how it lies on the bed, and the order in which all is put together."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from manifold3d import Manifold

import behind
import bought
import dimensions as d
import front
import shell

FRONT, BACK, BELOW, ABOVE = (0, 0, 1), (0, 0, -1), (0, -1, 0), (0, 1, 0)
"""Where a piece comes from."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A file to print. `pieces`: the solids of the assembly that it is; `lie`: turns one to stand on the bed."""

    name: str
    pieces: tuple[str, ...]
    lie: Callable[[Manifold], Manifold]
    colour: str
    """Of the filament."""


def _on_front(solid: Manifold) -> Manifold:
    return solid.rotate((180, 0, 0))


def _as_it_is(solid: Manifold) -> Manifold:
    return solid


def _of(kind: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{kind} {name}" for name in names)


PRINTED = (
    Printed("shell", ("shell",), _on_front, "anthracite"),
    Printed("cover", ("cover",), _as_it_is, "anthracite"),
    Printed("foot", ("foot",), behind.to_desk, "anthracite"),
    Printed("motor-plate", ("plate",), _on_front, "any, dark"),
    Printed("light-box", ("light box",), _as_it_is, "white"),
    Printed("bridge", _of("bridge", *d.DIALS), _as_it_is, "any"),
    Printed("bezel-fuel", _of("bezel", "5h", "7d"), _on_front, "silver"),
    Printed("bezel-tach", _of("bezel", "tach"), _on_front, "silver"),
    Printed("needle-fuel", _of("needle", "5h", "7d"), _on_front, "dark red"),
    Printed("needle-tach", _of("needle", "tach"), _on_front, "dark red"),
    Printed("cap-fuel", _of("cap", "5h", "7d"), _on_front, "black"),
    Printed("cap-tach", _of("cap", "tach"), _on_front, "black"),
)


FINE = 0.002
"""mm: edges shorter than that are left out of the files."""


def on_bed(printed: Printed) -> Manifold:
    """One piece as it is printed: its lower left corner at (0, 0), its lowest point on z = 0."""
    solid = printed.lie(pieces()[printed.pieces[0]])
    x, y, z, *_ = solid.bounding_box()
    return solid.translate((-x, -y, -z)).simplify(FINE)


@dataclass(frozen=True, slots=True)
class Step:
    """Pieces that move in together, from a side, to where others are already. `bench`: on which of several benches."""

    bench: str
    moved: tuple[str, ...]
    comes_from: tuple[int, int, int] | None
    """`None`: laid there, the first of its bench."""


DIAL_UNIT = ("plate", *_of("face", *d.DIALS), *_of("motor", *d.DIALS), *_of("bridge", *d.DIALS), "face screws")
LIGHT_UNIT = ("light box", *_of("led", *d.LAMP), "sensor")
COVER_UNIT = ("cover", "board", "esp32", "board screws")
BEZEL_UNITS = {name: _of("bezel", name) + _of("lens", name) for name in d.DIALS}

ORDER = (
    Step("dials", ("plate",), None),
    Step("dials", _of("motor", *d.DIALS), BACK),
    Step("dials", _of("bridge", *d.DIALS), BACK),
    Step("dials", _of("face", *d.DIALS), FRONT),
    Step("dials", ("face screws",), FRONT),
    Step("lamps", ("light box",), None),
    Step("lamps", _of("led", *d.LAMP), BACK),
    Step("lamps", ("sensor",), BACK),
    Step("back", ("cover",), None),
    Step("back", ("board",), FRONT),
    Step("back", ("board screws",), FRONT),
    Step("back", ("esp32",), FRONT),
    *(step for name in d.DIALS for step in (
        Step(f"bezel {name}", _of("bezel", name), None), Step(f"bezel {name}", _of("lens", name), BACK),
    )),
    Step("cluster", ("shell",), None),
    Step("cluster", ("acrylic",), BACK),
    Step("cluster", ("film",), BACK),
    Step("cluster", LIGHT_UNIT, BACK),
    Step("cluster", ("light screws",), BACK),
    Step("cluster", DIAL_UNIT, BACK),
    Step("cluster", ("plate screws",), BACK),
    Step("cluster", ("button",), ABOVE),
    Step("cluster", COVER_UNIT, BACK),
    Step("cluster", ("cover screws",), BACK),
    Step("cluster", _of("needle", *d.DIALS), FRONT),
    Step("cluster", _of("cap", *d.DIALS), FRONT),
    *(Step("cluster", BEZEL_UNITS[name], FRONT) for name in d.DIALS),
    Step("cluster", ("foot",), BELOW),
    Step("cluster", ("foot screws",), BELOW),
)  # fmt: skip


@cache
def pieces() -> dict[str, Manifold]:
    """Name -> the solid at its place."""
    made = {
        "shell": shell.shell(), "cover": shell.cover(), "foot": behind.foot(), "plate": behind.plate(),
        "light box": behind.light_box(), "acrylic": bought.acrylic(), "film": bought.film(), "sensor": bought.sensor(),
        "board": bought.board(), "esp32": bought.whole_esp32(), "button": bought.button(),
    }  # fmt: skip
    kinds = {
        "bezel": front.bezel, "lens": front.lens, "needle": front.needle, "cap": front.cap,
        "face": bought.face, "motor": bought.x27, "bridge": behind.bridge,
    }  # fmt: skip
    made |= {f"{kind} {name}": make(name) for kind, make in kinds.items() for name in d.DIALS}
    made |= {f"led {name}": bought.led(name) for name in d.LAMP}
    return made | bought.screws()
