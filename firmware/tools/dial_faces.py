"""Draw the three dial faces at 1:1 from `gauge_mqtt.contract.dials`, the scale that the firmware turns its needles by.

Writes `firmware/docs/dials/{5h,tach,7d,sheet}.svg` and `sheet.pdf`, whose second page is the drilling template.
"""

import sys
from pathlib import Path

from drawing import Ink, Page, circle, line, pdf, rectangle, slot
from faces import CUT, FACE_SCREW, FACE_SCREW_REACH, FINE, HAIR, METAL, PAINT, SMOKE, Text, cross, face
from gauge_mqtt.contract.dials import FACES, face_deg, motor_deg
from gauge_mqtt.contract.fascia import BEZEL, CENTRE, CORNER, FASCIA, RADIUS, WINDOW, lamp_windows
from gauge_mqtt.contract.usage import NEEDLE_MAX, NEEDLE_UNKNOWN
from motor import BODY_DIAMETER, PEG_SLOT, SHAFT_OFFSET, SHAFT_SLOT
from output import between, main, table

COMMAND = "python firmware/tools/dial_faces.py"
DOCS = Path(__file__).resolve().parents[1] / "docs"

PAPER = (210.0, 148.0)
"""A5 across: fits on A4 and on Letter."""
ORIGIN = (15.0, 13.0)
"""Of the fascia on the paper."""

NOTES = Text(2.0, weight=0.11)


def paper(title: str) -> Page:
    """A page with crop marks around the fascia, and a ruler that tells whether the printer kept the scale."""
    page = Page(*PAPER, title)
    page.draw(rectangle(0, 0, *PAPER), Ink(fill="#ffffff"))
    left, top = ORIGIN
    right, bottom = left + FASCIA[0], top + FASCIA[1]
    for x, outwards in ((left, -1), (right, 1)):
        for y, upwards in ((top, -1), (bottom, 1)):
            page.draw(line((x + outwards * 2, y), (x + outwards * 8, y)), HAIR)
            page.draw(line((x, y + upwards * 2), (x, y + upwards * 8)), HAIR)
    ruler = (left, bottom + 17)
    for mm in range(101):
        length = 4.0 if mm % 10 == 0 else 3.0 if mm % 5 == 0 else 2.0
        x = ruler[0] + mm
        page.draw(line((x, ruler[1]), (x, ruler[1] - length)), Ink(stroke=PAINT, width=0.1), name=f"ruler-{mm}")
        if mm % 10 == 0:
            NOTES.centred(page, str(mm), x, ruler[1] + 2.5)
    page.draw(line(ruler, (ruler[0] + 100, ruler[1])), Ink(stroke=PAINT, width=0.1))
    return page


def notes(page: Page, *lines: str) -> None:
    for index, text in enumerate(lines):
        NOTES.left(page, text, ORIGIN[0] + 110, ORIGIN[1] + FASCIA[1] + 15 + 4 * index)


def sheet() -> Page:
    page = paper("claude-gauge: fascia and dial faces, 1:1")
    left, top = ORIGIN
    page.draw(rectangle(left, top, *FASCIA, CORNER), Ink(fill=METAL, stroke=CUT, width=0.1), name="fascia")
    for dial in FACES.values():
        x, y = CENTRE[dial.name]
        page.draw(circle(left + x, top + y, RADIUS[dial.name] + 0.9), Ink(fill="#f4f3f1", stroke="#a9a7a1", width=0.2))
        face(page, dial, left + x, top + y)
    for lamp, (x, y) in lamp_windows().items():
        page.draw(rectangle(left + x, top + y, *WINDOW, 1.0), Ink(fill=SMOKE), name=f"window-{lamp}")
        caption = Text(2.5, "#e9dfc9", 0.14, 0.35)
        caption.centred(page, lamp.upper(), left + x + WINDOW[0] / 2, top + y + WINDOW[1] / 2)
    notes(
        page, "Print at 100 %, not fitted to the page:", "this ruler is 100 mm long.", "Cut along the grey hairlines."
    )
    return page


Slot = tuple[float, float, float, float]
"""x and y of the middle of its lower end, its length upwards, its radius. A hole is a slot of length 0."""


def drilled() -> list[Slot]:
    """All that is drilled into the fascia, in its own frame."""
    found = []
    for x, y in CENTRE.values():
        screws = ((side * FACE_SCREW_REACH, 0.0, 0.0, FACE_SCREW / 2) for side in (-1, 1))
        found += [(x + dx, y + dy, length, radius) for dx, dy, length, radius in (SHAFT_SLOT, PEG_SLOT, *screws)]
    return found


def template() -> Page:
    """What is behind the faces, seen from the front."""
    page = paper("claude-gauge: drilling template, 1:1")
    left, top = ORIGIN
    page.draw(rectangle(left, top, *FASCIA, CORNER), FINE)
    for name, (x, y) in CENTRE.items():
        shaft_x, shaft_y = left + x, top + y
        page.draw(circle(shaft_x, shaft_y, RADIUS[name]), HAIR)
        page.draw(circle(shaft_x, shaft_y, RADIUS[name] + BEZEL), HAIR)
        page.draw(circle(shaft_x, shaft_y + SHAFT_OFFSET, BODY_DIAMETER / 2), HAIR)
        cross(page, shaft_x, shaft_y, 4)
    for x, y, length, radius in drilled():
        page.draw(slot(left + x, top + y, length, radius), FINE)
    for x, y in lamp_windows().values():
        page.draw(rectangle(left + x, top + y, *WINDOW, 1.0), FINE)
    notes(
        page,
        "Drilling template, seen from the front.",
        "Wide slot: the shaft, at its cross. Narrow slot:",
        "only if your motor has its pegs on the front.",
        "MEASURE A MOTOR FIRST. Cut black lines only.",
    )
    return page


def scale_table() -> str:
    red = next(iter({dial.red_from for dial in FACES.values()}))
    places = {"parked, no data": NEEDLE_UNKNOWN, "0": 0, "red zone": red, "full scale": NEEDLE_MAX}
    rows = (
        (name, str(needle), f"{motor_deg(needle):g}", f"{face_deg(motor_deg(needle)):+g}")
        for name, needle in places.items()
    )
    return table(("Place", "Needle value", "Motor, degrees", "On the face, degrees from the top"), rows)


def files() -> dict[Path, str]:
    note = f"Made by {COMMAND} from gauge_mqtt/contract/dials.py, do not edit."
    made = {}
    for name, dial in FACES.items():
        radius = RADIUS[name]
        page = Page(2 * radius + 2, 2 * radius + 2, f"{dial.title}, {dial.unit}")
        face(page, dial, radius + 1, radius + 1)
        made[DOCS / f"dials/{name}.svg"] = page.svg(note)
    made[DOCS / "dials/sheet.svg"] = sheet().svg(note)
    made[DOCS / "dials/sheet.pdf"] = pdf([sheet(), template()])
    calibration = DOCS / "calibration.md"
    made[calibration] = between(calibration.read_text(encoding="utf-8"), "scale", scale_table())
    return made


if __name__ == "__main__":
    sys.exit(main(files(), __doc__ or "", COMMAND))
