"""Symbols of a wiring diagram, as SVG. Sizes are in pixels of a picture 1380 wide."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]

INK, PAPER, FAINT = "#262220", "#fdfbf6", "#8f8b84"
FAINT_INK, POWER = "#5f5a54", "#b91c1c"
FONT = "Helvetica, Arial, sans-serif"


@dataclass(slots=True)
class Schematic:
    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def svg(self, note: str) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family={quoteattr(FONT)}>\n'
            f"<!-- {note} -->\n<title>{escape(self.title)}</title>\n"
            f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n'
        )
        return head + "".join(f"{part}\n" for part in self.parts) + "</svg>\n"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        anchor: str = "start",
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """With the middle of its capitals at `y`."""
        weight = ' font-weight="bold"' if bold else ""
        at = f'x="{x:g}" y="{y + size * 0.36:g}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"'
        self.parts.append(f"<text {at}{weight}>{escape(text)}</text>")

    def wire(self, *points: Point, colour: str = INK, width: float = 2, name: str | None = None) -> None:
        tag = f" id={quoteattr(name)}" if name else ""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(
            f'<polyline{tag} points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
            'stroke-linejoin="round"/>'
        )

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str, corner: float = 4, edge: str = INK
    ) -> None:
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{corner:g}" fill="{fill}" '
            f'stroke="{edge}" stroke-width="1.5"/>'
        )

    def disc(self, x: float, y: float, radius: float, *, fill: str, dashed: bool = False) -> None:
        dash = ' stroke-dasharray="3 2"' if dashed else ""
        self.parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{INK}" stroke-width="1.5"{dash}/>'
        )

    def dot(self, x: float, y: float, *, colour: str = INK, radius: float = 3.2) -> None:
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{colour}"/>')

    def terminal(self, x: float, y: float, name: str, colour: str) -> None:
        """A contact's number on its wire."""
        self.box(x - 11, y - 9, 22, 18, fill=colour, corner=2)
        self.text(x, y, name, anchor="middle", colour="#ffffff", bold=True)

    def ground(self, x: float, y: float, *, small: bool = False) -> None:
        """Its upper bar at `y`; 10 high, a small one 6."""
        for index, half in enumerate((7, 4, 1.5) if small else (10, 6, 2)):
            bar = y + (3 if small else 5) * index
            self.wire((x - half, bar), (x + half, bar), width=1.5 if small else 2)

    def pull_down(self, x: float, y: float, value: str) -> None:
        """From a dot on a wire to ground, 26 high: it fits between two pins of the board."""
        self.dot(x, y)
        self.wire((x, y), (x, y + 19))
        self.box(x - 4.5, y + 5, 9, 11, fill=PAPER, corner=1)
        self.ground(x, y + 19, small=True)
        self.text(x + 9, y + 11, value, size=10)

    def clamp(self, x: float, y: float, rail: str, colour: str) -> None:
        """Two Schottky diodes on a wire, from ground to it and from it to the rail; 80 wide, above the wire."""
        branch = y - 12
        self.dot(x, y, colour=colour, radius=2.6)
        self.wire((x, y), (x, branch), width=1.5)
        self.wire((x - 32, branch), (x + 32, branch), width=1.5)
        for middle in (x - 17, x + 17):
            self.schottky(middle, branch)
        for index, half in enumerate((6, 3.5, 1.5)):
            bar = x - 32 - 3 * index
            self.wire((bar, branch - half), (bar, branch + half), width=1.5)
        self.text(x + 35, branch, rail, size=9, colour=POWER)

    def schottky(self, x: float, y: float, *, upwards: bool = False) -> None:
        """Its middle at (x, y), 12 long; lets current pass to the right, or upwards."""
        shapes = f"M{-6:g} -5 L6 0 L-6 5 Z", "M3 -4 L3 -6 L6 -6 L6 6 L9 6 L9 4"
        turned = f"translate({x:g} {y:g}) rotate({-90 if upwards else 0})"
        self.parts.append(
            f'<g transform="{turned}" stroke="{INK}" stroke-width="1.5"><path d="{shapes[0]}" fill="{INK}"/>'
            f'<path d="{shapes[1]}" fill="none"/></g>'
        )

    def arrow(self, start: Point, end: Point) -> None:
        """Of light: a thin line with its point at `end`, downwards to the right."""
        self.wire(start, end, width=1.2)
        self.parts.append(f'<path d="M{end[0]:g} {end[1]:g} l-5.5 -2.2 l3.4 -2.7 Z" fill="{INK}"/>')

    def not_connected(self, x: float, y: float) -> None:
        self.wire((x - 4, y - 4), (x + 4, y + 4), width=1.5)
        self.wire((x - 4, y + 4), (x + 4, y - 4), width=1.5)

    def pin(self, x: float, y: float, number: int, name: str, *, side: str) -> None:
        """Of a chip whose edge is at `x`: its name inside, its number on its wire."""
        outwards = -1 if side == "left" else 1
        inner, outer = ("start", "end") if side == "left" else ("end", "start")
        self.text(x - 7 * outwards, y, name, size=12, anchor=inner)
        self.text(x + 5 * outwards, y - 8, str(number), size=10, anchor=outer, colour=FAINT_INK)

    def resistor(self, x: float, y: float, value: str, *, upright: bool = False, value_right: bool = False) -> None:
        """Its middle at (x, y), 44 long. An upright one has its value on its left, or right."""
        width, height = (14, 44) if upright else (44, 14)
        self.box(x - width / 2, y - height / 2, width, height, fill=PAPER, corner=1)
        if upright and value_right:
            self.text(x + 13, y, value, size=12)
        elif upright:
            self.text(x - 13, y, value, size=12, anchor="end")
        else:
            self.text(x, y, value, size=11, anchor="middle")

    def led(self, x: float, y: float, colour: str, *, towards: int) -> None:
        """Its middle at (x, y), 22 long; `towards`: 1 lets current pass to the right, -1 to the left."""
        back, tip = x - 11 * towards, x + 11 * towards
        self.parts.append(
            f'<path d="M{back:g} {y - 10:g} L{tip:g} {y:g} L{back:g} {y + 10:g} Z" fill="{colour}" stroke="{INK}" '
            'stroke-width="1.5"/>'
        )
        self.wire((tip, y - 10), (tip, y + 10))

    def capacitor(self, x: float, top: float, value: str, *, polar: bool = False) -> None:
        """Upright, 12 high, its upper plate at `top`, wires of 12 on both ends."""
        self.wire((x, top - 12), (x, top))
        self.wire((x - 11, top), (x + 11, top), width=3)
        self.wire((x - 11, top + 8), (x + 11, top + 8), width=3)
        self.wire((x, top + 8), (x, top + 20))
        if polar:
            self.text(x - 15, top - 7, "+", size=13, anchor="middle")
        self.text(x + 16, top + 4, value, size=12)

    def push_button(self, x: float, top: float) -> None:
        """Upright and open, 30 high."""
        self.wire((x, top), (x, top + 6))
        self.wire((x, top + 24), (x, top + 30))
        self.dot(x, top + 6)
        self.dot(x, top + 24)
        self.wire((x + 10, top + 5), (x + 10, top + 25))
        self.wire((x + 10, top + 15), (x + 18, top + 15))

    def motor(self, x: float, y: float, title: str, about: str, colour: str) -> None:
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="58" fill="#ffffff" stroke="{colour}" stroke-width="2.5"/>')
        self.wire((x, y + 12), (x - 34, y - 22), colour=colour, width=3)
        self.dot(x, y + 12, colour=colour, radius=6)
        self.text(x, y - 38, title, size=14, anchor="middle", bold=True)
        self.text(x, y + 32, about, size=11, anchor="middle")
