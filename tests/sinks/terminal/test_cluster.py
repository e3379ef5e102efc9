"""What a terminal shows of every vector: the needles point where the dial's do, and the same lamps are lit."""

import json
from datetime import UTC, datetime, timedelta
from math import atan2, degrees, hypot
from pathlib import Path

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.contract.dials import face_deg
from gauge_mqtt.contract.fascia import CENTRE, FASCIA
from gauge_mqtt.contract.usage import LAMPS
from gauge_mqtt.sinks.terminal.canvas import BITS, BRAILLE, DOTS_X, DOTS_Y, PANEL, SGR
from gauge_mqtt.sinks.terminal.cluster import LOST, WORDS_ROWS, drawn, frame
from tests.support.terminal import seen
from tests.vectors.propose import paths

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEEDLE = "f06078"
"""The colour of a needle, as the terminal gives it back."""
BIG = (240, 64)


def picture(usage: dict[str, object], columns: int, rows: int) -> pyte.Screen:
    return seen("\r\n".join(drawn(frame(usage, NOW), columns, rows).lines(coloured=True)), columns, rows)


def pointed(screen: pyte.Screen, dial: str) -> float:
    """Degrees clockwise from the top: where the farthest dot in the needle's colour is seen from the shaft."""
    scale = min(screen.columns * DOTS_X / FASCIA[0], (screen.lines - WORDS_ROWS) * DOTS_Y / FASCIA[1])
    left = (screen.columns * DOTS_X - FASCIA[0] * scale) / 2
    top = ((screen.lines - WORDS_ROWS) * DOTS_Y - FASCIA[1] * scale) / 2
    x0, y0 = left + CENTRE[dial][0] * scale, top + CENTRE[dial][1] * scale
    dots = [
        (column * DOTS_X + x + 0.5 - x0, row * DOTS_Y + y + 0.5 - y0)
        for row in range(screen.lines)
        for column in range(screen.columns)
        if (cell := screen.buffer[row][column]).fg == NEEDLE and ord(cell.data) > BRAILLE
        for y, bits in enumerate(BITS)
        for x, bit in enumerate(bits)
        if (ord(cell.data) - BRAILLE) & bit
    ]
    ours = [dot for dot in dots if hypot(*dot) < 0.9 * 32 * scale and abs(dot[0]) < 30 * scale]
    x, y = max(ours, key=lambda dot: hypot(*dot))
    return degrees(atan2(x, -y))


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_vector_in_a_big_window(path: Path) -> None:
    vector = json.loads(path.read_text())
    screen = picture(vector["usage"], *BIG)
    for dial, angle in vector["frame"]["motor_deg"].items():
        difference = (pointed(screen, dial) - face_deg(angle) + 180) % 360 - 180
        assert abs(difference) < 5, dial
    lit = [lamp for lamp in LAMPS if is_lit(screen, lamp)]
    assert lit == [lamp for lamp, on in vector["frame"]["lamps"].items() if on]


def is_lit(screen: pyte.Screen, lamp: str) -> bool:
    background = "{:02x}{:02x}{:02x}".format(*map(int, SGR[lamp][0].split(";")[2:5]))  # type: ignore[index]
    return any(
        screen.buffer[row][column].bg == background for row in range(screen.lines) for column in range(screen.columns)
    )


def test_it_fits_a_terminal_of_80_by_24_with_its_words() -> None:
    rows = picture({"needle_5h": 413, "window_5h_pct": 0.413, "rate_1m": 5200.0, "last_model": "opus"}, 80, 24).display
    shown = "\n".join(rows)
    for words in ("5h FUEL", "TOKENS/MIN", "7d FUEL", "5 h 41 %", *map(str.upper, LAMPS)):
        assert words in shown
    assert "5,200 tokens/min" in shown
    assert "7 d ?" in shown


def test_a_limit_ahead_stands_in_place_of_the_reset_behind_it() -> None:
    hour = timedelta(hours=1)
    usage = {"window_5h_resets_at": NOW + 3 * hour, "window_7d_resets_at": NOW + 80 * hour}
    words = "5 h ?, resets in 3 h 00 min   rate unknown   7 d ?, resets in 3 d 8 h"
    assert frame(usage, NOW).words == words
    assert frame({**usage, "limit_5h_at": None, "limit_7d_at": "soon"}, NOW).words == words
    limits = {"limit_5h_at": (NOW + 1.5 * hour).isoformat(), "limit_7d_at": NOW + 50 * hour}
    shown = {**usage, **limits, "window_5h_pct": 0.413, "window_7d_pct": 0.655, "rate_1m": 5200.0}
    words = "5 h 41 %, used up in 1 h 30 min   5,200 tokens/min   7 d 66 %, used up in 2 d 2 h"
    assert frame(shown, NOW).words == words
    assert words[:70] in "\n".join(picture(shown, 80, 24).display)


def test_a_tiny_window_has_the_words_alone() -> None:
    rows = picture({"last_model": "opus", "window_5h_pct": 0.5}, 20, 6).display
    assert [row.rstrip() for row in rows[:2]] == ["OPUS", "5 h 50 %"]


def test_without_colour_nothing_but_bold_dim_and_reverse_is_asked_for() -> None:
    text = "".join(drawn(LOST, 80, 24).lines(coloured=False))
    assert "38;2" not in text
    assert "48;2" not in text
    assert "\x1b[7m" in text, "what is lit stands out"


def test_in_colour_the_whole_window_is_a_dark_panel_so_that_a_light_terminal_shows_it_too() -> None:
    screen = picture({"needle_5h": 413, "last_model": "opus"}, 80, 24)
    grounds = {screen.buffer[row][column].bg for row in range(24) for column in range(80)}
    assert grounds == {
        "{:02x}{:02x}{:02x}".format(*map(int, part.split(";")[2:5]))
        for part in (PANEL, SGR["opus"][0], SGR["smoke"][0])
    }


def test_demo_is_marked() -> None:
    assert "DEMO" in "\n".join(picture({"source": "demo"}, 80, 24).display)


KEYS = ("needle_5h", "needle_tach", "last_model", "hot", "window_5h_pct", "rate_1m", "source", "window_5h_resets_at")
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "needle_5h",
                "needle_tach",
                "last_model",
                "hot",
                "window_5h_pct",
                "rate_1m",
                "source",
                "window_5h_resets_at",
                "limit_7d_at",
            ]
        ),
        ANYTHING,
    ),
    st.integers(1, 200),
    st.integers(1, 60),
)
def test_nothing_that_a_publisher_may_say_breaks_the_picture(usage: dict[str, object], columns: int, rows: int) -> None:
    lines = list(drawn(frame(usage, NOW), columns, rows).lines(coloured=True))
    assert len(lines) == rows
