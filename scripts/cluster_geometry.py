"""What the browser reads, as JSON: the cluster's drawing, as on the printed faces, and what the card has to know."""

import json
import sys
from pathlib import Path
from typing import Any

from gauge_mqtt.contract import dials, fascia
from gauge_mqtt.contract.keyspec import KeySpec
from gauge_mqtt.contract.topics import PREFIX
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S, KEYS, LAMPS, MODEL_LAMPS, NEEDLE_MAX, NEEDLE_UNKNOWN
from gauge_mqtt.homeassistant.discovery import HOME, MANUFACTURER, MODEL

sys.path.append(str(Path(__file__).resolve().parents[1] / "firmware/tools"))
import drawing
import faces

CAPTION = faces.Text(2.5, "currentColor", 0.14, 0.35)
MARK = faces.Text(2.6, "currentColor", 0.14, 0.6)


def _paths(page: drawing.Page) -> str:
    """The shapes without the ids and labels of the printed sheet: an element may stand twice on a page."""
    return "".join(
        drawing._svg_path(drawing.Path(path.segments, path.ink))  # noqa: SLF001 (its other half)
        for path in page.paths
    )


def _lettering(text: str, style: faces.Text, x: float, y: float) -> str:
    page = drawing.Page(*fascia.FASCIA, text)
    style.centred(page, text, x, y)
    return _paths(page)


def _dial(name: str) -> dict[str, Any]:
    x, y = fascia.CENTRE[name]
    page = drawing.Page(*fascia.FASCIA, name)
    faces.lettered(page, dials.FACES[name], x, y)
    return {"key": f"needle_{name}", "x": x, "y": y, "radius": fascia.RADIUS[name], "face": _paths(page)}


def _lamp(name: str, x: float, y: float) -> dict[str, Any]:
    width, height = fascia.WINDOW
    caption = _lettering(name.upper(), CAPTION, x + width / 2, y + height / 2)
    return {"name": name, "x": x, "y": y, "caption": caption}


def cluster_geometry() -> str:
    """One JSON object. Lengths in mm, angles in degrees clockwise from the top of a face."""
    tach_x, tach_y = fascia.CENTRE["tach"]
    mark_y = tach_y + fascia.RADIUS["tach"] * 0.87
    geometry = {
        "fascia": fascia.FASCIA,
        "corner": fascia.CORNER,
        "window": fascia.WINDOW,
        "needleMax": NEEDLE_MAX,
        "zero": dials.face_deg(dials.motor_deg(0)),
        "full": dials.face_deg(dials.motor_deg(NEEDLE_MAX)),
        "park": dials.face_deg(dials.motor_deg(NEEDLE_UNKNOWN)),
        "expireAfter": EXPIRE_AFTER_S,
        "models": MODEL_LAMPS,
        "dials": [_dial(name) for name in dials.FACES],
        "lamps": [_lamp(name, *place) for name, place in fascia.lamp_windows().items()],
        "marks": {word: _lettering(word.upper(), MARK, tach_x, mark_y) for word in ("demo", "replay")},
    }
    assert [lamp["name"] for lamp in geometry["lamps"]] == list(LAMPS)  # noqa: S101 (the bits of the lamp mask)
    return json.dumps(geometry, separators=(",", ":"))


def card_entities() -> str:
    """How the card in Home Assistant knows a gauge, and what kind of state each key's entity has. One JSON object."""
    about = {
        "node": f"{PREFIX}_",
        "manufacturer": MANUFACTURER,
        "model": MODEL,
        "docs": f"{HOME}/blob/main/docs/home-assistant.md",
        "kinds": {key: _kind(spec) for key, spec in KEYS.items()},
    }
    return json.dumps(about, separators=(",", ":"))


def _kind(spec: KeySpec) -> str:
    if spec.platform == "binary_sensor":
        return "flag"
    if spec.unit == "ratio":
        return "percent"
    return "number" if spec.unit or spec.state_class else "text"
