"""The documents of the hardware say what the firmware does, and the printed faces are its scale."""

import importlib.util
import math
import re
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType

import pytest

import dial_faces
import dimensions
import drawing
import motor
from gauge_mqtt.contract.dials import FACES, PARK_DEG, SWEEP_DEG, face_deg, motor_deg
from gauge_mqtt.contract.fascia import CENTRE, FASCIA, WINDOW, lamp_windows
from gauge_mqtt.contract.usage import LAMPS, NEEDLE_MAX, NEEDLE_UNKNOWN

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
DOCS = FIRMWARE / "docs"
TOOLS = ["dial_faces.py", "wiring.py", "portal_page.py"]
PAGES = sorted([FIRMWARE / "README.md", *DOCS.glob("*.md")])
Point = tuple[float, float]


def paths(drawing: str) -> dict[str, str]:
    """Id of a shape -> its path."""
    return dict(re.findall(r'<path id="([^"]+)".*? d="([^"]+)"', (DOCS / drawing).read_text()))


def points(path: str) -> list[Point]:
    """Where each of its segments ends."""
    segments = re.findall(r"([MLC])([^MLCZ]*)", path)
    numbers = [[float(number) for number in rest.split()] for _, rest in segments]
    return [(row[-2], row[-1]) for row in numbers]


def middle(path: str) -> Point:
    """Of a circle: the mean of the points between its arcs, which lie evenly around it."""
    corners = points(path)[1:]
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def degrees(centre: Point, point: Point) -> float:
    """Clockwise from the top."""
    return math.degrees(math.atan2(point[0] - centre[0], centre[1] - point[1]))


def pins_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pins", FIRMWARE / "tools/pins.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["pins"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("tool", TOOLS)
def test_every_drawing_and_table_is_current(tool: str) -> None:
    command = [sys.executable, str(FIRMWARE / "tools" / tool), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("drawing", ["alone", "sheet"])
@pytest.mark.parametrize("name", FACES)
def test_a_printed_tick_is_where_the_needle_points(name: str, drawing: str) -> None:
    dial = FACES[name]
    shapes = paths(f"dials/{name if drawing == 'alone' else 'sheet'}.svg")
    centre = middle(shapes[f"{name}-shaft"])
    assert middle(shapes[f"{name}-disc"]) == pytest.approx(centre, abs=0.01)
    ticks = {int(key.rsplit("-", 1)[1]): value for key, value in shapes.items() if key.startswith(f"{name}-tick-")}
    minor = {int(key.rsplit("-", 1)[1]): value for key, value in shapes.items() if key.startswith(f"{name}-minor-")}
    assert ticks.keys() == dial.marks.keys()
    assert len(minor) >= 15
    for needle, path in (ticks | minor).items():
        for end in points(path):
            assert degrees(centre, end) == pytest.approx(face_deg(motor_deg(needle)), abs=0.02), needle
    red = points(shapes[f"{name}-red"])
    assert degrees(centre, red[0]) == pytest.approx(face_deg(motor_deg(dial.red_from)), abs=0.02)
    assert degrees(centre, red[-1]) == pytest.approx(face_deg(motor_deg(NEEDLE_MAX)), abs=0.02)
    park = middle(shapes[f"{name}-park"])
    assert degrees(centre, park) == pytest.approx(face_deg(PARK_DEG), abs=0.05)
    assert motor_deg(NEEDLE_UNKNOWN) == PARK_DEG


@pytest.mark.parametrize("name", FACES)
def test_a_face_spells_its_marks_title_and_unit(name: str) -> None:
    dial = FACES[name]
    spelled = re.findall(r'aria-label="([^"]*)"', (DOCS / f"dials/{name}.svg").read_text())
    assert spelled == [*dial.marks.values(), dial.title, dial.unit]


@pytest.mark.parametrize("name", FACES)
def test_no_screws_head_covers_a_number_or_a_word(name: str) -> None:
    x, y = middle(paths(f"dials/{name}.svg")[f"{name}-shaft"])
    screws = [(x + side * dimensions.FACE_SCREW_REACH, y) for side in (-1, 1)]
    lettering = re.findall(r'aria-label="[^"]*" d="([^"]+)"', (DOCS / f"dials/{name}.svg").read_text())
    assert len(lettering) == len(FACES[name].marks) + 2
    for point in [point for path in lettering for point in points(path)]:
        assert min(math.dist(point, screw) for screw in screws) > dimensions.M2_HEAD / 2 + 0.3


def test_the_sheet_is_as_large_as_it_says() -> None:
    assert 'width="210mm" height="148mm" viewBox="0 0 210 148"' in (DOCS / "dials/sheet.svg").read_text()
    shapes = paths("dials/sheet.svg")
    xs, ys = zip(*points(shapes["fascia"]), strict=True)
    assert (max(xs) - min(xs), max(ys) - min(ys)) == pytest.approx((180, 90))
    assert points(shapes["ruler-100"])[0][0] - points(shapes["ruler-0"])[0][0] == pytest.approx(100)
    page = re.search(r"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (DOCS / "dials/sheet.pdf").read_text())
    assert page
    assert [float(size) * 25.4 / 72 for size in page.groups()] == pytest.approx([210, 148], abs=0.01)
    assert [key for key in shapes if key.startswith("window-")] == [f"window-{lamp}" for lamp in LAMPS]


def test_no_two_things_on_the_fascia_touch() -> None:
    shapes = paths("dials/sheet.svg")
    discs = []
    for name in FACES:
        xs, _ = zip(*points(shapes[f"{name}-disc"]), strict=True)
        discs.append((middle(shapes[f"{name}-disc"]), (max(xs) - min(xs)) / 2))
    for left, right in pairwise(discs):
        assert math.dist(left[0], right[0]) > left[1] + right[1] + 2
    lowest = max(centre[1] + radius for centre, radius in discs)
    boxes = [points(shapes[f"window-{lamp}"]) for lamp in LAMPS]
    assert min(y for box in boxes for _, y in box) > lowest + 2
    for left_box, right_box in pairwise(boxes):
        assert max(x for x, _ in left_box) < min(x for x, _ in right_box)


def outline(slot: dial_faces.Slot) -> list[Point]:
    """Points of its edge, at most 0.1 mm apart."""
    x, y, length, radius = slot
    turns = [math.radians(degrees) for degrees in range(0, 360, 2)]
    ends = [(x + radius * math.cos(t), y - length * (math.sin(t) < 0) + radius * math.sin(t)) for t in turns]
    sides = [(x + side * radius, y - length * part / 50) for side in (-1, 1) for part in range(51)]
    return ends + sides


def test_the_walls_between_all_that_is_drilled_are_thick_enough() -> None:
    holes = [outline(slot) for slot in dial_faces.drilled()]
    windows = list(lamp_windows().values())
    across = [(x + WINDOW[0] * part / 100, y) for x, y in windows for part in range(101)]
    assert len(holes) == 4 * len(FACES)
    for one, other in combinations([*holes, across], 2):
        assert min(math.dist(a, b) for a in one for b in other) >= dimensions.LEAST_WALL
    for (left, _), (right, _) in pairwise(windows):
        assert right - left - WINDOW[0] >= dimensions.LEAST_WALL
    for x, y in [point for hole in holes for point in hole]:
        assert min(x, y, FASCIA[0] - x, FASCIA[1] - y) >= dimensions.LEAST_WALL


def test_the_slots_let_shaft_and_pegs_through_in_both_readings() -> None:
    """Whichever of the two holes of other people's footprints is the shaft: it stands in the middle of its dial."""
    for x, y in CENTRE.values():
        for reading in motor.READINGS:
            pins = [(0.0, -reading, motor.COLLAR_DIAMETER), *motor.PEGS[reading != motor.SHAFT_OFFSET :]]
            for pin_x, pin_y, diameter in pins:
                pin = (x + pin_x, y + reading + pin_y)
                fits = [
                    math.dist(pin, (slot_x, min(slot_y, max(slot_y - length, pin[1])))) <= radius - diameter / 2 + 1e-9
                    for slot_x, slot_y, length, radius in dial_faces.drilled()
                ]
                assert any(fits), (reading, pin)


def test_the_template_draws_what_is_drilled() -> None:
    drawn = [path.segments for path in dial_faces.template().paths]
    left, top = dial_faces.ORIGIN
    for x, y, length, radius in dial_faces.drilled():
        assert tuple(drawing.slot(left + x, top + y, length, radius)) in drawn


def test_the_pdf_points_at_its_own_objects() -> None:
    text = (DOCS / "dials/sheet.pdf").read_bytes()
    start = int(text.rsplit(b"startxref\n", 1)[1].split()[0])
    places = [int(row[:10]) for row in text[start:].splitlines()[3:] if row.endswith(b" n ")]
    assert places
    for number, place in enumerate(places, 1):
        assert text[place:].startswith(b"%d 0 obj\n" % number)
    for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)endstream", text, re.DOTALL):
        assert len(stream) == int(length)


@pytest.mark.parametrize(("table", "drawing"), [("Direct", "wiring.svg"), ("StepDir", "wiring-step-dir.svg")])
def test_every_pin_of_the_table_has_its_wire(table: str, drawing: str) -> None:
    pins = pins_module().tables((FIRMWARE / "src/pins.hpp").read_text())[table]
    wires = re.findall(r'id="gpio-(\d+)"', (DOCS / drawing).read_text())
    assert sorted(map(int, wires)) == sorted(pin.gpio for pin in pins if pin.function != "button boot")


def test_a_pin_that_cannot_be_read_is_an_error_and_not_left_out() -> None:
    with pytest.raises(ValueError, match="kDirectPins has a row"):
        pins_module().tables('std::array kDirectPins{\n    Pin{"5h 1", kFirst, Kind::coil},\n};\n')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_every_file_named_in_a_page_exists(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in link:
            assert (page.parent / link).exists(), link
    for name in re.findall(r"`((?:firmware|lib|src|docs|tools|sim|scripts|gauge_mqtt)/[\w./*-]+)`", text):
        base = ROOT if name.split("/")[0] in {"firmware", "scripts", "gauge_mqtt"} else FIRMWARE
        assert list(base.glob(name)), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= 120


def test_every_command_and_every_topic_of_the_device_is_documented() -> None:
    page = (FIRMWARE / "docs/topics.md").read_text()
    core = FIRMWARE / "lib/gauge_core/src/gauge"
    commands = re.findall(r'\{CommandKind::\w+, \S+, "([^"]+)"\}', (core / "commands.hpp").read_text())
    assert len(commands) == 13
    named = {re.sub("trim/[^/]+", "trim/<dial>", command) for command in commands}
    published = set(re.findall(r'publish\("([a-z_]+)"', (core / "session_outbox.cpp").read_text()))
    assert {"light", "brightness", "quiet_boot"} <= published
    for topic in named | published | {"availability", "fresh", "diag", "button"}:
        assert f"`{topic}`" in page


def test_every_setting_of_the_device_is_documented() -> None:
    source = (FIRMWARE / "lib/gauge_core/src/gauge/settings.cpp").read_text()
    keys = re.findall(r'\{?"([a-z_0-9]+)", "[A-Z0-9]', source)
    assert len(keys) >= 19
    page = (DOCS / "first-start.md").read_text() + (DOCS / "calibration.md").read_text()
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_the_speed_in_the_documents_is_the_firmwares() -> None:
    source = (FIRMWARE / "lib/gauge_core/src/gauge/needle.cpp").read_text()
    speed = re.search(r"kDegPerS = (\d+);", source)
    acceleration = re.search(r"kDegPerS2 = (\d+);", source)
    assert speed
    assert acceleration
    said = f"{speed[1]} degrees a second and {acceleration[1]} degrees a second squared"
    assert said in (DOCS / "drivers.md").read_text()


def test_every_environment_named_in_the_pages_is_in_platformio_ini() -> None:
    named = {name for page in PAGES for name in re.findall(r"pio \w+.* -e ([\w-]+)", page.read_text())}
    known = set(re.findall(r"^\[env:([\w-]+)\]", (FIRMWARE / "platformio.ini").read_text(), re.MULTILINE))
    assert named
    assert named <= known


def test_how_far_homing_goes_is_what_the_page_says() -> None:
    source = (FIRMWARE / "lib/gauge_core/src/gauge/homing.cpp").read_text()
    margin, clear, pushed = (
        int(re.findall(rf"k{name}Deg = (\d+);", source)[0]) for name in ("Margin", "Clear", "Pushed")
    )
    turn, sweep = 2, round(SWEEP_DEG)  # the coils are as before after two degrees
    down = ((sweep + margin) // turn + 1) * turn
    up = sweep // 2 // turn * turn
    slow, parked = down - (up - clear), round(PARK_DEG)
    said = (DOCS / "drivers.md").read_text()
    assert f"{up} degrees up, {up - clear} back" in said
    assert f"the last {slow} degrees at 100 degrees a second" in said
    pushes = down - up - parked
    assert f"A needle that was parked pushes for {pushes} degrees, {pushes / 100:.1f} s" in said
    assert f"Straight down it would be {down - parked} degrees" in said
    more = (pushed // turn + 1) * turn
    assert f"fast to {clear} degrees above the stop, and slowly on for {more} degrees more" in said
    assert f"That is {more} degrees of pushing instead of {pushes}" in said
