"""Readings + limits + now => one `Usage`. Arithmetic only: never raises, sleeps, logs or reads the clock."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gauge_mqtt.contract.scale import WARN_ABOVE, fuel_needle, tach_needle
from gauge_mqtt.contract.usage import PctSource, RedlineSource, StallReason, Usage, WarnReason
from gauge_mqtt.core.calibration import ROUNDING, Calibration
from gauge_mqtt.core.certificate import UNCALIBRATED, Calibrations
from gauge_mqtt.core.fusion import fused
from gauge_mqtt.core.highs import UNKNOWN_HIGHS, Highs
from gauge_mqtt.core.models import family, public_id
from gauge_mqtt.core.pace import limit_5h, limit_7d
from gauge_mqtt.core.quota import merge
from gauge_mqtt.core.reading import (
    CLOCK_SKEW,
    OPEN_WINDOW,
    Ceiling,
    Limits,
    PlanSamples,
    Quota,
    Ratio,
    Reading,
    Window,
)
from gauge_mqtt.core.totals import UNCOUNTED, Counted

REDLINE_FLOOR = 8_000
"""Tokens a minute (the seeds' figure): a redline learned from history is never below it."""
CACHE_JUDGED_FROM = 200_000
"""Cacheable input tokens in 5 minutes below which a low hit rate says nothing."""
COOL_BELOW = (9, 10)
"""HOT that is on goes off at this fraction of the redline or below: a rate about the redline does not flicker."""

_CEILING: PctSource = "ceiling"
_HISTORY: PctSource = "history"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fuel:
    """One plan window, resolved."""

    share: float | None
    source: PctSource | None
    resets_at: datetime | None
    asof: datetime | None
    error: float | None = None
    elsewhere: float | None = None


def snapshot(
    readings: Sequence[Reading],
    limits: Limits,
    instance: str,
    now: datetime,
    *,
    before: Usage | None = None,
    counted: Counted = UNCOUNTED,
    highs: Highs = UNKNOWN_HIGHS,
    calibrations: Calibrations = UNCALIBRATED,
) -> Usage:
    """The one snapshot. `readings` in order of preference: for each fact the first that knows it is believed.

    `before`: the snapshot before this one, for the lamps that depend on what they were. `counted`: the totals, which
    are kept from one snapshot to the next by whoever asks for them (`totals`). `highs`: what the ceiling `history`
    stands for. `calibrations`: those that hold now.
    """
    rate = _first(readings, lambda r: r.rate_tokens)
    window_5h = _first(readings, lambda r: r.window_5h)
    window_7d = _first(readings, lambda r: r.window_7d)
    fuel_5h = _official(readings, lambda r: r.quota_5h, lambda r: r.plan_5h, calibrations.five_hours, now) or _counted(
        readings, lambda r: r.window_5h, limits.ceiling_5h, highs.block
    )
    fuel_7d = _official(readings, lambda r: r.quota_7d, lambda r: r.plan_7d, calibrations.week, now) or _counted(
        readings, lambda r: r.window_7d, limits.ceiling_7d, highs.week
    )
    model_week = merge([found for reading in readings if (found := reading.quota_model)], now)
    cache = _first(readings, lambda r: r.cache)
    redline, redline_source = _redline(readings, limits)
    model = _model(readings, now)
    warn_reasons = _warn_reasons(fuel_5h, fuel_7d, cache, limits)
    stall_reason = _stall_reason(readings, limits, now)
    stall = None if stall_reason is None else stall_reason != "none"
    return Usage(
        rate_1m=rate,
        window_5h_tokens=window_5h.tokens if window_5h else None,
        window_7d_tokens=window_7d.tokens if window_7d else None,
        window_5h_pct=fuel_5h.share,
        window_7d_pct=fuel_7d.share,
        thinking_ratio=_ratio(_first(readings, lambda r: r.thinking)),
        cache_hit_rate=_ratio(cache),
        last_model=family(model),
        hot=_hot(rate, redline, was_hot=bool(before and before.hot)),
        warn=None if warn_reasons is None else bool(warn_reasons),
        stall=stall,
        idle=None if rate is None or stall is None else rate == 0 and not stall and not _open_turns(readings, now),
        updated_at=now,
        instance=instance,
        source=_named(readings),
        window_5h_source=fuel_5h.source,
        window_7d_source=fuel_7d.source,
        window_5h_resets_at=fuel_5h.resets_at,
        window_7d_resets_at=fuel_7d.resets_at,
        window_5h_asof=fuel_5h.asof,
        window_7d_asof=fuel_7d.asof,
        cost_5h_usd=window_5h.cost_usd if window_5h else None,
        cost_7d_usd=window_7d.cost_usd if window_7d else None,
        last_model_id=public_id(model),
        needle_5h=fuel_needle(fuel_5h.share),
        needle_tach=tach_needle(rate, redline),
        needle_7d=fuel_needle(fuel_7d.share),
        warn_reasons=warn_reasons,
        stall_reason=stall_reason,
        redline=redline,
        redline_source=redline_source,
        telemetry_at=max((r.telemetry_at for r in readings if r.telemetry_at), default=None),
        refused_lines=_first(readings, lambda r: r.refused),
        tokens_total=counted.tokens,
        cost_total_usd=counted.cost_usd,
        window_5h_error=fuel_5h.error,
        window_7d_error=fuel_7d.error,
        elsewhere_5h_pct=fuel_5h.elsewhere,
        calibration=calibrations.sticker,
        limit_5h_at=limit_5h(
            fuel_5h.share,
            fuel_5h.resets_at,
            window_5h.tokens if window_5h else None,
            _first(readings, lambda r: r.pace_tokens),
            now,
            before=before.limit_5h_at if before else None,
        ),
        limit_7d_at=limit_7d(fuel_7d.share, fuel_7d.resets_at, now, before=before.limit_7d_at if before else None),
        model_week_pct=round(model_week.used_percent / 100, 4) if model_week else None,
        model_week_name=model_week.model if model_week else None,
    )


def _named(readings: Sequence[Reading]) -> str:
    """The sources, and what everybody should know of them."""
    names = "+".join(dict.fromkeys(reading.source for reading in readings if reading.source)) or "none"
    notes = dict.fromkeys(reading.note for reading in readings if reading.note)
    return f"{names} ({', '.join(notes)})" if notes else names


def _first(readings: Sequence[Reading], fact: Callable[[Reading], T | None]) -> T | None:
    for reading in readings:
        if (value := fact(reading)) is not None:
            return value
    return None


def _ratio(ratio: Ratio | None) -> float | None:
    if ratio is None or ratio.whole <= 0:
        return None
    return round(min(max(ratio.part / ratio.whole, 0.0), 1.0), 4)


def _hot(rate: int | None, redline: int | None, *, was_hot: bool) -> bool | None:
    if rate is None or redline is None:
        return None
    part, whole = COOL_BELOW
    return rate > redline or (was_hot and rate * whole > redline * part)


def _official(
    readings: Sequence[Reading],
    quota: Callable[[Reading], Quota | None],
    plan: Callable[[Reading], PlanSamples | None],
    calibration: Calibration | None,
    now: datetime,
) -> Fuel | None:
    """What the plan itself says, moved by the tokens counted since where they are calibrated."""
    official = merge([found for reading in readings if (found := quota(reading))], now)
    if official is None:
        return None
    share = round(official.used_percent / 100, 4)
    told = Fuel(share, "official", official.resets_at, official.seen_at, ROUNDING)
    known = _first(readings, plan)
    if known is None or calibration is None or abs(known.samples[-1].share - share) > ROUNDING / 10:
        return told
    needle = fused(known.samples, known.since, calibration, now.timestamp())
    if needle is None or not needle.calibrated:
        return told
    elsewhere = None
    if known.before is not None:
        unexplained = share - calibration.moved(known.before)
        elsewhere = round(min(1.0, max(0.0, unexplained - calibration.half_width(share, 0))), 4)
    source: PctSource = "calibrated" if known.since and any(known.since) else "official"
    error = round(min(1.0, needle.error if source == "calibrated" else ROUNDING), 4)
    return Fuel(round(needle.share, 4), source, official.resets_at, official.seen_at, error, elsewhere)


def _counted(
    readings: Sequence[Reading], window: Callable[[Reading], Window | None], ceiling: Ceiling | None, high: int | None
) -> Fuel:
    """What the owner's ceiling makes of the tokens. `high`: in its place where it is `history`."""
    full, basis = (high, _HISTORY) if isinstance(ceiling, str) else (ceiling, _CEILING)
    for reading in readings:
        if local := window(reading):
            share = min(1.0, round(local.tokens / full, 4)) if full else None
            return Fuel(share, basis if full else None, local.ends_at, reading.observed_at)
    return Fuel(None, None, None, None)


def _redline(readings: Sequence[Reading], limits: Limits) -> tuple[int | None, RedlineSource | None]:
    if limits.redline is not None:
        return limits.redline, "set"
    busy = _first(readings, lambda r: r.busy_minute_tokens)
    return (None, None) if busy is None else (max(busy, REDLINE_FLOOR), "history")


def _model(readings: Sequence[Reading], now: datetime) -> str | None:
    seen = [(r.model_at, r.model) for r in readings if r.model and r.model_at and now - r.model_at < OPEN_WINDOW]
    return max(seen)[1] if seen else None


def _warn_reasons(fuel_5h: Fuel, fuel_7d: Fuel, cache: Ratio | None, limits: Limits) -> tuple[WarnReason, ...] | None:
    """`None` while neither a fuel nor the cache can be judged: then nobody knows whether to warn."""
    if fuel_5h.share is None and fuel_7d.share is None and cache is None:
        return None
    reasons: list[WarnReason] = []
    if fuel_5h.share is not None and fuel_5h.share > WARN_ABOVE:
        reasons.append("fuel_5h")
    if fuel_7d.share is not None and fuel_7d.share > WARN_ABOVE:
        reasons.append("fuel_7d")
    if cache is not None and cache.whole >= CACHE_JUDGED_FROM and cache.part / cache.whole < limits.cache_warn_below:
        reasons.append("cache")
    return tuple(reasons)


def _stall_reason(readings: Sequence[Reading], limits: Limits, now: datetime) -> StallReason | None:
    """Whether telemetry that was due is missing, and which. `None` before any source has looked."""
    looked = [r for r in readings if r.observed_at or r.failing_since]
    if not looked:
        return None
    late = now - limits.stall_after
    if _unreadable(looked, late):
        return "source"
    if _unanswered(looked, late, now):
        return "turn"
    return "silence" if _silent(looked, late, now) else "none"


def _unreadable(looked: Sequence[Reading], late: datetime) -> bool:
    """A source fails for too long."""
    return any(r.failing_since and r.failing_since < late for r in looked)


def _unanswered(looked: Sequence[Reading], late: datetime, now: datetime) -> bool:
    """A turn is open for too long, and nothing else was heard since."""
    if not any(at < late for at in _open_turns(looked, now)):
        return False
    return not any(at >= late for at in _not_ahead((r.telemetry_at for r in looked), now))


def _silent(looked: Sequence[Reading], late: datetime, now: datetime) -> bool:
    """No source sees turns, and of those whose samples are fresh none had tokens for too long."""
    if any(r.sees_turns for r in looked):
        return False
    heard = _not_ahead((r.activity_at for r in looked), now)
    return bool(heard) and all(at < late for at in heard)


def _open_turns(readings: Iterable[Reading], now: datetime) -> list[datetime]:
    """Since when turns await their answer; what nobody came back to for 5 h is not waited for."""
    return [at for at in _not_ahead((r.open_turn_at for r in readings), now) if at > now - OPEN_WINDOW]


def _not_ahead(instants: Iterable[datetime | None], now: datetime) -> list[datetime]:
    """Those that are known. One from a wrong clock that is ahead of ours must not speak for the others."""
    return [at for at in instants if at is not None and at <= now + CLOCK_SKEW]
