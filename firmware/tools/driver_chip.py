"""The quad driver's pins, by the data sheet of the VID6606 (revision 1, page 3); the others are the same chip.

The VID6608 is another one: two channels, SOP-16.
"""

NAMES = ("VID6606", "X12.017", "BY8920", "AX1201728SG")
PACKAGE = "SOP-28"
OUTPUTS = (1, 2, 3, 4)
CHANNELS = ("A", "B", "C", "D")
_STEP, _DIRECTION = (28, 3, 14, 17), (27, 2, 13, 16)
_OUTPUTS = {"A": (7, 6, 4, 5), "B": (22, 23, 25, 24), "C": (21, 20, 18, 19), "D": (8, 9, 11, 10)}
VDD = (1, 15)
PINS: dict[str, int] = {
    "VSS": 12,
    "RESET": 26,
    **{f"f(scx) {channel}": pin for channel, pin in zip(CHANNELS, _STEP, strict=True)},
    **{f"CW/CCW {channel}": pin for channel, pin in zip(CHANNELS, _DIRECTION, strict=True)},
    **{f"OUT {n}{channel}": pin for channel, pins in _OUTPUTS.items() for n, pin in zip(OUTPUTS, pins, strict=True)},
}
"""Name, as in the data sheet -> pin; the two of VDD are beside it."""
