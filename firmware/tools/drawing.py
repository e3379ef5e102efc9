"""A page in millimetres, written as SVG and as PDF from the same shapes: what is seen is what is printed.

Every shape is a path, since lettering is strokes too; so both writers are a few lines and need no library.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

Segment = tuple[str, tuple[float, ...]]
"""`M x y`, `L x y`, `C x1 y1 x2 y2 x y` or `Z`; y grows downwards."""
POINTS_PER_MM = 72 / 25.4


def _short(number: float) -> str:
    """A thousandth of a millimetre is fine enough, and the same on every machine."""
    return f"{round(number, 3) + 0:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """How a path is painted: colours as `#rrggbb`, the stroke's width in mm."""

    stroke: str | None = None
    width: float = 0.0
    fill: str | None = None
    round: bool = False
    """Ends and corners of strokes, as a pen makes them."""


@dataclass(frozen=True, slots=True)
class Path:
    segments: tuple[Segment, ...]
    ink: Ink
    name: str | None = None
    """Its id in the SVG."""
    label: str | None = None
    """What its strokes spell, for readers that cannot see."""


@dataclass(slots=True)
class Page:
    """Width and height in mm, and what is drawn on it, from the back to the front."""

    width: float
    height: float
    title: str
    paths: list[Path] = field(default_factory=list)

    def draw(self, segments: Iterable[Segment], ink: Ink, *, name: str | None = None, label: str | None = None) -> None:
        self.paths.append(Path(tuple(segments), ink, name, label))

    def svg(self, note: str) -> str:
        size = f'width="{_short(self.width)}mm" height="{_short(self.height)}mm"'
        box = f'viewBox="0 0 {_short(self.width)} {_short(self.height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>\n<!-- {note} -->\n<title>{self.title}</title>\n'
        return head + "".join(f"{_svg_path(path)}\n" for path in self.paths) + "</svg>\n"


def _svg_path(path: Path) -> str:
    ink = path.ink
    d = " ".join(command + " ".join(map(_short, numbers)) for command, numbers in path.segments)
    attributes = {"id": path.name, "aria-label": path.label, "d": d, "fill": ink.fill or "none"}
    if ink.stroke:
        attributes |= {"stroke": ink.stroke, "stroke-width": _short(ink.width)}
    if ink.round:
        attributes |= {"stroke-linecap": "round", "stroke-linejoin": "round"}
    return "<path " + " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items() if value) + "/>"


def pdf(pages: Sequence[Page]) -> str:
    """PDF 1.4, all ASCII and uncompressed: it can be compared line by line, and is made the same everywhere."""
    kids = [3 + 2 * index for index in range(len(pages))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>",
    ]
    for kid, page in zip(kids, pages, strict=True):
        box = f"0 0 {_short(page.width * POINTS_PER_MM)} {_short(page.height * POINTS_PER_MM)}"
        scale = f"{POINTS_PER_MM:.6f}"
        stream = "\n".join(
            [f"{scale} 0 0 -{scale} 0 {_short(page.height * POINTS_PER_MM)} cm", *map(_pdf_path, page.paths)]
        )
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Resources << >> /Contents {kid + 1} 0 R >>")
        objects.append(f"<< /Length {len(stream) + 1} >>\nstream\n{stream}\nendstream")
    text, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    trailer = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return f"{text}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}"


def _pdf_path(path: Path) -> str:
    ink = path.ink
    operators = {"M": "m", "L": "l", "C": "c", "Z": "h"}
    parts = []
    if ink.fill:
        parts.append(f"{_rgb(ink.fill)} rg")
    if ink.stroke:
        parts.append(f"{_rgb(ink.stroke)} RG {_short(ink.width)} w {int(ink.round)} J {int(ink.round)} j")
    parts += (" ".join([*map(_short, numbers), operators[command]]) for command, numbers in path.segments)
    parts.append({(True, True): "B", (True, False): "f", (False, True): "S"}[bool(ink.fill), bool(ink.stroke)])
    return "\n".join(parts)


def _rgb(colour: str) -> str:
    return " ".join(_short(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))


def line(*points: tuple[float, float]) -> list[Segment]:
    return [("L" if index else "M", point) for index, point in enumerate(points)]


def rectangle(x: float, y: float, width: float, height: float, corner: float = 0.0) -> list[Segment]:
    right, bottom = x + width, y + height
    if not corner:
        return [*line((x, y), (right, y), (right, bottom), (x, bottom)), ("Z", ())]
    segments: list[Segment] = []
    left, top, right, bottom = x + corner, y + corner, right - corner, bottom - corner
    for index, centre in enumerate(((right, top), (right, bottom), (left, bottom), (left, top))):
        part = arc(*centre, corner, 90 * index, 90 * index + 90)
        segments += part if not segments else [("L", part[0][1]), *part[1:]]
    return [*segments, ("Z", ())]


def polar(x: float, y: float, radius: float, degrees: float) -> tuple[float, float]:
    """A point around (x, y); degrees clockwise from the top, as on a dial."""
    angle = math.radians(degrees)
    return x + radius * math.sin(angle), y - radius * math.cos(angle)


def arc(x: float, y: float, radius: float, start: float, end: float) -> list[Segment]:
    """From `start` to `end`, degrees clockwise from the top; curves of at most 45 degrees."""
    count = math.ceil(abs(end - start) / 45)
    step = (end - start) / count
    reach = radius * 4 / 3 * math.tan(math.radians(step) / 4)
    segments: list[Segment] = [("M", polar(x, y, radius, start))]
    for index in range(count):
        here, there = start + index * step, start + (index + 1) * step
        out_x, out_y = polar(*polar(x, y, radius, here), reach, here + 90)
        in_x, in_y = polar(*polar(x, y, radius, there), -reach, there + 90)
        segments.append(("C", (out_x, out_y, in_x, in_y, *polar(x, y, radius, there))))
    return segments


def slot(x: float, y: float, length: float, radius: float) -> list[Segment]:
    """An upright slot: from (x, y), the middle of its lower end, `length` upwards to that of its upper end."""
    lower, upper = arc(x, y, radius, 90, 270), arc(x, y - length, radius, 270, 450)
    return [*lower, ("L", upper[0][1]), *upper[1:], ("Z", ())]


def circle(x: float, y: float, radius: float) -> list[Segment]:
    return [*arc(x, y, radius, 0, 360), ("Z", ())]
