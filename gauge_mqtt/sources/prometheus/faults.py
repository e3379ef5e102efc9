"""What usually goes wrong between Claude Code and Prometheus, recognised from Prometheus alone."""

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec

from gauge_mqtt.sources.prometheus import acquaintance
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PromApi, PromError, Whole

EXPORTED_S = 10.0
"""What `gauge-mqtt telemetry-env` sets. A scrape that is slower makes the tach jump."""
DAYS_KEPT = 8.0
"""The 7 d window, and a day to bridge a closed lid."""
ENV = "gauge-mqtt telemetry-env"
UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
DAY_S = UNITS_S["d"]
COLLECTOR_FORGETS_S = (240, 420)
"""The collector's own `metric_expiration` is 5 min; a sample later or earlier than that is the time between scrapes."""


class Fault(NamedTuple):
    """`bad`: numbers are wrong because of it; else they are only late or coarse."""

    about: str
    fact: str
    fix: str
    bad: bool = True


class _Target(msgspec.Struct, rename="camel"):
    labels: dict[str, str]
    scrape_interval: str = ""


class _Targets(msgspec.Struct, rename="camel"):
    active_targets: list[_Target] = []


class _TargetsAnswer(Whole, kw_only=True):
    data: _Targets


def seconds(text: str) -> float | None:
    """A duration as Prometheus writes it (`1h30m`, `15d`); `None` if it is none, or only a size."""
    parts = re.findall(
        r"(?<!\d)(\d{1,9})(ms|[smhdwy])(?![a-zA-Z])|(?<!\d)(\d{1,9})(ms|[smhdwy])(?=\d)",
        text.split(" or ", maxsplit=1)[0],
    )
    found = sum(int(a or c) * UNITS_S[b or d] for a, b, c, d in parts)
    return found or None


async def missing_tokens(api: PromApi, selector: str) -> Fault:
    """Why there is no token counter at all."""
    if selector and await api.values("__name__", f'{{__name__=~"{acquaintance.METRICS}"}}'):
        return Fault(
            "selector", f"no metric of Claude Code fits {selector}, others do", "unset CLAUDE_GAUGE_PROM_SELECTOR"
        )
    found = await api.query('count(last_over_time(target_info{job=~"claude-code.*"}[1d]))')
    if found:
        fact = "Claude Code reports here, but its counters do not arrive: it exports delta, which Prometheus drops"
        return Fault("temporality", fact, f"set ..._TEMPORALITY_PREFERENCE=cumulative: {ENV}")
    return Fault("telemetry", f"{api} has no metric of Claude Code", f"{ENV}, then start Claude Code anew")


async def faults(api: PromApi, tokens: promql.Series) -> AsyncIterator[Fault]:
    """Whatever can be told of a server that has the counters; what it does not say is skipped. Raises `PromError`."""
    nameless = tokens.having(f'{tokens.label("session_id")}=""')
    if rows := await api.query(f"count(last_over_time({nameless}[1d]))"):
        falls = sum(row.value for row in await api.query(f"sum(resets({nameless}[1d]))"))
        fact = f"{rows[0].value:.0f} series without session_id"
        if falls:
            fact += f", fell {falls:.0f} times in a day: sessions write over each other, tokens are lost for good"
        yield Fault("session id", fact, "set OTEL_METRICS_INCLUDE_SESSION_ID=true", bad=bool(falls))
    async for fault in _slow_scrapes(api, tokens):
        yield fault
    kept = await _kept_s(api)
    if kept is not None and kept < DAYS_KEPT * DAY_S:
        fact = f"kept for {kept / DAY_S:.1f} days: the 7 d window needs {DAYS_KEPT:.0f}"
        yield Fault("retention", fact, "start Prometheus with --storage.tsdb.retention.time=15d")
    if forgotten := await _forgotten(api, tokens):
        fact = f"{forgotten} series vanished about 5 min after their last change, while their target went on"
        fix = "set metric_expiration: 1h in the collector's prometheus exporter"
        yield Fault("expiry", fact, fix, bad=False)


async def _slow_scrapes(api: PromApi, tokens: promql.Series) -> AsyncIterator[Fault]:
    jobs = await api.query(f"count by (job, instance) (up and on (job, instance) last_over_time({tokens}[1d]))")
    serving = {(row.labels.get("job"), row.labels.get("instance")) for row in jobs}
    try:
        targets = (await api.get("/api/v1/targets", {"state": "active"}, _TargetsAnswer)).data.active_targets
    except PromError:  # not every compatible server has it
        return
    for target in targets:
        interval = seconds(target.scrape_interval)
        known = (target.labels.get("job"), target.labels.get("instance")) in serving
        if known and (interval or 0) > EXPORTED_S:
            fact = (
                f"{target.labels.get('instance')} is scraped every {target.scrape_interval}, the tach moves that often"
            )
            yield Fault("scraping", fact, "scrape_interval: 5s for that job", bad=False)


async def _kept_s(api: PromApi) -> float | None:
    try:
        return seconds((await api.runtime()).storage_retention)
    except PromError:
        return None


async def _forgotten(api: PromApi, tokens: promql.Series) -> int:
    """How many series ended, in the last 3 h, as long after their last change as a collector keeps them by default."""
    least, most = COLLECTOR_FORGETS_S
    last = f"max_over_time(timestamp({tokens})[3h:1m])"
    grew = f"max_over_time((timestamp({tokens}) and ({tokens} unless ({tokens} == {tokens} offset 1m)))[3h:1m])"
    ended = f"((({last} - {grew}) > {least}) < {most}) unless {tokens}"
    rows = await api.query(f"count(({ended}) and on (job, instance) (up == 1))")
    return round(rows[0].value) if rows and rows[0].value > 1 else 0
