"""The cluster as lines of text, from the same geometry as the printed faces. Pure."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from gauge_mqtt.contract.dials import FACES, Face, face_deg, motor_deg
from gauge_mqtt.contract.fascia import CENTRE, FASCIA, RADIUS, WINDOW, lamp_windows
from gauge_mqtt.contract.usage import LAMPS, MODEL_LAMPS, NEEDLE_MAX, NEEDLE_UNKNOWN, PLAYED_SOURCES
from gauge_mqtt.sinks.terminal.canvas import DOTS_X, DOTS_Y, Canvas, polar

WORDS_ROWS = 3
"""Below the cluster: a blank line, the values in words, and how to leave."""
COLUMNS_MIN, ROWS_MIN = 40, 12
HALF_WIDTH, TAIL = 0.035, 0.18
"""Of a needle at its shaft, and what stands out behind that: parts of the dial's radius."""
MINOR_MIN = 30
"""Dots of radius from which a dial has its minor marks."""


class Frame(NamedTuple):
    """What is drawn. `needles`: 0..1000 by dial, `NEEDLE_UNKNOWN` parks; `lit`: names of lamps; `words`: one line."""

    needles: Mapping[str, int]
    lit: tuple[str, ...]
    words: str
    mark: str = ""


LOST = Frame(dict.fromkeys(FACES, NEEDLE_UNKNOWN), ("stall",), "the publisher is lost: needles parked")


def frame(usage: Mapping[str, Any], now: datetime) -> Frame:
    """From the keys of a snapshot, as `GET /usage` has them. What is missing or of another type is unknown."""
    needles = {dial: _needle(usage.get(f"needle_{dial}")) for dial in FACES}
    lit = tuple(
        lamp for lamp in LAMPS if (usage.get("last_model") == lamp if lamp in MODEL_LAMPS else usage.get(lamp) is True)
    )
    source = usage.get("source")
    return Frame(needles, lit, _words(usage, now), str(source).upper() if source in PLAYED_SOURCES else "")


def _needle(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NEEDLE_MAX:
        return value
    return NEEDLE_UNKNOWN


def _words(usage: Mapping[str, Any], now: datetime) -> str:
    def share(key: str) -> str:
        value = usage.get(key)
        return f"{100 * value:.0f} %" if isinstance(value, int | float) else "?"

    def ahead(window: str) -> str:
        """The limit takes the place of the reset: it comes first, and both do not fit into 80 columns."""
        limit = _left(usage.get(f"limit_{window}_at"), now)
        reset = _left(usage.get(f"window_{window}_resets_at"), now)
        return f", used up in {limit}" if limit else f", resets in {reset}" if reset else ""

    rate = usage.get("rate_1m")
    parts = [
        f"5 h {share('window_5h_pct')}{ahead('5h')}",
        f"{rate:,.0f} tokens/min" if isinstance(rate, int | float) else "rate unknown",
        f"7 d {share('window_7d_pct')}{ahead('7d')}",
    ]
    return "   ".join(parts)


def _left(at: Any, now: datetime) -> str:
    """Time until an instant, in words; empty for what is none."""
    try:
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        minutes = max(0, round((instant - now).total_seconds() / 60))
    except (TypeError, ValueError, OverflowError):
        return ""
    hours, rest = divmod(minutes, 60)
    return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h {rest:02} min"  # noqa: PLR2004, two days


def drawn(shown: Frame, columns: int, rows: int) -> Canvas:
    """The whole window. Below `COLUMNS_MIN` x `ROWS_MIN` there are the words alone."""
    canvas = Canvas(columns, rows)
    if columns < COLUMNS_MIN or rows < ROWS_MIN:
        for row, part in enumerate([" ".join(lamp.upper() for lamp in shown.lit), *shown.words.split("   ")]):
            canvas.text(0, row, part, "paint")
        return canvas
    scale = min(columns * DOTS_X / FASCIA[0], (rows - WORDS_ROWS) * DOTS_Y / FASCIA[1])
    left = (columns * DOTS_X - FASCIA[0] * scale) / 2
    top = max(0.0, ((rows - WORDS_ROWS) * DOTS_Y - FASCIA[1] * scale) / 2)
    for name, dial in FACES.items():
        centre = left + CENTRE[name][0] * scale, top + CENTRE[name][1] * scale
        _dial(canvas, dial, centre, RADIUS[name] * scale * 0.96, shown)
    _lamps(canvas, scale, (left, top), shown)
    canvas.centred(columns * DOTS_X / 2, (rows - 2) * DOTS_Y, shown.words[:columns], "paint")
    canvas.text(max(0, columns - 9), rows - 1, "q leaves", "quiet")
    return canvas


def _lamps(canvas: Canvas, scale: float, corner: tuple[float, float], shown: Frame) -> None:
    """Of equal width, with equal gaps: cells are coarse. The models from the left, the others up to the right."""
    windows = lamp_windows()
    models = [lamp for lamp in windows if lamp in MODEL_LAMPS]
    states = [lamp for lamp in windows if lamp not in MODEL_LAMPS]
    pitch = int((windows[models[1]][0] - windows[models[0]][0]) * scale / DOTS_X)
    width = max(1, min(pitch - 1, round(WINDOW[0] * scale / DOTS_X)))
    first = round((corner[0] + windows[models[0]][0] * scale) / DOTS_X)
    last = round((corner[0] + windows[states[-1]][0] * scale) / DOTS_X)
    row = int((corner[1] + (windows[models[0]][1] + WINDOW[1] / 2) * scale) // DOTS_Y)
    columns = {lamp: first + pitch * n for n, lamp in enumerate(models)}
    columns |= {lamp: last - pitch * n for n, lamp in enumerate(reversed(states))}
    for lamp, column in columns.items():
        colour: Any = lamp if lamp in shown.lit else "smoke"
        canvas.text(column, row, lamp.upper()[:width].center(width), colour)


def _dial(canvas: Canvas, dial: Face, centre: tuple[float, float], radius: float, shown: Frame) -> None:
    def at(needle: int) -> float:
        return face_deg(motor_deg(needle))

    canvas.arc(centre, radius, (at(0), at(dial.red_from)), "paint")
    canvas.arc(centre, radius, (at(dial.red_from), at(NEEDLE_MAX)), "red")
    canvas.arc(centre, radius - 1, (at(dial.red_from), at(NEEDLE_MAX)), "red")
    for low, high in pairwise(dial.marks if radius >= MINOR_MIN else ()):
        middle = at((low + high) // 2)
        colour = "red" if low >= dial.red_from else "paint"
        canvas.line(polar(centre, radius, middle), polar(centre, radius * 0.93, middle), colour)  # type: ignore[arg-type]
    for needle, label in dial.marks.items():
        colour = "red" if needle >= dial.red_from else "paint"
        canvas.line(polar(centre, radius, at(needle)), polar(centre, radius * 0.86, at(needle)), colour)  # type: ignore[arg-type]
        canvas.centred(*polar(centre, radius * 0.68, at(needle)), label, colour)  # type: ignore[arg-type]
    canvas.centred(centre[0], centre[1] + radius * 0.55, dial.title, "paint")
    if shown.mark and dial.name == "tach":
        canvas.centred(centre[0], centre[1] + radius * 0.82, shown.mark, "mark")
    angle = at(shown.needles[dial.name])
    tip, half = polar(centre, radius * 0.9, angle), radius * HALF_WIDTH
    for side in (-90, 0, 90):
        canvas.line(polar(centre, half, angle + side) if side else polar(centre, -radius * TAIL, angle), tip, "needle")
