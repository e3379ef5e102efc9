"""The enclosure can be printed and put together, and has its holes where the faces, the motors and the lamps are."""

import itertools
import math
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import ezdxf
import pytest
import trimesh
from manifold3d import CrossSection, Manifold

import assembly
import behind
import bought
import dimensions as d
import motor
from gauge_mqtt.contract.dials import FACES, face_deg, motor_deg
from gauge_mqtt.contract.fascia import BEZEL, CENTRE, FASCIA, RADIUS, WINDOW, lamp_windows
from gauge_mqtt.contract.usage import NEEDLE_MAX, NEEDLE_UNKNOWN
from tests.support import solids

ROOT = Path(__file__).resolve().parents[2]
ENCLOSURE = ROOT / "firmware/enclosure"
DOCS = ROOT / "firmware/docs"
PIECES = assembly.pieces()
PRINTED = {printed.name: printed for printed in assembly.PRINTED}
GRAMS_PER_MM3 = 1.24e-3
Point = tuple[float, float]


def rings(section: CrossSection) -> Iterator[tuple[Point, float]]:
    """Of each hole in it: its middle and its area in mm2."""
    for part in section.decompose():
        for ring in part.to_polygons():
            hole = CrossSection([ring[::-1]])
            if not hole.is_empty():
                left, low, right, high = hole.bounds()
                yield ((left + right) / 2, (low + high) / 2), hole.area()


def hole_at(section: CrossSection, place: Point, *, within: float = 0.01) -> float:
    """The area of the hole whose middle is at `place`."""
    found = [area for middle, area in rings(section) if math.dist(middle, place) < within]
    assert len(found) == 1, (place, found)
    return found[0]


def upwards(place: Point) -> Point:
    """From the fascia's own frame, whose y grows downwards."""
    return place[0], FASCIA[1] - place[1]


def test_every_file_is_current() -> None:
    command = [sys.executable, str(ENCLOSURE / "make.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", PRINTED)
def test_a_part_can_be_printed_without_support(name: str) -> None:
    scene = trimesh.load_scene(ENCLOSURE / f"print/{name}.3mf")
    (mesh,) = scene.geometry.values()
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert mesh.bounds[0] == pytest.approx([0, 0, 0], abs=1e-3)
    assert max(mesh.extents[:2]) <= d.BED - 10
    lying = assembly.on_bed(PRINTED[name])
    assert len(lying.decompose()) == 1
    assert mesh.volume == pytest.approx(lying.volume(), rel=1e-4)
    assert solids.steepest_overhang(lying) <= d.OVERHANG_DEG
    thin, where = solids.thinnest(lying, spacing=8)
    assert thin >= d.LEAST_WALL - 0.005, where


def test_a_thin_wall_an_overhang_and_a_wall_in_the_way_are_seen() -> None:
    cup = Manifold.cube((20, 20, 20)) - Manifold.cube((18, 17, 18)).translate((1, 1.5, -1))
    assert solids.thinnest(cup, spacing=8)[0] == pytest.approx(1.0, abs=0.01)
    assert solids.steepest_overhang(cup) == 90
    cone = Manifold.cylinder(10, 5, 15)
    assert solids.steepest_overhang(cone) == pytest.approx(45, abs=0.5)
    pin = Manifold.cube((2, 2, 30)).translate((9, 9, 0))
    assert solids.blocked([pin], {"cup": cup}, assembly.ABOVE, way=10, step=1.0) == "cup, 10 mm before the end"
    assert solids.blocked([pin], {"cup": cup}, assembly.ABOVE, way=40, step=1.0) is not None
    assert solids.blocked([pin.translate((30, 0, 0))], {"cup": cup}, assembly.ABOVE, way=40, step=1.0) is None


def test_the_closed_cluster_is_as_large_as_its_fascia() -> None:
    whole = PIECES["shell"] + PIECES["cover"]
    assert whole.bounding_box() == pytest.approx((0, 0, -d.DEPTH, *FASCIA, 0), abs=1e-3)


@pytest.mark.parametrize("name", FACES)
def test_the_holes_are_where_the_face_has_its_shaft(name: str) -> None:
    place = upwards(CENTRE[name])
    opening = hole_at(PIECES["shell"].slice(-0.5), place)
    assert math.sqrt(opening / math.pi) == pytest.approx(d.OPENING[name], abs=0.02)
    bezel = PIECES[f"bezel {name}"]
    free = min(math.sqrt(hole_at(bezel.slice(z), place) / math.pi) for z in (-8.5, -3.0, 0.5, 1.5, 2.5))
    assert RADIUS[name] * 0.94 + 0.225 < free < RADIUS[name], "the red zone is seen, the edge of the card is not"
    plate = PIECES["plate"].slice((d.PLATE_FRONT + d.MOTOR_FRONT) / 2)
    for side in (-1, 1):
        hole_at(plate, (place[0] + side * d.FACE_SCREW_REACH, place[1]))
    for pin in pins_in_both_readings(place):
        assert (plate ^ pin).area() < 1e-6


def pins_in_both_readings(shaft: Point) -> list[CrossSection]:
    """The thick part of the shaft where its maker has it and where others do, and pegs, were they on the front."""
    body = (shaft[0], shaft[1] - motor.SHAFT_OFFSET)
    places = [(0.0, -reading, motor.COLLAR_DIAMETER) for reading in motor.READINGS]
    return [
        CrossSection.circle(diameter / 2, 32).translate((body[0] + x, body[1] - y))
        for x, y, diameter in (*places, *motor.PEGS)
    ]


@pytest.mark.parametrize("name", FACES)
def test_a_bridge_lets_the_large_peg_through_and_leaves_the_contacts_free(name: str) -> None:
    """As the motor's maker draws it: pegs and contacts on the back, the eyes for screws beside the body."""
    body, bridge = PIECES[f"motor {name}"], PIECES[f"bridge {name}"]
    _, _, low, _, _, _ = body.bounding_box()
    assert d.MOTOR_BACK - low == pytest.approx(motor.PEG_LENGTH)
    wires = Manifold.cube((2.5, 2.5, 4), center=True)
    x, y = d.MOTOR[name]
    for contact_x, contact_y in motor.CONTACTS.values():
        soldered = wires.translate((x + contact_x, y - contact_y, d.MOTOR_BACK - 2.05))
        assert solids.overlap(soldered, bridge) < solids.TOUCH
    left, _, _, right, _, _ = body.bounding_box()
    assert right - left == pytest.approx(31.7, abs=0.02)


def test_bezels_of_their_full_breadth_fit_between_the_faces() -> None:
    for left, right in itertools.pairwise(FACES):
        assert CENTRE[right][0] - CENTRE[left][0] >= RADIUS[left] + RADIUS[right] + 2 * BEZEL
        assert PIECES[f"bezel {left}"].min_gap(PIECES[f"bezel {right}"], 5.0) >= 0.3
    for name in FACES:
        left, low, _, right, high, _ = PIECES[f"bezel {name}"].bounding_box()
        assert right - left == pytest.approx(2 * (RADIUS[name] + BEZEL), abs=0.01)
        assert min(left, FASCIA[0] - right, low, FASCIA[1] - high) >= 2.0, "it stays off the fascia's edges"


def test_every_lamp_shines_through_its_own_window_alone() -> None:
    """The cells are the windows of the faces; no light gets from one to another but through the front."""
    box = PIECES["light box"]
    open_front = box.slice(d.LIGHT_FRONT - 0.1)
    through = PIECES["shell"].slice(-0.1)
    acrylic = PIECES["acrylic"].slice(-d.LIP - 1)
    windows = {name: (x + WINDOW[0] / 2, y + WINDOW[1] / 2) for name, (x, y) in lamp_windows().items()}
    for name, place in windows.items():
        assert hole_at(open_front, upwards(place)) == pytest.approx(WINDOW[0] * WINDOW[1]), name
        window = CrossSection.square(WINDOW).translate((lamp_windows()[name][0], upwards(place)[1] - WINDOW[1] / 2))
        assert (through ^ window).area() < 1e-6, "the shell covers a part of the window"
        assert (window - acrylic).area() < 1e-6, "the acrylic does not cover the window"
    x, y, z, to_x, to_y, to_z = box.bounding_box()
    air = Manifold.cube((to_x - x - 14, to_y - y - 2, to_z - z)).translate((x + 7, y + 1, z)) - box
    rooms = [room for room in air.decompose() if room.volume() > 100]
    assert len(rooms) == len(windows) + 1, "the lamps and the light sensor"
    for room in rooms:
        assert room.genus() == 0


@pytest.mark.parametrize("name", FACES)
def test_a_needle_turns_freely_and_is_light(name: str) -> None:
    x, y = d.DIAL[name]
    needle, cap = PIECES[f"needle {name}"], PIECES[f"cap {name}"]
    others = [PIECES[f"{kind} {name}"] for kind in ("bezel", "lens", "face")] + [PIECES["face screws"]]
    for turn in (0.0, *range(0, 316, 15)):
        angle = face_deg(turn)
        there = needle.translate((-x, -y, 0)).rotate((0, 0, -angle)).translate((x, y, 0))
        for other in others:
            assert there.min_gap(other, 5.0) >= 0.5
    for other in others:
        assert cap.min_gap(other, 5.0) >= 0.5
    tip = needle.bounding_box()[4] - y
    assert RADIUS[name] * (0.905 - 0.15) < tip < RADIUS[name] * 0.94, "it reaches into the ticks"
    assert {face_deg(motor_deg(NEEDLE_UNKNOWN)), face_deg(motor_deg(NEEDLE_MAX))} == {-138.0, 120.0}
    assert (needle.volume() + cap.volume()) * GRAMS_PER_MM3 < 0.5


def test_no_two_pieces_want_the_same_place() -> None:
    names = list(PIECES)
    wrong = {
        (one, other): shared
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        if (shared := solids.overlap(PIECES[one], PIECES[other])) > solids.TOUCH
    }
    assert wrong == {}


def test_it_can_be_put_together_in_the_order_given() -> None:
    benches: dict[str, dict[str, Manifold]] = {}
    for step in assembly.ORDER:
        present = benches.setdefault(step.bench, {})
        if step.comes_from is None:
            assert present == {}
        else:
            moved = [PIECES[name] for name in step.moved]
            assert solids.blocked(moved, present, step.comes_from, way=70, step=1.0) is None, step.moved
        present |= {name: PIECES[name] for name in step.moved}
    assert benches["cluster"].keys() == PIECES.keys()


def test_screws_and_leds_pass_their_holes_and_do_not_fall_through() -> None:
    """Those that cut their thread are drawn as thick as its hole, so that no other check sees how thick they are."""

    def diameters(piece: str, z: float, places: Iterable[Point]) -> list[float]:
        section = PIECES[piece].slice(z)
        return [2 * math.sqrt(hole_at(section, place) / math.pi) for place in places]

    m2 = [
        *diameters(
            "plate",
            d.PLATE_BACK + 0.1,
            ((x + side * d.FACE_SCREW_REACH, y) for x, y in d.DIAL.values() for side in (-1, 1)),
        ),
        *diameters("light box", d.LIGHT_BACK + 0.5, d.LIGHT_SCREWS),
    ]
    m3 = [
        *diameters("plate", d.PLATE_BACK + 0.1, d.PLATE_BOSSES),
        *diameters("cover", d.COVER_FRONT - 0.1, d.CORNER_BOSSES),
    ]
    assert 2.1 <= min(m2) <= max(m2) <= 2.6
    assert 3.2 <= min(m3) <= max(m3) <= 3.8
    assert 1.6 <= d.M2_PILOT <= 1.8
    assert 2.5 <= d.M3_PILOT <= 2.8
    leds = diameters("light box", d.LIGHT_BACK + 0.5, map(behind.middle, behind.cells_of_lamps().values()))
    assert 3.05 <= min(leds) <= max(leds) <= 3.6, "an LED of 3 mm has a collar of 3.8"


@pytest.mark.parametrize(("broad", "high"), [(10.6, 8.5), (12.35, 6.5)], ids=["Micro-B", "USB-C"])
def test_a_usb_plug_gets_in_from_the_right_as_far_as_its_socket(broad: float, high: float) -> None:
    """The largest body that the standards allow. It goes through the wall, since its metal is 7 mm long at most."""
    edge = d.BOARD_MIDDLE[0] + d.BOARD[0] / 2
    corner = Manifold.cube((3.0, d.HEIGHT, d.DEPTH)).translate((edge - 2.0, 0, -d.DEPTH))
    _, low, back, right, up, front = (bought.esp32()["usb"] ^ corner).bounding_box()
    plug = Manifold.cube((40.0, broad, high)).translate(
        (right + 0.3, (low + up - broad) / 2, (back + front - high) / 2)
    )
    others = {name: solid for name, solid in PIECES.items() if name != "esp32"}
    assert solids.blocked([plug], others, (1, 0, 0), way=40, step=1.0) is None


def test_it_stands_leaning_back_and_does_not_tip_over() -> None:
    placed = {name: behind.to_desk(solid) for name, solid in PIECES.items()}
    lowest = min(solid.bounding_box()[2] for solid in placed.values())
    assert lowest == pytest.approx(0, abs=1e-3)
    assert placed["foot"].bounding_box()[2] == pytest.approx(0, abs=1e-3)
    sole = placed["foot"].slice(0.0).bounds()
    normal, area = solids.normals(solids.triangles(behind.to_desk(Manifold.cube((180, 90, 1)))))
    towards_viewer = normal[(area > 8000) & (normal[:, 1] < 0)][0]
    assert math.degrees(math.asin(towards_viewer[2])) == pytest.approx(15)
    weight = depth = 0.0
    for solid in placed.values():
        centre = trimesh.Trimesh(*_mesh(solid)).center_mass
        weight += solid.volume()
        depth += solid.volume() * centre[1]
    assert sole[1] + 15 < depth / weight < sole[3] - 15


def _mesh(solid: Manifold) -> tuple[object, object]:
    mesh = solid.to_mesh()
    return mesh.vert_properties[:, :3], mesh.tri_verts


def test_the_acrylic_is_cut_as_it_is_put_in() -> None:
    drawing = ezdxf.readfile(ENCLOSURE / "acrylic.dxf")
    assert not drawing.audit().errors
    lines = drawing.modelspace().query("LINE[layer=='SMOKED_3MM']")
    xs, ys = ([getattr(line.dxf.start, axis) for line in lines] for axis in "xy")
    left, low, _, right, high, _ = PIECES["acrylic"].bounding_box()
    assert (max(xs), max(ys)) == pytest.approx((right - left, high - low))
    radii = sorted(circle.dxf.radius for circle in drawing.modelspace().query("CIRCLE"))
    assert radii == pytest.approx(sorted(d.LENS_RADIUS.values()))


def test_the_film_has_a_clear_window_and_a_caption_for_each_lamp() -> None:
    text = (DOCS / "enclosure/captions.svg").read_text()
    assert re.findall(r'aria-label="([A-Z]+)"', text) == 2 * [lamp.upper() for lamp in lamp_windows()]
    starts = {name: float(x) for name, x in re.findall(r'<path id="([^"]+)" d="M([\d.]+) ', text)}
    for name, (x, _) in lamp_windows().items():
        corner = x + WINDOW[0] - 1.0  # where the path of a rounded window begins
        assert starts[f"{name}-0"] - starts["film-0"] == pytest.approx(corner - (d.ACRYLIC[0] + 1)), name


INERTIA_KG_M2 = 0.2e-6
"""Of a needle with which the motor follows 200 degrees a second from a standing start (X27 technical data, line 2)."""


@pytest.mark.parametrize("name", FACES)
def test_a_needle_is_what_its_motor_starts_without_losing_a_step(name: str) -> None:
    x, y = d.DIAL[name]
    inertia = 0.0
    for kind in ("needle", "cap"):
        solid = trimesh.Trimesh(*_mesh(PIECES[f"{kind} {name}"].translate((-x, -y, 0))))
        solid.density = GRAMS_PER_MM3
        off = solid.center_mass
        inertia += solid.moment_inertia[2, 2] + solid.mass * (off[0] ** 2 + off[1] ** 2)
    assert inertia * 1e-9 < INERTIA_KG_M2 / 8


def test_the_parts_list_has_every_screw() -> None:
    page = (DOCS / "parts.md").read_text()
    places = {
        "M2 x 16": 2 * len(FACES),
        "M2 x 14": len(d.LIGHT_SCREWS),
        "M2 x 6": len(d.BOARD_SCREWS),
        "M3 x 8": len(d.PLATE_BOSSES) + len(d.FOOT_SCREWS),
        "M3 x 12": len(d.CORNER_BOSSES),
    }
    assert {
        kind: int(count) for kind, count in re.findall(r"^\| Screw (M\d x \d+)[^|]*\| (\d+) ", page, re.MULTILINE)
    } == places


def cost(*sections: str) -> tuple[float, float]:
    """From and to, in dollars, of these sections of the parts list."""
    parts = (DOCS / "parts.md").read_text()
    low = high = 0.0
    for section in sections:
        rows = re.search(rf"## {section}\n(.*?)(?:\n## |\Z)", parts, re.DOTALL)
        assert rows
        for cells in (row.split("|") for row in rows[1].splitlines() if row.startswith("| ")):
            if not re.search(r"\d", cells[3]):
                continue
            counts, prices = ([float(number) for number in re.findall(r"\d+(?:\.\d+)?", cell)] for cell in cells[2:4])
            counts = counts or [1.0]
            each = "each" in cells[3]
            low += (counts[0] if each else 1) * prices[0]
            high += (counts[-1] if each else 1) * prices[-1]
    return low, high


def said(page: str, words: str) -> list[float]:
    """The two numbers where `words` has its %."""
    found = re.findall(re.escape(words).replace("%", r"(\d+) to (\d+)"), (DOCS / page).read_text())
    assert len(found) == 1
    return [float(number) for number in found[0]]


def test_the_costs_in_the_pages_are_those_of_the_parts_list() -> None:
    recommended = "Only the recommended build"
    assert said("parts.md", "Together % dollars.\n\nMotors sold") == pytest.approx(cost("Both builds"), abs=0.6)
    assert said("parts.md", "Together % dollars.\n\n## Options") == pytest.approx(cost(recommended), abs=0.6)
    assert said("../README.md", "% dollars with a printed case") == said("enclosure.md", "% dollars, quick build")
    assert said("enclosure.md", "% dollars, quick build") == pytest.approx(cost("Both builds", "Enclosure"), abs=0.6)
    assert said("enclosure.md", "The recommended build adds % dollars") == pytest.approx(cost(recommended), abs=0.6)
