"""Every length of the enclosure, in mm, from the same numbers as the printed faces and the drilling template.

The frame of all solids: x to the right, y upwards, z towards the viewer; the fascia's lower left corner is the origin
and its front is z = 0, so what is behind it has a negative z.
"""

import sys
from pathlib import Path

from gauge_mqtt.contract.fascia import BEZEL, CENTRE, CORNER, FASCIA, RADIUS, WINDOW, lamp_windows
from gauge_mqtt.contract.topics import DIALS

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
import motor
from faces import FACE_SCREW, FACE_SCREW_REACH
from motor import SHAFT_HOLE

__all__ = ["CORNER", "DIALS", "FACE_SCREW_REACH", "RADIUS", "SHAFT_HOLE", "WINDOW"]

WIDTH, HEIGHT = FASCIA
DEPTH = 50.0
TILT_DEG = 15.0
WALL = 2.4
"""Of the shell: six lines of a 0.4 mm nozzle."""
COVER = 3.0
"""Thick enough for countersunk heads."""
LEAST_WALL = 1.2
PLAY = 0.3
"""Between two parts that slide past each other, as printers print."""
BED = 220.0
OVERHANG_DEG = 50.0
"""From the vertical: what any printer makes without support."""

DIAL = {name: (x, HEIGHT - y) for name, (x, y) in CENTRE.items()}
"""Dial -> its shaft."""
LAMP = {name: (x, HEIGHT - y - WINDOW[1]) for name, (x, y) in lamp_windows().items()}
"""Lamp -> the lower left corner of its window."""
LAMP_ROW = (min(x for x, _ in LAMP.values()), max(x for x, _ in LAMP.values()) + WINDOW[0])
LAMP_LOW = next(iter(LAMP.values()))[1]
LAMP_HIGH = LAMP_LOW + WINDOW[1]

# Screws: diameter of the hole it passes, of the hole it cuts its thread in, and of its head.
M2, M2_PILOT, M2_HEAD = FACE_SCREW, 1.7, 3.8
M3, M3_PILOT, M3_HEAD = 3.4, 2.6, 6.0
BOSS = 3.7
"""Radius of a boss for an M3."""

# The dials, from the front to the back.
FACE = 0.3
"""Thickness of the printed card."""
PLATE_FRONT = -9.5
PLATE = 3.0
PLATE_BACK = PLATE_FRONT - PLATE
POCKET = 1.5
"""How far a motor sinks into the plate, which centres it."""
FACE_FRONT = PLATE_FRONT + FACE
BEZEL_INSIDE = {name: radius - 0.5 for name, radius in RADIUS.items()}
"""It covers the cut edge of the face and nothing of its scale."""
BEZEL_SLEEVE = 1.3
BEZEL_OUTSIDE = {name: radius + BEZEL_SLEEVE for name, radius in BEZEL_INSIDE.items()}
OPENING = {name: radius + 0.15 for name, radius in BEZEL_OUTSIDE.items()}
"""Of the shell, around a sleeve: a push fit."""
BEZEL_FLANGE = {name: radius + BEZEL for name, radius in RADIUS.items()}
BEZEL_PROUD = 2.8
LENS, LENS_BACK = 1.0, -0.2
"""An optional clear disc: its thickness, and where it ends."""
LENS_RADIUS = {name: radius - 0.15 for name, radius in BEZEL_INSIDE.items()}

# The motor, behind the plate. Nobody here has measured one: measure yours.
BODY_RADIUS = motor.BODY_DIAMETER / 2
MOTOR_FRONT = PLATE_BACK + POCKET
MOTOR_BACK = MOTOR_FRONT - motor.BODY_HEIGHT
SHAFT_RADIUS = motor.SHAFT_DIAMETER / 2
BRIDGE = 2.6
"""Thickness of the bar that holds a motor."""
BRIDGE_REACH = (0.3, 8.0)
"""From the shaft, y upwards: over the body's middle part, clear of the contacts."""
MOTOR = {name: (x, y - motor.SHAFT_OFFSET) for name, (x, y) in DIAL.items()}
"""Dial -> the middle of its motor's body, which hangs below the shaft."""
LUGS = [(side * motor.LUG_REACH, 0.0, motor.LUG_RADIUS) for side in (-1, 1)]
PEGS = [(x, -y, diameter / 2) for x, y, diameter in motor.PEGS]
"""From the middle of the body, y upwards: x, y, radius."""
CONTACTS = [(x, -y) for x, y in motor.CONTACTS.values()]

# The needle, from the face upwards.
NEEDLE_REACH = {"5h": 19.0, "tach": 27.0, "7d": 19.0}
NEEDLE_TAIL = {"5h": 5.0, "tach": 7.0, "7d": 5.0}
HUB_RADIUS = {"5h": 2.7, "tach": 3.4, "7d": 2.7}
BLADE = 1.2
HUB = (FACE_FRONT + 1.0, FACE_FRONT + 4.4)
BLADE_LOW = HUB[1] - BLADE
"""Over the heads of the face's screws; flush with the hub's front, which lies on the bed."""
CAP, CAP_ROOF = 4.0, 1.2
"""It hides the end of the shaft."""
BORE = motor.SHAFT_DIAMETER
"""Diameter of the needle's hole, the shaft's own. Printed holes come out narrower: drill it to 1 mm."""

# The lamps, from the front to the back.
LIP = 1.6
"""What is left of the front before the acrylic."""
ACRYLIC = (LAMP_ROW[0] - 1.5, LAMP_LOW - 2.25, LAMP_ROW[1] + 1.5, LAMP_HIGH + 2.25)
"""Left, lower, right and upper edge of the smoked strip."""
FILM_BOX = (ACRYLIC[0] + 1, ACRYLIC[1] + 1, ACRYLIC[2] - 1, ACRYLIC[3] - 1)
"""The same edges of the film behind it."""
ACRYLIC_THICK = 3.0
SLOT_INSET = 1.0
FILM = 0.3
"""The film with the captions and a strip of tracing paper, pressed."""
LIGHT_FRONT = -LIP - ACRYLIC_THICK - FILM
LIGHT_CELL, LIGHT_FLOOR, LIGHT_WALL = 10.0, 2.0, 1.7
LIGHT_BACK = LIGHT_FRONT - LIGHT_CELL - LIGHT_FLOOR
LED_HOLE = 1.6
"""Radius: an LED of 3 mm, from behind."""
SENSOR_HOLE = 2.6
"""Radius: a light sensor of 5 mm, in the gap between the two groups, behind the same acrylic."""
LIGHT_SCREWS = ((5.1, 13.2), (WIDTH - 5.1, 13.2))
LIGHT_EAR = (2.7, 9.0, 9.0, 15.7)
"""The left one: left, low, right, high."""

# Behind the motors.
COVER_FRONT = -DEPTH + COVER
CORNER_BOSS = 3.0
"""Its radius: past it goes the light box."""
CORNER_BOSSES = [(x, y) for x in (5.2, WIDTH - 5.2) for y in (5.2, HEIGHT - 5.2)]
CORNER_BOSS_TOP = -26.0
PLATE_BOSSES = [(x, y) for y, *xs in ((84.0, 20.0, 160.0), (24.0, 16.0, 164.0), (23.0, 57.0, 123.0)) for x in xs]
BOARD = (70.0, 50.0)
"""A prototype board of 5 x 7 cm carries the ESP32 and all of the electronics."""
BOARD_THICK, BOARD_POST = 1.6, 5.0
BOARD_MIDDLE = (WIDTH - WALL - 0.8 - BOARD[0] / 2, 53.2)
_BOARD_HOLES = (66.0, 46.0)
BOARD_SCREWS = [
    (BOARD_MIDDLE[0] + side * _BOARD_HOLES[0] / 2, BOARD_MIDDLE[1] + end * _BOARD_HOLES[1] / 2)
    for side in (-1, 1)
    for end in (-1, 1)
]
"""In the board's corners, and the cover's posts under them."""
DEVKIT = (54.4, 28.0)
SOCKET = 8.5
DEVKIT_LOW = BOARD_MIDDLE[1] - BOARD[1] / 2 + 5.0
"""Its lower edge: clear of the board's screws."""
USB = (DEVKIT_LOW + DEVKIT[1] / 2, COVER_FRONT + BOARD_POST + 2 * BOARD_THICK + SOCKET + 1.3)
"""y and z of the middle of its socket, which faces the right wall."""
USB_OPENING = (13.4, 9.4)
"""Along y and z: for the body of a plug, of Micro-B 10.6 x 8.5 mm at most, of USB-C 12.35 x 6.5."""
BUTTON = (150.0, -25.0)
"""x and z of the push button in the top wall."""
BUTTON_HOLE = 3.6
"""Radius: a button with a thread of 7 mm."""

# The foot. Its own frame: x as before, y backwards from under the front edge, z upwards from the desk.
FOOT_WIDTH, FOOT_START, FOOT_END = 132.0, 7.0, 76.0
FOOT_LEAST = 4.0
"""Under the shell's rear edge."""
FOOT_BOSS = 1.5
"""How high its bosses stand on the shell's bottom: the light box passes over them."""
FOOT_SCREWS = [(x, -33.0) for x in (45.0, 135.0)]
"""x and z of the bosses in the shell's bottom."""
