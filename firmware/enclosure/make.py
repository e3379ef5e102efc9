"""Write what a printer, a laser cutter and a page need: `print/*.3mf`, `acrylic.dxf`, and the film with the captions.

All of it is committed; `--check` says what is stale.
"""

import argparse
import sys
from pathlib import Path

import assembly
import dimensions as d
import formats
from behind import sensor_cell
from drawing import Ink, Page, line, pdf, rectangle
from faces import HAIR, PAINT, Text
from output import between, table

COMMAND = "python firmware/enclosure/make.py"
HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
NOTE = f"Made by {COMMAND}, do not edit. Millimetres."
DENSITY = 1.24
"""Of PLA, g/cm3."""
SAME = 1.0
"""mm3 by which two solids may differ that are one: what rounding makes of 60 000 mm2 of surface."""


def acrylic() -> str:
    """The smoked strip, and the three clear discs beside it."""
    left, low, right, high = d.ACRYLIC
    wide, tall = right - left, high - low
    entities = formats.dxf_box("SMOKED_3MM", 0, 0, wide, tall)
    x = 0.0
    for radius in d.LENS_RADIUS.values():
        entities += formats.dxf_circle("CLEAR_1MM", x + radius, tall + 5 + max(d.LENS_RADIUS.values()), radius)
        x += 2 * radius + 5
    return formats.dxf(entities, NOTE)


def captions() -> Page:
    """The film twice, to be laid on itself, at 1:1 on A5. Black is printed, white is clear."""
    page = Page(210.0, 148.0, "claude-gauge: film with the captions, 1:1")
    page.draw(rectangle(0, 0, 210, 148), Ink(fill="#ffffff"))
    left, low, right, high = d.FILM_BOX
    for copy in range(2):
        x, y = (210 - (right - left)) / 2, 25.0 + 25 * copy
        page.draw(rectangle(x, y, right - left, high - low), Ink(fill="#000000"), name=f"film-{copy}")
        for name, (lamp_x, lamp_y) in d.LAMP.items():
            window = (x + lamp_x - left, y + high - lamp_y - d.WINDOW[1])
            page.draw(rectangle(*window, *d.WINDOW, 1.0), Ink(fill="#ffffff"), name=f"{name}-{copy}")
            middle = (window[0] + d.WINDOW[0] / 2, window[1] + d.WINDOW[1] / 2)
            Text(2.5, "#000000", 0.16, 0.35).centred(page, name.upper(), *middle)
        cell = sensor_cell()
        side = min(cell[2] - cell[0], cell[3] - cell[1]) - 1.6
        where = (x + (cell[0] + cell[2] - side) / 2 - left, y + high - (cell[1] + cell[3] + side) / 2)
        page.draw(rectangle(*where, side, side), Ink(fill="#ffffff"), name=f"sensor-{copy}")
    ruler = (55.0, 92.0)
    for mm in range(0, 101, 5):
        page.draw(line((ruler[0] + mm, ruler[1]), (ruler[0] + mm, ruler[1] - (3 if mm % 10 else 4))), HAIR)
    page.draw(line(ruler, (ruler[0] + 100, ruler[1])), HAIR, name="ruler")
    small = Text(2.4, PAINT, 0.11)
    for row, words in enumerate((
        "Print at 100 % on laser film: this ruler is 100 mm long.",
        "Cut both strips along the black, lay one on the other, captions to the front.",
    )):  # fmt: skip
        small.left(page, words, 25.0, 104.0 + 6 * row)
    return page


def parts_table() -> str:
    rows = []
    for printed in assembly.PRINTED:
        solid = assembly.on_bed(printed)
        size = " x ".join(f"{length:.0f}" for length in solid.bounding_box()[3:])
        grams = solid.volume() / 1000 * DENSITY
        link = f"[{printed.name}](../enclosure/print/{printed.name}.3mf)"
        rows.append(
            (link, str(len(printed.pieces)), size, f"{grams:.2g}" if grams < 1 else f"{grams:.0f}", printed.colour)
        )
    return table(("File", "Print", "Size on the bed, mm", "PLA, g each, solid", "Colour"), rows)


def texts() -> dict[Path, str]:
    page = DOCS / "enclosure.md"
    return {
        HERE / "acrylic.dxf": acrylic(),
        DOCS / "enclosure/captions.svg": captions().svg(NOTE),
        DOCS / "enclosure/captions.pdf": pdf([captions()]),
        page: between(page.read_text(encoding="utf-8"), "printed", parts_table()),
    }


def models() -> dict[Path, str]:
    return {
        HERE / f"print/{printed.name}.3mf": formats.model(assembly.on_bed(printed), f"claude-gauge {printed.name}")
        for printed in assembly.PRINTED
    }


def stale_models(made: dict[Path, str], *, shape_alone: bool) -> list[Path]:
    """Those that differ. `shape_alone`: another machine may round otherwise and cut a surface into other triangles."""
    stale = [path for path in (HERE / "print").glob("*.3mf") if path not in made]
    for path, text in made.items():
        if not path.exists():
            stale.append(path)
            continue
        there = formats.unpack(path.read_bytes())
        if there == text:
            continue
        ours, theirs = formats.solid_of(text), formats.solid_of(there)
        if not shape_alone or (ours - theirs).volume() + (theirs - ours).volume() > SAME:
            stale.append(path)
    return stale


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    check = parser.parse_args().check
    wanted, made = texts(), models()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    stale += stale_models(made, shape_alone=check)
    for path in stale:
        if check:
            sys.stderr.write(f"{path.name} is stale: run {COMMAND}\n")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in made:
            path.write_bytes(formats.pack(made[path]))
        elif path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
        sys.stdout.write(f"wrote {path.name}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
