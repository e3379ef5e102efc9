"""What recording rules have counted by the minute already: the rules, and how they are asked. Pure text.

The increment is the one of `queries`, on the same whole minutes, so that a minute read here is the minute read from the
counters. A rule is evaluated a minute later, for samples that come late, and names the minute by the subquery's grid,
whatever the engine's own time of evaluation is. It looks back an hour. What comes back after a longer pause, a lid that
was closed, is counted anew then, and taken off again every half an hour, when the rules look back for days: to do that
each minute would cost a thousand machines a sixth of a core. Until then the publisher asks, for those sessions alone
that came up since.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gauge_mqtt.sources.prometheus import queries as promql

COUNTED, PRICED = "claude_code_token_usage_tokens_total", "claude_code_cost_usage_USD_total"
"""The counters that the rules read, as a collector and Prometheus' own receiver name them."""
NOBODYS = 'model=""'
"""Each rule records a 0 without labels beside what it counts: a minute in which it failed has none, one in which nobody
was at work has nothing else.
"""
REPLICAS = ("cluster_replica", "prometheus", "prometheus_replica", "receive", "receive_replica", "replica")
"""Labels in which the copies of a series differ where two servers write into one store."""
KEPT = ("exported_job", "job", "model", "query_source", "team", "type")
LOOK_BACK_S, LOOK_BACK = 3600, "1h"
RETURN_S, RETURN_BACK = 1800, promql.BRIDGED
LATE_MS = 119_999
"""A minute is recorded between one and two minutes after its end."""
MATCHED = re.compile(r"""([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)""")


class Level(NamedTuple):
    """By which labels the account is kept."""

    name: str
    labels: tuple[str, ...]

    def metric(self, counter: str, what: str = "increase1m") -> str:
        short = {COUNTED: "claude_code_tokens", PRICED: "claude_code_cost_usd"}[counter]
        return f"{self.name}:{short}:{what}"


LEVELS = (Level("team", KEPT), Level("host", (*KEPT, "host_name")))
"""The coarse first: it is the cheaper one to ask."""
BEAT = f"{LEVELS[0].metric(COUNTED)}{{{NOBODYS}}}"
"""Tells when the rules ran."""
FINEST = LEVELS[-1]
"""By which alone it is recorded what was counted anew: that is seldom, and dear to find."""


def level_for(tokens: promql.Series) -> Level | None:
    """The account that can answer for `tokens`; `None` where none can."""
    if tokens.name != COUNTED or tokens.delta or not set(tokens.copies) <= set(REPLICAS):
        return None
    left = MATCHED.sub("", tokens.selector).replace(",", "").strip()
    asked = {match[1] for match in MATCHED.finditer(tokens.selector)}
    return next((level for level in LEVELS if not left and asked <= set(level.labels)), None)


def minutes(level: Level, selector: str, *, cost: bool) -> str:
    """By the minute, to be asked over a range: as `queries.minutes`, and of which minutes there is an account, that is
    in which none of the rules failed that are asked here.
    """
    late = f"[{promql.STEP_S}s] offset -{LATE_MS}ms"

    def named(counter: str, what: str) -> str:
        return (level if what == "increase1m" else FINEST).metric(counter, what)

    def of(counter: str, what: str = "increase1m", more: str = "") -> str:
        matchers = ",".join(filter(None, (selector, more)))
        return f"sum_over_time({named(counter, what)}{{{matchers}}}{late})"

    def ran(what: str) -> str:
        counters = (COUNTED, PRICED) if cost else (COUNTED,)
        return " and ".join(f"sum(count_over_time({named(one, what)}{{{NOBODYS}}}{late}))" for one in counters)

    main = of(COUNTED, more='type="output",query_source="main"')
    facts = [
        ("beat", ran("increase1m")),
        ("back_beat", ran("returned30m")),
        ("tokens", f"sum({of(COUNTED)})"),
        ("tokens_returned", f"sum({of(COUNTED, 'returned30m')})"),
        ("model", f"sum by (model) ({main})"),
    ]
    if cost:
        facts += [("cost", f"sum({of(PRICED)})"), ("cost_returned", f"sum({of(PRICED, 'returned30m')})")]
    return promql.united(facts)


def _at_minute(counter: str, look_back: str, ago: int) -> str:
    """The value of each series at the end of the whole minute that ended `ago` seconds ago or up to a minute before."""
    return f"last_over_time(last_over_time({counter}[{look_back}])[1m:1m] offset {ago}s)"


def _once(expression: str) -> str:
    return f"max without ({', '.join(REPLICAS)}) ({expression})"


def increase(level: Level, counter: str) -> str:
    """Of the minute that ended one to two minutes ago. A series that falls again and again is written by several
    processes: of it counts what its maximum gained. What is back after a minute where it was before it fell went on
    beside another process that exported once: of it counts what it gained since.
    """
    now, before = _at_minute(counter, "5m", 60), _at_minute(counter, LOOK_BACK, 120)
    shown = f"max_over_time(last_over_time({counter}[5m])[2m:1m] offset 120s)"
    mixed = f"(resets({counter}[{promql.FELL_S}s] offset 1m) >= {promql.FALLS})"
    most = [f"max_over_time({counter}[{promql.FELL_S}s] offset {ago}m)" for ago in (1, 2)]
    plain = f"((({now} - {shown}) >= 0 or ({now} - {before}) >= 0 or ({now} + 0)) > 0) unless {mixed}"
    gained = f"(({most[0]} - {most[1]}) > 0) and {mixed}"
    return _by(level, _once(f"{plain} or {gained}"))


def returned(level: Level, counter: str) -> str:
    """What `increase` has counted anew in half an hour, of series that were away for longer than it looks back."""
    return _by(level, _anew(counter, f"[{RETURN_S}s:1m] offset 1m", RETURN_S + 120))


def _by(level: Level, expression: str) -> str:
    """And `NOBODYS`."""
    return f"sum by ({', '.join(level.labels)}) (\n  {expression}\n) or vector(0)"


def came_up(selector: str, seconds: int) -> str:
    """The sessions that came up in the `seconds` since the last half hour, and may have been away for longer."""
    series = promql.Series(COUNTED, selector).output
    before = f"last_over_time({series}[{LOOK_BACK_S + promql.STEP_S - seconds}s] offset {seconds}s)"
    new = f"count by ({series.label('session_id')}) (last_over_time({series}[{seconds}s]) unless {before})"
    return promql.united([("new", new)])


def came_back(selector: str, sessions: Iterable[str], seconds: int, *, cost: bool) -> str:
    """What `returned` will say of these sessions for the `seconds` since the last half hour."""
    counters = [("tokens", COUNTED), *([("cost", PRICED)] if cost else [])]
    few = [(fact, str(promql.Series(name, selector).of(sessions))) for fact, name in counters]
    return promql.united(
        [(f"{fact}_returned", f"sum({_anew(one, f'[{seconds - 1}s:1m]', seconds)})") for fact, one in few]
    )


def _anew(series: str, lately: str, before_s: int) -> str:
    """What series had before that was `before_s` ago or earlier, and came up in the range `lately` with no less."""
    fresh = f"(last_over_time({series}[5m]) unless last_over_time({series}[{LOOK_BACK}] offset 1m))"
    known = f"last_over_time({series}[{RETURN_BACK}] offset {before_s}s)"
    return _once(f"{known} <= max_over_time({fresh}{lately})")


def rules_page(note: str) -> str:
    """The rules as Prometheus, vmalert, and the rulers of Mimir and Thanos read them."""
    both = [(level, counter) for counter in (COUNTED, PRICED) for level in LEVELS]
    by_minute = [(level.metric(counter), increase(level, counter)) for level, counter in both]
    by_half_hour = [(FINEST.metric(one, "returned30m"), returned(FINEST, one)) for one in (COUNTED, PRICED)]
    groups = [
        ("claude-gauge minutes", "1m", by_minute),
        ("claude-gauge returned", f"{RETURN_S // 60}m", by_half_hour),
    ]
    return note + "groups:\n" + "".join(line for group in groups for line in _group(*group))


def _group(name: str, interval: str, rules: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"  - name: {name}\n    interval: {interval}\n    rules:\n"
    for metric, expression in rules:
        yield f"      - record: {metric}\n        expr: |\n"
        yield "".join(f"          {line}\n" for line in expression.splitlines())
