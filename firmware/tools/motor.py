"""The motor, in mm, by its maker's drawing: Juken X27.168, SP-X27-e-C, figures 7 and 12, and X27 technical data 1.3.

From the middle of the body, its shaft up and towards the viewer; x to the right, y downwards, as on the printed sheet.
Clones are sold under the same name: measure yours before you drill or print.
"""

BODY_DIAMETER = 30.4
BODY_HEIGHT = 9.6
LUG_REACH, LUG_RADIUS = 13.5, 2.35
"""The eyes for screws, left and right of the body, stick out of it: 31.7 across."""
SHAFT_OFFSET = 6.0
"""Upwards from the middle of the body."""
SHAFT_DIAMETER, SHAFT_LENGTH = 1.0, 8.9
COLLAR_DIAMETER, COLLAR_LENGTH = 2.0, 2.18
"""Of the shaft's thick part, next to the body."""
PEGS = ((0.0, -10.0, 3.9), (-9.0, 9.0, 2.6))
"""x, y, diameter. They are on the back, beside the contacts, and 4.4 long."""
PEG_LENGTH = 4.4
SHAFT_HOLE = 4.0
"""Diameter, in face and plate."""
READINGS = (SHAFT_OFFSET, 10.0)
"""Where the shaft is, upwards from the middle of the body: the maker's drawing, and footprints that take the large peg
for the shaft."""
CONTACTS = {1: (-11.43, -3.81), 2: (-11.43, 3.81), 3: (11.43, 3.81), 4: (11.43, -3.81)}
"""Number -> place. 1 and 2 are one coil, 4 and 3 the other; on the back."""
CONTACT_LENGTH = 3.9

SHAFT_SLOT = (0.0, 0.0, READINGS[1] - READINGS[0], max(SHAFT_HOLE, PEGS[0][2]) / 2)
"""An upright slot that serves both readings: from the shaft, x and y of its lower end, its length, its radius. A hole
for the shaft and one for the peg beside it would leave 0.05 mm between them."""
PEG_SLOT = (PEGS[1][0], PEGS[1][1] + READINGS[1], READINGS[1] - READINGS[0], PEGS[1][2] / 2)
"""The same for the small peg: only for a motor that has its pegs on the front."""
