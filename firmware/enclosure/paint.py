"""What is printed on paper and film, for the pictures: from the drawing of the faces, made pixels by Chromium."""

import subprocess
import tempfile
from pathlib import Path

import dimensions as d
from drawing import Ink, Page, rectangle
from faces import CREAM, Text, lettered
from gauge_mqtt.contract.dials import FACES

LED = {
    "opus": "#ff3a1f", "sonnet": "#ff9a1a", "haiku": "#33e06a", "hot": "#ff3020",
    "warn": "#ffa41a", "stall": "#ffd52a", "idle": "#33e06a",
}  # fmt: skip
LIT = ("opus", "warn")
FOLDER = Path(tempfile.gettempdir()) / "claude-gauge-pictures"
_DONE: list[str] = []


def image(name: str) -> Path:
    return FOLDER / f"{name}.png"


def draw() -> None:
    if _DONE:
        return
    FOLDER.mkdir(exist_ok=True)
    for name, dial in FACES.items():
        radius = d.RADIUS[name]
        page = Page(2 * radius, 2 * radius, name)
        page.draw(rectangle(0, 0, 2 * radius, 2 * radius), Ink(fill=CREAM))
        lettered(page, dial, radius, radius)
        _pixels(f"face {name}", page.svg(""), 2 * radius, 2 * radius, 26)
    left, low, right, high = d.FILM_BOX
    wide, tall = right - left, high - low
    _pixels("film", _film(left, high, wide, tall), wide, tall, 30)
    _DONE.append("all")


def _film(left: float, top: float, wide: float, tall: float) -> str:
    """The film in the light of its lamps."""
    page = Page(wide, tall, "captions")
    page.draw(rectangle(0, 0, wide, tall), Ink(fill="#000000"))
    glows = []
    for name, (x, y) in d.LAMP.items():
        x0, y0 = x - left, top - y - d.WINDOW[1]
        colour = LED[name] if name in LIT else "#0a0908"
        page.draw(rectangle(x0, y0, *d.WINDOW, 1.0), Ink(fill=colour), name=f"w-{name}")
        if name in LIT:
            glows.append(name)
        letters = Text(2.5, "#050303" if name in LIT else "#040404", 0.15, 0.35)
        letters.centred(page, name.upper(), x0 + d.WINDOW[0] / 2, y0 + d.WINDOW[1] / 2)
    svg = page.svg("")
    for name in glows:
        stops = ((0, LED[name]), (0.55, LED[name]), (1, _dim(LED[name])))
        shade = "".join(f'<stop offset="{offset}" stop-color="{colour}"/>' for offset, colour in stops)
        shade = f'<radialGradient id="g-{name}" cx="50%" cy="50%" r="62%">{shade}</radialGradient>'
        svg = svg.replace("<title>", f"<defs>{shade}</defs><title>", 1)
        svg = svg.replace(f'fill="{LED[name]}"', f'fill="url(#g-{name})"', 1)
    return svg


def _dim(colour: str) -> str:
    return "#" + "".join(f"{int(int(colour[at : at + 2], 16) * 0.62):02x}" for at in (1, 3, 5))


def _pixels(name: str, svg: str, wide: float, tall: float, per_mm: float) -> None:
    width, height = round(wide * per_mm), round(tall * per_mm)
    source = FOLDER / f"{name}.html"
    style = f"html,body{{margin:0;overflow:hidden}}svg{{display:block;width:{width}px;height:{height}px}}"
    source.write_text(f"<!doctype html><style>{style}</style>{svg}", encoding="utf-8")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--window-size={width},{height}", f"--screenshot={image(name)}", source.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603
