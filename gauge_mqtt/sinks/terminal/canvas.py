"""A grid of character cells that lines, arcs and words are drawn on. Pure.

A cell is two dots wide and four dots high, as the Braille patterns of Unicode have it, which makes dots nearly square.
Coordinates are dots, from the upper left corner; angles are degrees clockwise from the top.
"""

from collections.abc import Iterable
from math import cos, radians, sin
from typing import Literal

Colour = Literal[
    "paint", "quiet", "red", "needle", "opus", "sonnet", "haiku", "hot", "warn", "stall", "idle", "mark", "smoke"
]
DOTS_X, DOTS_Y = 2, 4
BRAILLE = 0x2800
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Row and column of a dot in its cell -> its bit in the Braille pattern."""
SGR: dict[Colour, tuple[str, str]] = {
    "paint": ("38;2;214;205;187", ""), "quiet": ("38;2;128;120;110", "2"), "red": ("38;2;200;60;92", "1"),
    "smoke": ("48;2;39;36;34;38;2;96;89;82", "2"), "needle": ("38;2;240;96;120", "1"), "mark": ("38;2;240;96;120", "1"),
    "opus": ("48;2;217;89;43;38;2;30;14;6", "7"), "sonnet": ("48;2;220;154;34;38;2;30;18;2", "7"),
    "haiku": ("48;2;79;174;75;38;2;6;26;6", "7"), "hot": ("48;2;200;22;16;38;2;255;240;235", "7"),
    "warn": ("48;2;224;147;0;38;2;30;18;2", "7"), "stall": ("48;2;216;186;16;38;2;30;26;2", "7"),
    "idle": ("48;2;74;171;116;38;2;4;26;14", "7"),
}  # fmt: skip
"""Colour -> how a terminal is told: in 24-bit colour, and without colour (bold, dim, reverse)."""
PANEL = "48;2;27;26;25"
"""What all is drawn on, so that it can be read in a light terminal as in a dark one."""
ORDER: tuple[Colour, ...] = ("quiet", "paint", "red", "needle")
"""Where two things share a cell, the later colour is the cell's."""


class Canvas:
    """`columns` x `rows` cells, empty at first."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._bits = [[0] * columns for _ in range(rows)]
        self._text: list[list[str | None]] = [[None] * columns for _ in range(rows)]
        self._colour: list[list[Colour | None]] = [[None] * columns for _ in range(rows)]

    def dot(self, x: float, y: float, colour: Colour) -> None:
        column, row = int(x // DOTS_X), int(y // DOTS_Y)
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return
        self._bits[row][column] |= BITS[int(y) % DOTS_Y][int(x) % DOTS_X]
        before = self._colour[row][column]
        if before not in ORDER or ORDER.index(colour) >= ORDER.index(before):
            self._colour[row][column] = colour

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: Colour) -> None:
        steps = max(1, round(2 * max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
        for step in range(steps + 1):
            part = step / steps
            self.dot(start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]), colour)

    def arc(self, centre: tuple[float, float], radius: float, angles: tuple[float, float], colour: Colour) -> None:
        steps = max(2, round(abs(angles[1] - angles[0]) * radius / 40))
        for step in range(steps + 1):
            self.dot(*polar(centre, radius, angles[0] + step / steps * (angles[1] - angles[0])), colour)

    def text(self, column: int, row: int, words: str, colour: Colour) -> None:
        """From `column` on. It hides what is drawn below it."""
        if not 0 <= row < self.rows:
            return
        for place, character in enumerate(words, column):
            if 0 <= place < self.columns:
                self._text[row][place], self._colour[row][place] = character, colour

    def centred(self, x: float, y: float, words: str, colour: Colour) -> None:
        """With the middle of `words` on the dot (x, y)."""
        self.text(round(x / DOTS_X - len(words) / 2), int(y // DOTS_Y), words, colour)

    def lines(self, *, coloured: bool) -> Iterable[str]:
        """Each row with its escape sequences, no longer than `columns` cells. In colour all of them are painted."""
        ground = f"\x1b[0;{PANEL}m" if coloured else "\x1b[0m"
        for bits, texts, colours in zip(self._bits, self._text, self._colour, strict=True):
            line, now = ground if coloured else "", ""
            for dots, text, colour in zip(bits, texts, colours, strict=True):
                wanted = SGR[colour][0 if coloured else 1] if colour else ""
                if wanted != now:
                    line += ground + (f"\x1b[{wanted}m" if wanted else "")
                    now = wanted
                line += text if text is not None else chr(BRAILLE + dots) if dots else " "
            yield line + "\x1b[0m" if coloured or now else line.rstrip(" ")


def polar(centre: tuple[float, float], radius: float, degrees: float) -> tuple[float, float]:
    return centre[0] + radius * sin(radians(degrees)), centre[1] - radius * cos(radians(degrees))
