"""Where dials and lamps stand on the front, in mm. The printed faces and every screen are made from it. Pure."""

from gauge_mqtt.contract.usage import LAMPS, MODEL_LAMPS

FASCIA = (180.0, 90.0)
"""Width and height; (0, 0) is the upper left corner."""
CORNER = 3.0
CENTRE = {"5h": (29.5, 38.0), "tach": (90.0, 38.0), "7d": (150.5, 38.0)}
"""Dial -> where its shaft is."""
RADIUS = {"5h": 23.0, "tach": 31.0, "7d": 23.0}
"""Dial -> the radius of its face."""
BEZEL = 3.0
"""How broad the ring around a face is: two of them fit between two faces."""
WINDOW = (20.0, 7.5)
"""Width and height of a lamp's window."""
WINDOW_TOP, WINDOW_GAP, GROUP_GAP = 76.0, 2.0, 10.0
"""The row of lamps: its upper edge, the gap between two, and the gap between the models and the conditions."""


def lamp_windows() -> dict[str, tuple[float, float]]:
    """Lamp -> the upper left corner of its window: the models, a gap, the conditions."""
    total = len(LAMPS) * WINDOW[0] + (len(LAMPS) - 2) * WINDOW_GAP + GROUP_GAP
    left = (FASCIA[0] - total) / 2
    places = {}
    for lamp in LAMPS:
        places[lamp] = (left, WINDOW_TOP)
        left += WINDOW[0] + (GROUP_GAP if lamp == MODEL_LAMPS[-1] else WINDOW_GAP)
    return places
