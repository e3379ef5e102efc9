"""The pictures of the flight report, as SVG: a bar a day, and the hours of the week. Pure; the look is the dials'."""

from collections.abc import Iterable, Sequence
from html import escape

from gauge_mqtt.contract.insights import HOURS, Insights

PAPER, INK, QUIET, RED = "#f6efe1", "#2b2320", "#6b6156", "#7c1f2d"
FAMILIES = {"opus": "#d9592b", "sonnet": "#dc9a22", "haiku": "#4fae4b", "other": "#8b8074"}
"""As the lamps of the annunciator."""
WIDTH, LEFT, RIGHT = 720, 70, 20
FONT = "font-family=\"Georgia,'Times New Roman',serif\""
SERIF = f'{FONT} font-size="13" fill="{INK}"'
SMALL = f'{FONT} font-size="11" fill="{QUIET}"'


def _svg(height: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">'
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def short(n: float) -> str:
    """`655000000` => `655 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n:.3g}"


def amount(day: Insights, key: str) -> float:
    """A value as tall as it is drawn: what is not known is not drawn."""
    value = day.values[key]
    return value if isinstance(value, int | float) else 0


def tokens_by_day(days: Sequence[Insights]) -> str:
    """A bar a day, in the colours of the families."""
    height, top, low = 240, 40, 190
    most = max((amount(day, "tokens") for day in days), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    parts = [f'<text x="{LEFT}" y="26" {SERIF}>Tokens by day</text>']
    for share in (0.5, 1):
        y = low - (low - top) * share
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{QUIET}" stroke-width=".5" opacity=".6"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {SMALL}>{short(most * share)}</text>')
    for number, day in enumerate(days):
        x, y = LEFT + step * (number + 0.15), float(low)
        for family, colour in FAMILIES.items():
            tall = (low - top) * amount(day, f"tokens_{family}") / most
            if tall > 0:
                y -= tall
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{tall:.1f}" fill="{colour}"/>'
                )
        middle = LEFT + step * (number + 0.5)
        parts.append(f'<text x="{middle:.1f}" y="{low + 18}" text-anchor="middle" {SMALL}>{day.last:%a %d}</text>')
    for number, (family, colour) in enumerate(FAMILIES.items()):
        x = LEFT + number * 90
        parts.append(f'<rect x="{x}" y="{low + 30}" width="10" height="10" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="{low + 39}" {SMALL}>{family}</text>')
    return _svg(height, "Tokens by day and family of model", parts)


def hours_of_the_week(days: Sequence[Insights]) -> str:
    """A square an hour, the redder the more responses."""
    row, top = 22, 44
    step = (WIDTH - LEFT - RIGHT) / HOURS
    profiles = [hours if isinstance(hours := day.values["hours"], tuple) else (0,) * HOURS for day in days]
    most = max((n for profile in profiles for n in profile), default=0) or 1
    parts = [f'<text x="{LEFT}" y="26" {SERIF}>Responses by hour</text>']
    for number, (day, profile) in enumerate(zip(days, profiles, strict=True)):
        y = top + row * number
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" {SMALL}>{day.last:%a %d}</text>')
        for hour, n in enumerate(profile):
            shade = "none" if not n else RED
            opacity = 0.15 + 0.85 * n / most
            parts.append(
                f'<rect x="{LEFT + step * hour + 1:.1f}" y="{y}" width="{step - 2:.1f}" height="{row - 3}" rx="3" '
                f'fill="{shade}" fill-opacity="{opacity:.2f}" stroke="{QUIET}" stroke-opacity=".3"/>'
            )
    y = top + row * len(days) + 12
    parts += [
        f'<text x="{LEFT + step * hour:.1f}" y="{y}" text-anchor="middle" {SMALL}>{hour:02}</text>'
        for hour in range(0, HOURS + 1, 6)
    ]
    return _svg(y + 14, "Responses by day and hour", parts)
