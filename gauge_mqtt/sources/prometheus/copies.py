"""Copies: the same series twice in one store, told apart by a label of whoever collected them.

A pair of Prometheus servers that both write into one store, and a server that federates what it also scrapes, have
every series of Claude Code twice. Two series of one session that differ in no attribute of Claude Code's own and stand
at the same value are copies; the labels in which they differ are to be ignored.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PartError, PromError, Whole
from gauge_mqtt.sources.prometheus.facts import Facts, plain

SERIES_MAX, SESSIONS_MAX = 1000, 20
"""Of so many series the labels are looked at, and of so many sessions that seem to be there twice the values."""
WEEK_S, LATELY_S = 8 * 86_400, 3600
OWN = ("session", "model", "type", "query", "effort", "agent", "speed", "skill", "plugin", "marketplace", "mcp", "host",
       "user", "organization", "terminal", "app", "os", "anthropic", "start")  # fmt: skip
"""How the attributes of Claude Code begin, and those that tell machines apart: https://code.claude.com/docs/en/monitoring-usage"""
Labels = Mapping[str, str]


class Copies(NamedTuple):
    """`labels`: those in which copies differ. `keep`: the matcher that leaves one of each."""

    labels: tuple[str, ...] = ()
    keep: str = ""


NONE = Copies()


class _SeriesAnswer(Whole, kw_only=True):
    data: list[dict[str, str]]


async def copies_of(facts: Facts, tokens: promql.Series, before: Copies | None) -> Copies:
    """The copies among the series of a week, later of an hour; `before` if nobody can tell. Raises `PromError`."""
    main = tokens.main_output.having(f'{tokens.label("session_id")}!=""')
    since = facts.server_now() - (WEEK_S if before is None else LATELY_S)
    form = {"match[]": str(main), "limit": str(SERIES_MAX), "start": f"{since:.0f}"}
    facts.requests += 1
    try:
        series = (await facts.api.get("/api/v1/series", form, _SeriesAnswer)).data
    except PartError:
        raise
    except PromError:  # an old server knows no limit, and a large one answers with too much then
        return before or NONE
    pairs = list(_pairs(series))
    if not pairs:
        return before or NONE
    sessions = {plain(pair[0]).get("session_id", "") for pair in pairs}
    few = main.of(sorted(sessions)[:SESSIONS_MAX])
    found = await facts.ask(promql.united([("most", f"max_over_time({few}[{WEEK_S}s])")]))
    most = {_key(row.labels): row.value for row in found.get("most", [])}
    judged = [pair for pair in pairs if all(_key(one) in most for one in pair)]
    same = [pair for pair in judged if most[_key(pair[0])] == most[_key(pair[1])]]
    if not same or 2 * len(same) < len(judged):
        return NONE if judged else before or NONE
    labels = sorted({name for pair in same for name in _differing(*pair)})
    return Copies(tuple(labels), _keep(labels, (one for pair in same for one in pair)))


def _pairs(series: Iterable[Labels]) -> Iterable[tuple[Labels, Labels]]:
    """Those of one session that differ in nothing of Claude Code's own."""
    alike: dict[object, list[Labels]] = defaultdict(list)
    for labels in series:
        alike[_key({name: value for name, value in labels.items() if name.startswith(OWN)})].append(labels)
    for group in alike.values():
        yield from combinations(group[:4], 2)


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in plain(labels).items() if name not in {"__name__", promql.FACT})


def _differing(one: Labels, other: Labels) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)} - {"__name__"}


def _keep(labels: Iterable[str], series: Iterable[Labels]) -> str:
    """One value of the most telling label: that of the series with the fewest labels, as a copy of a copy has more."""
    name = min(labels, key=lambda name: ("replica" not in name, name.startswith("exported_"), len(name), name))
    fewest: dict[str, int] = {}
    for one in series:
        value = one.get(name, "")
        fewest[value] = min(len(one), fewest.get(value, len(one)))
    return f'{promql.quoted(name)}="{min(fewest, key=lambda value: (fewest[value], value))}"'
