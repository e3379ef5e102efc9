"""The plan's limits as Claude Code writes them down: in `usageReport` lines, in `.claude.json`, and as text.

Untrusted input: what cannot be read as a limit is left out, what cannot be true is refused by `core.quota`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gauge_mqtt.core.quota import Sample, WindowName
from gauge_mqtt.core.reading import Channel

KINDS: Mapping[str, WindowName] = {"session": "5h", "weekly_all": "7d", "weekly_scoped": "model"}
"""The server's kind of a limit -> our window. Others (spend, a surface's) are none of ours."""
NAME_MAX = 64
COST = re.compile(r"cost:\s+\$([\d.,]+)", re.IGNORECASE)
LINE = re.compile(
    r"^Current (?P<what>session|week \((?P<name>[^)\n]{1,64})\)): (?P<percent>\d{1,12})% used"
    r"(?: . resets (?:(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})(?:, (?P<year>\d{4}))?(?:,| at) )?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>am|pm) \(UTC\))?",
    re.MULTILINE | re.IGNORECASE,
)
"""A line of `/usage`. Its times are of the zone in brackets; we ask for UTC."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ALL_MODELS = "all models"

NOTHING = msgspec.Raw(b"null")

Text = Annotated[str, Meta(max_length=4096)]


class _Model(Struct):
    display_name: Text


class _Scope(Struct):
    model: _Model | None = None


class _Limit(Struct):
    kind: Text
    percent: float | None = None
    resets_at: Text | None = None
    scope: _Scope | None = None


class _Window(Struct):
    utilization: float | None = None
    resets_at: Text | None = None


class Utilization(Struct):
    """What the server last said, as `.claude.json` keeps it."""

    five_hour: msgspec.Raw = NOTHING
    seven_day: msgspec.Raw = NOTHING
    limits: list[msgspec.Raw] | None = None


def of_limits(limits: Iterable[msgspec.Raw], seen_at: float, channel: Channel) -> list[Sample]:
    """The samples of a `limits` list. One limit that is not as it should be does not cost the others."""
    found = []
    for raw in limits:
        try:
            limit = msgspec.json.decode(raw, type=_Limit)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        model = limit.scope.model if limit.scope else None
        name = _name(model.display_name) if model else ""
        window = KINDS.get(limit.kind)
        if window and limit.percent is not None and limit.resets_at and (window == "model") == bool(name):
            found.append(Sample(window, limit.percent, _instant(limit.resets_at), seen_at, channel, name))
    return found


def of_utilization(utilization: Utilization, seen_at: float, channel: Channel) -> list[Sample]:
    """The samples of an answer of the server: its limits, and the two windows that older ones have beside them."""
    found = of_limits(utilization.limits or (), seen_at, channel)
    windows: Mapping[WindowName, msgspec.Raw] = {"5h": utilization.five_hour, "7d": utilization.seven_day}
    for name, raw in windows.items():
        try:
            window = msgspec.json.decode(raw, type=_Window | None)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if window and window.utilization is not None and window.resets_at and all(s.window != name for s in found):
            found.append(Sample(name, window.utilization, _instant(window.resets_at), seen_at, channel))
    return found


def of_text(text: str, seen_at: float) -> Iterator[Sample]:
    """The samples of what `/usage` prints, where the times are in UTC."""
    for match in LINE.finditer(text):
        resets_at = _written(match, seen_at)
        if resets_at is None:
            continue  # a window that has not begun
        name = match["name"] or ""
        model = "" if name.lower() in {"", ALL_MODELS} else _name(name.removesuffix(" only"))
        window: WindowName = "5h" if match["what"].lower() == "session" else "model" if model else "7d"
        yield Sample(window, float(match["percent"]), resets_at, seen_at, "command", model)


def cost_of_text(text: str) -> float:
    """US dollars that the session of `/usage` says it has cost; NaN for a number that cannot be read."""
    match = COST.search(text)
    try:
        return float(match[1].replace(",", "")) if match else 0.0
    except ValueError:
        return nan


def _written(match: re.Match[str], now: float) -> float | None:
    """The instant of `resets Nov 28, 2pm (UTC)`, of today or the next day if no date is said, and of the year that
    makes it the nearest.
    """
    if match["hour"] is None:
        return None
    today = datetime.fromtimestamp(now, UTC)
    hour = int(match["hour"]) % 12 + (12 if match["half"].lower() == "pm" else 0)
    minute, month = int(match["minute"] or 0), (match["month"] or "").lower()
    if not month:
        at = _at(today.year, today.month, today.day, hour, minute)
        return (at if at >= today else at + timedelta(days=1)).timestamp() if at else None
    years = [int(match["year"])] if match["year"] else [today.year - 1, today.year, today.year + 1]
    number = MONTHS.index(month) + 1 if month in MONTHS else 0
    found = [at for year in years if (at := _at(year, number, int(match["day"]), hour, minute))]
    return min(found, key=lambda at: abs(at - today)).timestamp() if found else None


def _at(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    """`None` for what no calendar has: 30 February, 61 minutes."""
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _instant(text: str) -> float:
    """Unix seconds of an ISO time with its zone; NaN, which is refused, for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return at.timestamp() if at.tzinfo else nan
    except (ValueError, OverflowError):
        return nan


def _name(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:NAME_MAX].strip()
