"""The snapshot for a person at a terminal. Pure: rows of text."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gauge_mqtt.contract.messages import bare, lamps
from gauge_mqtt.contract.usage import KEYS, Usage, values
from gauge_mqtt.core.reading import Reading

UNKNOWN = "unknown"


class TableRow(NamedTuple):
    label: str
    value: str
    note: str = ""


def summary(usage: Usage) -> list[TableRow]:
    """The window values, the ratios and the lamps."""
    lit = [lamp.upper() for lamp, on in lamps(usage).items() if on]
    return [
        TableRow("5 h window", _tokens(usage.window_5h_tokens), _share(usage.window_5h_pct, usage.window_5h_source)),
        *_ahead(usage.limit_5h_at, usage.window_5h_resets_at, usage.updated_at),
        TableRow("7 d window", _tokens(usage.window_7d_tokens), _share(usage.window_7d_pct, usage.window_7d_source)),
        *_ahead(usage.limit_7d_at, usage.window_7d_resets_at, usage.updated_at),
        TableRow("rate", _with(usage.rate_1m, "tok/min"), _redline(usage)),
        TableRow("cache hits", _percent(usage.cache_hit_rate), "last 5 min"),
        TableRow("thinking", _percent(usage.thinking_ratio), "of the output in the 5 h window"),
        TableRow("last model", usage.last_model or UNKNOWN, usage.last_model_id or ""),
        TableRow("lamps", " ".join(lit) or "all dark", ",".join(usage.warn_reasons or ())),
    ]


def explanation(usage: Usage, readings: Sequence[Reading]) -> list[TableRow]:
    """Every key: its value, what it is, where it comes from and how old it is."""
    rows = []
    source = "+".join(reading.source for reading in readings if reading.source)
    observed = max((r.observed_at for r in readings if r.observed_at), default=None)
    asof, basis = dict[str, datetime | None](), dict[str, str | None](redline=usage.redline_source)
    for window, at, rests_on in (
        ("5h", usage.window_5h_asof, usage.window_5h_source),
        ("7d", usage.window_7d_asof, usage.window_7d_source),
    ):
        keys = (f"window_{window}_pct", f"window_{window}_error", f"window_{window}_resets_at", f"limit_{window}_at")
        asof |= dict.fromkeys(keys, at)
        basis |= dict.fromkeys(keys, rests_on)
    for key, value in values(usage).items():
        origin = basis.get(key) or source
        age = _age(asof.get(key, observed), usage.updated_at)
        note = KEYS[key].about if value is None else f"{KEYS[key].about}: {origin}, {age}"
        rows.append(TableRow(key, "null" if value is None else bare(value), note))
    return rows


def _tokens(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count:,} tokens"


def _with(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{value:,.0f} {unit}"


def _percent(ratio: float | None) -> str:
    return UNKNOWN if ratio is None else f"{ratio:.1%}"


def _share(share: float | None, basis: str | None) -> str:
    return f"{share:.1%} used ({basis})" if share is not None else "share unknown"


def _redline(usage: Usage) -> str:
    return f"redline {usage.redline:,} ({usage.redline_source})" if usage.redline else "redline unknown"


def _ahead(limit: datetime | None, resets: datetime | None, now: datetime) -> list[TableRow]:
    """When a window is used up at this pace, and when it ends, as far as known."""
    rows = (("used up", limit, " at this pace"), ("ends", resets, ""))
    return [TableRow("", "", f"{word} {_until(at, now)}{why}") for word, at, why in rows if at is not None]


def _until(at: datetime, now: datetime) -> str:
    left = max(timedelta(), at - now)
    minutes = left // timedelta(minutes=1)
    if left < timedelta(days=1):
        return f"{_clock(at)}, in {minutes // 60} h {minutes % 60:02d} min"
    return f"{_clock(at, '%a %H:%M')}, in {left.days} d {minutes // 60 % 24} h"


def _clock(at: datetime, form: str = "%H:%M") -> str:
    """The local time of day; that of UTC where the time zone that is set has no meaning (`TZ=UTC+99`)."""
    try:
        return at.astimezone().strftime(form)
    except (ValueError, OverflowError, OSError):
        return f"{at.strftime(form)} UTC"


def _age(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "age unknown"
    seconds = max(0, int((now - at) / timedelta(seconds=1)))
    return f"{seconds} s old" if seconds < 120 else f"{seconds // 60} min old"  # noqa: PLR2004, two minutes
