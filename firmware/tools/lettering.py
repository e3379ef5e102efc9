"""Lettering of single strokes, as on an engraved panel: the same on every screen, printer and plotter, without a font.

A glyph stands on y = 0 and its capitals are 6 high, y grows upwards; small letters are 4.2 high. Its program is
commands with numbers: `M x y` move, `L x y` line, `V x y` quarter ellipse that leaves vertically, `H x y` one that
leaves horizontally, `C` cubic curve with two control points.
"""

from drawing import Segment

CAP = 6.0
GAP = 1.75
SPACE = 2.8
KAPPA = 0.5523
"""Control points at this share of the half axes make a cubic curve a quarter ellipse, within 0.03 %."""

_BOWL = "M3.4 2.1 V1.7 4.2 H0 2.1 V1.7 0 H3.4 2.1"
_GLYPHS = {
    "0": "M1.9 6 H0 4 L0 2 V1.9 0 H3.8 2 L3.8 4 V1.9 6",
    "1": "M0 4.6 L1.6 6 L1.6 0",
    "2": "M.1 4.3 V1.95 6 H3.7 4.35 C3.7 3.2 2.6 2.5 0 0 L3.8 0",
    "3": "M.2 4.7 V1.8 6 H3.5 4.6 V1.8 3.2 L1.3 3.2 M1.8 3.2 H3.8 1.6 V1.8 0 H0 1.4",
    "4": "M2.9 0 L2.9 6 L0 1.6 L4 1.6",
    "5": "M3.4 6 L.5 6 L.3 3.2 C.8 3.6 1.3 3.8 1.9 3.8 H3.8 1.9 V1.9 0 C1 0 .3 .4 0 1.1",
    "6": "M3.3 5.2 C3 5.7 2.6 6 2 6 H0 3.4 L0 1.9 V1.9 0 H3.8 1.9 V1.9 3.7 H0 1.9",
    "7": "M0 6 L3.7 6 L1.2 0",
    "8": "M1.9 3.2 H.25 4.6 V1.9 6 H3.55 4.6 V1.9 3.2 H0 1.6 V1.9 0 H3.8 1.6 V1.9 3.2",
    "9": "M.5 .8 C.8 .3 1.2 0 1.8 0 H3.8 2.6 L3.8 4.1 V1.9 6 H0 4.1 V1.9 2.3 H3.8 4.1",
    "A": "M0 0 L2.1 6 L4.2 0 M.7 2 L3.5 2",
    "B": "M0 0 L0 6 L2 6 H3.6 4.6 V2 3.2 L0 3.2 M2 3.2 H3.9 1.6 V2 0 L0 0",
    "C": "M3.9 4.3 V2 6 H0 4 L0 2 V2 0 H3.9 1.7",
    "D": "M0 0 L0 6 L1.8 6 H4 3.8 L4 2.2 V1.8 0 L0 0",
    "E": "M3.5 6 L0 6 L0 0 L3.5 0 M0 3.1 L3 3.1",
    "F": "M3.5 6 L0 6 L0 0 M0 3 L3 3",
    "G": "M3.9 4.4 V2 6 H0 4 L0 2 V2 0 H4 2 L4 2.8 L2.3 2.8",
    "H": "M0 0 L0 6 M4 0 L4 6 M0 3.1 L4 3.1",
    "I": "M0 0 L0 6",
    "J": "M3 6 L3 1.6 V1.5 0 H0 1.4",
    "K": "M0 0 L0 6 M3.9 6 L0 2.2 M1.4 3.56 L4 0",
    "L": "M0 6 L0 0 L3.4 0",
    "M": "M0 0 L0 6 L2.4 1.8 L4.8 6 L4.8 0",
    "N": "M0 0 L0 6 L4 0 L4 6",
    "O": "M2.05 6 H0 4 L0 2 V2.05 0 H4.1 2 L4.1 4 V2.05 6",
    "P": "M0 0 L0 6 L2.1 6 H3.9 4.35 V2.1 2.7 L0 2.7",
    "Q": "M2.05 6 H0 4 L0 2 V2.05 0 H4.1 2 L4.1 4 V2.05 6 M2.6 1.5 L4.2 -.4",
    "R": "M0 0 L0 6 L2.1 6 H3.9 4.35 V2.1 2.7 L0 2.7 M2.1 2.7 L4 0",
    "S": "M3.8 4.7 V2 6 H.2 4.6 C.2 3.5 1.1 3.3 2 3.1 C3 2.9 4 2.6 4 1.5 V2 0 H0 1.3",
    "T": "M0 6 L4 6 M2 6 L2 0",
    "U": "M0 6 L0 2 V2 0 H4 2 L4 6",
    "V": "M0 6 L2.1 0 L4.2 6",
    "W": "M0 6 L1.5 0 L3 5 L4.5 0 L6 6",
    "X": "M0 0 L4 6 M0 6 L4 0",
    "Y": "M0 6 L2.1 3 L4.2 6 M2.1 3 L2.1 0",
    "Z": "M0 6 L4 6 L0 0 L4 0",
    "a": f"M3.4 4.2 L3.4 0 {_BOWL}",
    "b": f"M0 6.3 L0 0 {_BOWL}",
    "c": "M3.2 3 V1.7 4.2 H0 2.1 V1.7 0 H3.2 1.2",
    "d": f"M3.4 6.3 L3.4 0 {_BOWL}",
    "e": "M0 2.3 L3.4 2.3 C3.4 3.4 2.7 4.2 1.7 4.2 H0 2.1 V1.7 0 C2.4 0 3 .3 3.3 .9",
    "f": "M2.4 6.3 L2.1 6.3 H.8 5.1 L.8 0 M0 4.2 L2.2 4.2",
    "g": f"M3.4 4.2 L3.4 -.4 V1.8 -2 C1.1 -2 .6 -1.8 .2 -1.3 {_BOWL}",
    "h": "M0 6.3 L0 0 M0 2.5 V1.7 4.2 H3.3 2.5 L3.3 0",
    "i": "M0 0 L0 4.2 M0 5.9 L0 6",
    "j": "M1 4.2 L1 -.8 V0 -2 M1 5.9 L1 6",
    "k": "M0 0 L0 6.3 M3 4.2 L0 1.6 M1.1 2.55 L3.2 0",
    "l": "M0 6.3 L0 0",
    "m": "M0 0 L0 4.2 M0 2.7 V1.4 4.2 H2.6 2.7 L2.6 0 M2.6 2.7 V4 4.2 H5.2 2.7 L5.2 0",
    "n": "M0 0 L0 4.2 M0 2.5 V1.7 4.2 H3.3 2.5 L3.3 0",
    "o": "M1.7 4.2 H0 2.1 V1.7 0 H3.4 2.1 V1.7 4.2",
    "p": f"M0 4.2 L0 -2 {_BOWL}",
    "q": f"M3.4 4.2 L3.4 -2 {_BOWL}",
    "r": "M0 0 L0 4.2 M0 2.4 V1.7 4.2 L2.1 4.2",
    "s": "M2.9 3.3 V1.5 4.2 H.15 3.15 C.15 2.4 .8 2.25 1.5 2.1 C2.2 1.95 3 1.75 3 1.05 V1.5 0 H0 .9",
    "t": "M.8 5.6 L.8 1.2 V1.9 0 L2.2 0 M0 4.2 L2.1 4.2",
    "u": "M0 4.2 L0 1.7 V1.6 0 H3.3 1.7 M3.3 4.2 L3.3 0",
    "v": "M0 4.2 L1.7 0 L3.4 4.2",
    "w": "M0 4.2 L1.25 0 L2.5 3.6 L3.75 0 L5 4.2",
    "x": "M0 0 L3.2 4.2 M0 4.2 L3.2 0",
    "y": "M0 4.2 L1.75 0 M3.5 4.2 L1.3 -1.2 C1.1 -1.7 .7 -2 .1 -2",
    "z": "M0 4.2 L3.1 4.2 L0 0 L3.1 0",
    ".": "M0 0 L0 .1",
    ",": "M.4 .1 L0 -1.1",
    ":": "M0 .4 L0 .5 M0 3.6 L0 3.7",
    "-": "M0 2.8 L2.4 2.8",
    "/": "M0 -.7 L2.6 6.7",
    "%": "M1.1 6 H0 4.8 V1.1 3.6 H2.2 4.8 V1.1 6 M3.9 2.4 H2.8 1.2 V3.9 0 H5 1.2 V3.9 2.4 M4.3 6 L.7 0",
}


def _segments(program: str) -> list[Segment]:
    segments: list[Segment] = []
    x = y = 0.0
    tokens = program.split()
    while tokens:
        command, first = tokens[0][0], tokens.pop(0)[1:]
        numbers = [float(first), *(float(tokens.pop(0)) for _ in range(5 if command == "C" else 1))]
        *controls, to_x, to_y = numbers
        if command == "V":
            controls = [x, y + KAPPA * (to_y - y), to_x - KAPPA * (to_x - x), to_y]
        elif command == "H":
            controls = [x + KAPPA * (to_x - x), y, to_x, to_y - KAPPA * (to_y - y)]
        segments.append(("C" if controls else command, (*controls, to_x, to_y)))
        x, y = to_x, to_y
    return segments


_SEGMENTS = {char: _segments(program) for char, program in _GLYPHS.items()}
_WIDTHS = {char: max(numbers[-2] for _, numbers in segments) for char, segments in _SEGMENTS.items()}


def width(text: str, height: float, spread: float = 0.0) -> float:
    """Millimetres from the first to the last stroke. `height`: of a capital; `spread`: added between two letters."""
    return sum(_advances(text, height, spread)) - GAP * height / CAP - spread


def _advances(text: str, height: float, spread: float) -> list[float]:
    return [(SPACE if char == " " else _WIDTHS[char] + GAP) * height / CAP + spread for char in text]


def strokes(text: str, x: float, y: float, height: float, spread: float = 0.0) -> list[Segment]:
    """The text's strokes from its lower left corner, y downwards as on a page. A `KeyError` names a missing glyph."""
    scale = height / CAP
    segments: list[Segment] = []
    for char, advance in zip(text, _advances(text, height, spread), strict=True):
        for command, numbers in _SEGMENTS.get(char, ()) if char == " " else _SEGMENTS[char]:
            placed = (x + n * scale if i % 2 == 0 else y - n * scale for i, n in enumerate(numbers))
            segments.append((command, tuple(placed)))
        x += advance
    return segments
