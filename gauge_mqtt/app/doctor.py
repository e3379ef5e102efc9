"""Every check along the way of the data, from the settings to HTTP."""

from datetime import UTC, datetime

from gauge_mqtt.app import checks, checks_broker, checks_ccusage, checks_http, checks_prometheus, checks_quota
from gauge_mqtt.app.calibration import calibrations_of
from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.memory import Memory
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.highs import Highs
from gauge_mqtt.core.reading import Ceiling
from gauge_mqtt.core.snapshot import snapshot

TOLD = ("official", "calibrated")
"""Shares that rest on what the plan itself says."""


async def examine(loaded: LoadedSettings) -> list[Check]:
    """Every check, in the order of the data: settings, logs, windows, ceilings, broker, discovery, HTTP."""
    settings = loaded.settings
    changed = sum(origin != "default" for origin in loaded.origins.values())
    source_set = await make_sources(settings)
    await source_set.load()
    now = datetime.now(UTC)
    calibrations = calibrations_of(settings.state_dir, source_set.quota)(now)
    readings, memory = source_set.read(now), Memory(settings.state_dir, settings.topics.instance, source_set.origin)
    highs = memory.highs(readings, now)
    usage = snapshot(readings, settings.limits, settings.instance, now, highs=highs, calibrations=calibrations)
    return [
        Check("ok", "settings", f"instance {settings.instance}, {changed} set, the rest default"),
        checks.state(settings),
        *(checks.logs(source_set.tail) if source_set.tail else []),
        Check("ok", "source", f"{'+'.join(source.name for source in source_set.sources)} ({source_set.why})"),
        *(checks.account(source_set.tail, usage) if source_set.tail else [checks.totals(usage)]),
        *await checks_prometheus.prometheus(settings, source_set),
        *await checks_ccusage.ccusage(settings, source_set),
        *checks_quota.statusline(settings),
        *checks_quota.percentages(settings, source_set, now),
        *_ceilings(settings, usage, highs),
        *await checks_broker.broker(settings, short_name=loaded.origins["instance"] == "default"),
        await checks_http.http(settings),
    ]


def _ceilings(settings: Settings, usage: Usage, highs: Highs) -> list[Check]:
    """None for a fuel that the plan itself tells: nothing depends on its ceiling."""
    checks = []
    if usage.window_5h_source not in TOLD:
        fuel = (settings.ceiling_5h, usage.window_5h_tokens, usage.window_5h_pct)
        checks.append(_ceiling("5h_ceiling", *fuel, high=highs.block, largest="finished block"))
    if usage.window_7d_source not in TOLD:
        fuel = (settings.ceiling_7d, usage.window_7d_tokens, usage.window_7d_pct)
        checks.append(_ceiling("7d_ceiling", *fuel, high=highs.week, largest="seven whole days"))
    why = usage.redline_source or "unknown until there is some history"
    checks.append(Check("ok", "redline", f"{usage.redline:,} tok/min ({why})" if usage.redline else why))
    return checks


def _ceiling(
    name: str, ceiling: Ceiling | None, tokens: int | None, share: float | None, *, high: int | None, largest: str
) -> Check:
    """`high`: what `history` stands for, the `largest` of the last 30 days."""
    used = "" if share is None else f", {share:.1%} used"
    export = f"export {variable(name)}"
    if ceiling is None:
        fact = "not set: this fuel needle stays dark"
        return Check("note", name, fact, f"{export}=TOKENS  (what you have used when it is full; or history)")
    if isinstance(ceiling, str):
        if high is None:
            fact = f"history: no {largest} known yet, this fuel needle stays dark until then"
            return Check("note", name, fact, f"{export}=TOKENS  (or wait)")
        return Check("ok", name, f"history: {high:,} tokens, your largest {largest} in the last 30 days{used}")
    if tokens is not None and tokens > ceiling:
        fact = f"{ceiling:,} is less than the {tokens:,} already used: it cannot be the plan's limit"
        return Check(FAULT, name, fact, f"{export}={tokens * 5 // 4}  (or what your plan says)")
    return Check("ok", name, f"{ceiling:,} tokens{used}")
