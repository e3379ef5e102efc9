"""Every check along the way of the data, from the settings to HTTP."""

from datetime import UTC, datetime

from gauge_mqtt.app import checks, checks_broker, checks_ccusage, checks_http, checks_quota
from gauge_mqtt.app.calibration import calibrations_of
from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.contract import Usage
from gauge_mqtt.core import snapshot


async def examine(loaded: LoadedSettings) -> list[Check]:
    """Every check, in the order of the data: settings, logs, windows, ceilings, broker, discovery, HTTP."""
    settings = loaded.settings
    changed = sum(origin != "default" for origin in loaded.origins.values())
    source_set = await make_sources(settings)
    await source_set.load()
    now = datetime.now(UTC)
    calibrations = calibrations_of(settings.state_dir, source_set.quota)(now)
    usage = snapshot(source_set.read(now), settings.limits, settings.instance, now, calibrations=calibrations)
    return [
        Check("ok", "settings", f"instance {settings.instance}, {changed} set, the rest default"),
        checks.state(settings),
        *(checks.logs(source_set.tail) if source_set.tail else []),
        Check("ok", "source", f"{'+'.join(source.name for source in source_set.sources)} ({source_set.why})"),
        *(checks.account(source_set.tail, usage) if source_set.tail else [checks.totals(usage)]),
        *await checks.prometheus(settings, source_set),
        *await checks_ccusage.ccusage(settings, source_set),
        *checks_quota.statusline(settings),
        *checks_quota.percentages(settings, source_set, now),
        *_ceilings(settings, usage),
        *await checks_broker.broker(settings, short_name=loaded.origins["instance"] == "default"),
        await checks_http.http(settings),
    ]


def _ceilings(settings: Settings, usage: Usage) -> list[Check]:
    checks = []
    for name, ceiling, tokens, share, basis in (
        ("5h_ceiling", settings.ceiling_5h, usage.window_5h_tokens, usage.window_5h_pct, usage.window_5h_source),
        ("7d_ceiling", settings.ceiling_7d, usage.window_7d_tokens, usage.window_7d_pct, usage.window_7d_source),
    ):
        if basis == "official":
            continue  # told by the plan itself: nothing depends on a ceiling
        if ceiling is None:
            fact = "not set: this fuel needle stays dark"
            checks.append(
                Check("note", name, fact, f"export {variable(name)}=TOKENS  (what you have used when it is full)")
            )
        elif tokens is not None and tokens > ceiling:
            fact = f"{ceiling:,} is less than the {tokens:,} already used: it cannot be the plan's limit"
            checks.append(
                Check(FAULT, name, fact, f"export {variable(name)}={tokens * 5 // 4}  (or what your plan says)")
            )
        else:
            checks.append(
                Check("ok", name, f"{ceiling:,} tokens" + (f", {share:.1%} used" if share is not None else ""))
            )
    why = usage.redline_source or "unknown until there is some history"
    checks.append(Check("ok", "redline", f"{usage.redline:,} tok/min ({why})" if usage.redline else why))
    return checks
