"""The 38-pin ESP32-DevKitC V4 as a part of a diagram. Header rows from the side of the antenna, USB at the lower end.

Source: Espressif, ESP32-DevKitC V4 getting started guide, tables J2 and J3.
"""

from schematic import FAINT, INK, Schematic

LEFT = ("3V3", "EN", 36, 39, 34, 35, 32, 33, 25, 26, 27, 14, 12, "GND", 13, 9, 10, 11, "5V")
RIGHT = ("GND", 23, 22, 1, 3, 21, "GND", 19, 18, 5, 17, 16, 4, 0, 2, 15, 8, 7, 6)
TAKEN = {1: "console", 3: "console", **dict.fromkeys((6, 7, 8, 9, 10, 11), "flash"), 0: "BOOT button"}

PITCH = 34
TOP = 120
EDGE = {"left": 720, "right": 880}


def row_y(row: float) -> float:
    return TOP + PITCH * row


def side(gpio: int) -> str:
    return "left" if gpio in LEFT else "right"


def pin_y(pin: int | str, on: str | None = None) -> float:
    column = {"left": LEFT, "right": RIGHT}[on or side(int(pin))]
    return row_y(column.index(pin))


def draw(page: Schematic, used: dict[int, str]) -> None:
    """`used`: GPIO -> colour of what hangs on it."""
    left, right = EDGE["left"], EDGE["right"]
    top, bottom = row_y(0) - 30, row_y(18) + 34
    page.box(left + 14, top, right - left - 28, bottom - top, fill="#3b3b3d", corner=8)
    page.box((left + right) / 2 - 42, top + 14, 84, 92, fill="#59595c", corner=3)
    page.text((left + right) / 2, top + 78, "WROOM", size=10, anchor="middle", colour="#d6d4ce")
    page.box((left + right) / 2 - 18, bottom - 14, 36, 22, fill="#c9c8c4", corner=3)
    page.text((left + right) / 2, bottom + 22, "USB, 5 V", size=12, anchor="middle")
    page.text((left + right) / 2, row_y(10), "ESP32-", size=13, anchor="middle", colour="#ffffff")
    page.text((left + right) / 2, row_y(10) + 17, "DevKitC V4", size=13, anchor="middle", colour="#ffffff")
    for column, edge, anchor, inwards in ((LEFT, left, "start", 1), (RIGHT, right, "end", -1)):
        for row, pin in enumerate(column):
            colour = used.get(pin, FAINT) if isinstance(pin, int) else INK
            free = isinstance(pin, int) and pin not in used
            page.box(edge - 9, row_y(row) - 7, 18, 14, fill="#e8e4d8" if free else colour, corner=2)
            shade = "#9d9b97" if free else "#ffffff"
            page.text(edge + 18 * inwards, row_y(row), str(pin), size=13, anchor=anchor, colour=shade, bold=not free)
