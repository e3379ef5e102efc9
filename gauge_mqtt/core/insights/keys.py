"""The keys of a span, made of its days' tallies. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from math import fsum
from statistics import median

from gauge_mqtt.contract.insights import (
    DORMANT_DAYS,
    HOURS,
    KEYS,
    LENGTHS,
    PERIODS,
    SERIES_DAYS,
    Insights,
    Period,
    Value,
)
from gauge_mqtt.contract.usage import MODEL_LAMPS
from gauge_mqtt.core.insights.bills import prices
from gauge_mqtt.core.insights.calendar import days_of_month
from gauge_mqtt.core.insights.names import EDITS, READS, SUBAGENTS, WRITES
from gauge_mqtt.core.insights.rank import spearman
from gauge_mqtt.core.insights.tally import TOKENS, Tally, tokens_of

NIGHT = range(5)
NIGHT_HOURS = 4
"""So many of the hours from midnight to five, each with a response, make a night through. One may be missing: on the
night on which clocks go forward it does not exist.
"""
LENGTH_EDGES = (5, 15, 60, 180)
"""Minutes at which `LENGTHS` part."""
PACE_DAYS, PACE_DAYS_LEAST = 14, 3
"""Days whose mean is the pace of a month, and of how many there must be."""
NOTHING = Tally()


def insights(
    days: Mapping[int, Tally], last: int, period: Period, now: datetime, *, git: bool = False,
    series: Mapping[int, float] | None = None,
) -> Insights:  # fmt: skip
    """The span of `period` that ends with the local day `last`. `days`: ordinal -> tally, of every day that is kept.

    `git`: whether commits are counted; `series`: a number a day of the user's own, by ordinal.
    """
    first = last - PERIODS[period] + 1
    span = {day: days[day] for day in range(first, last + 1) if day in days}
    counts = _sum(span.values())
    values = (
        _tokens(counts)
        | _cost(span.values(), days, last, counts)
        | _rhythm(span, days, last, counts)
        | _shape(counts)
        | _tools(span.values(), counts)
        | _projects(span.values(), days, last)
        | _friction(span.values(), counts)
        | _character(counts)
        | _committed(counts, git=git)
        | _correlated(days, last, series)
        | {"days_kept": sum(1 for tally in days.values() if tally.responses)}
    )
    ordered = {key: values[key] for key in KEYS}
    return Insights(date.fromordinal(first), date.fromordinal(last), now, ordered)


def _sum(tallies: Iterable[Tally]) -> dict[str, float]:
    counts: dict[str, float] = defaultdict(float)
    for tally in tallies:
        for name, n in tally.counts.items():
            counts[name] += n
    return counts


def _named(counts: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Name -> count, of the counts that begin so."""
    found = {name[len(prefix) :]: n for name, n in counts.items() if name.startswith(prefix)}
    return {name: int(n) if n == int(n) else n for name, n in sorted(found.items())}


def _ratio(part: float, whole: float, decimals: int = 4) -> float | None:
    return round(part / whole, decimals) if whole else None


def _tokens(counts: Mapping[str, float]) -> dict[str, Value]:
    families = _named(counts, TOKENS)
    read, cacheable = counts["cache_read"], counts["input"] + counts["cache_read"] + counts["cache_creation"]
    return {
        "tokens": int(sum(families.values())),
        **{f"tokens_{name}": int(families.get(name, 0)) for name in MODEL_LAMPS},
        "tokens_other": int(sum(n for name, n in families.items() if name not in MODEL_LAMPS)),
        "responses": int(counts["responses"]),
        "cache_hit_rate": _ratio(read, cacheable),
        "cogitation_index": _ratio(counts["thinking"], counts["reported"]),
        "web_searches": int(counts["searches"]),
        "web_fetches": int(counts["fetches"]),
    }


def _cost(
    tallies: Iterable[Tally], days: Mapping[int, Tally], last: int, counts: Mapping[str, float]
) -> dict[str, Value]:
    told = [charge for tally in tallies for charge in tally.charges]
    known = bool(told) and all(charge.known for charge in told)
    used = [used for charge in told for used in charge.used]
    usd = fsum(charge.usd for charge in told)
    sessions = {charge.session for charge in told if charge.usd > 0}
    families: dict[str, list[float]] = defaultdict(list)
    for row in used:
        families[row.model.split()[0]].append(row.usd)
    tokens = tokens_of(counts)
    month = _month(days, last)
    price = prices(used for tally in days.values() for charge in tally.charges for used in charge.used)
    saved = [price[row.model].savings(row) if row.model in price else None for row in used]
    return {
        "cost_usd": round(usd, 6) if known else None,
        "cost_session_usd": round(usd / len(sessions), 6) if known and sessions else None,
        "cost_month_usd": month[0],
        "cost_projected_month_usd": month[1],
        "cost_coverage": min(1.0, _ratio(sum(row.tokens for row in used), tokens) or 0.0) if told and tokens else None,
        "cost_by_family": {name: round(fsum(spent), 6) for name, spent in sorted(families.items())} if known else None,
        "cache_savings_usd": (
            round(fsum(one for one in saved if one is not None), 6) if known and None not in saved else None
        ),
        "lines_added": sum(charge.added for charge in told) if told else None,
        "lines_removed": sum(charge.removed for charge in told) if told else None,
    }


def _month(days: Mapping[int, Tally], last: int) -> tuple[float | None, float | None]:
    """What this month has cost up to the day `last`, and what it will have cost at its end."""
    first, end = days_of_month(last)
    told = [charge for day in range(first, last + 1) for charge in days.get(day, NOTHING).charges]
    if not told or not all(charge.known for charge in told):
        return None, None
    so_far = fsum(charge.usd for charge in told)
    started = min((day for day, tally in days.items() if tally.charges), default=last)
    since = max(started, last - PACE_DAYS + 1)
    if last - since + 1 < PACE_DAYS_LEAST:
        return round(so_far, 6), None
    paced = fsum(charge.usd for day in range(since, last + 1) for charge in days.get(day, NOTHING).charges)
    return round(so_far, 6), round(so_far + paced / (last - since + 1) * (end - last), 6)


def _rhythm(
    span: Mapping[int, Tally], days: Mapping[int, Tally], last: int, counts: Mapping[str, float]
) -> dict[str, Value]:
    minutes = [(end - start) / 60 for tally in span.values() for start, end in tally.sessions.values()]
    lengths = dict.fromkeys(LENGTHS, 0)
    for length in minutes:
        lengths[LENGTHS[sum(length >= edge for edge in LENGTH_EDGES)]] += 1
    nights = [sum(1 for hour in NIGHT if tally.counts.get(f"hour:{hour}")) for tally in span.values()]
    streak, longest = _streaks({day for day, tally in days.items() if tally.responses and day <= last}, last)
    work, think = counts["work_ms"], counts["think_ms"]
    return {
        "sessions": len({session for tally in span.values() for session in tally.sessions}),
        "session_minutes": round(median(minutes), 1) if minutes else None,
        "session_minutes_longest": round(max(minutes), 1) if minutes else None,
        "session_lengths": lengths,
        "hours": tuple(int(counts[f"hour:{hour}"]) for hour in range(HOURS)),
        "streak_days": streak,
        "streak_longest_days": longest,
        "nights_through": sum(1 for hours in nights if hours >= NIGHT_HOURS),
        "work_minutes": round(work / 60_000, 1),
        "think_minutes": round(think / 60_000, 1),
        "work_share": _ratio(work, work + think),
    }


def _streaks(active: set[int], last: int) -> tuple[int, int]:
    """Days in a row up to `last`, or up to the day before while `last` has none yet; and the longest row of all."""
    runs: dict[int, int] = {}
    for day in sorted(active):
        runs[day] = runs.get(day - 1, 0) + 1
    return runs.get(last, runs.get(last - 1, 0)), max(runs.values(), default=0)


def _shape(counts: Mapping[str, float]) -> dict[str, Value]:
    calls, responses = sum(_named(counts, "tool:").values()), counts["responses"]
    return {
        "stop_reasons": _named(counts, "stop:"),
        "max_tokens_stops": int(counts["stop:max_tokens"]),
        "tools_per_response": _ratio(calls, responses),
        "tools_parallel": _ratio(calls, counts["calling"]),
    }


def _tools(tallies: Iterable[Tally], counts: Mapping[str, float]) -> dict[str, Value]:
    tools = _named(counts, "tool:")
    files: dict[int, int] = defaultdict(int)
    sessions: set[int] = set()
    for tally in tallies:
        sessions |= tally.sessions.keys()
        for file, touches in tally.files.items():
            files[file] += touches
    reads, edits, writes, agents = (
        int(sum(tools.get(name, 0) for name in names)) for names in (READS, EDITS, WRITES, SUBAGENTS)
    )
    tokens = tokens_of(counts)
    return {
        "tool_calls": int(sum(tools.values())),
        "tools": tools,
        "executables": _named(counts, "exec:"),
        "file_reads": reads,
        "file_edits": edits,
        "file_writes": writes,
        "reads_per_session": _ratio(reads, len(sessions), 2),
        "edits_per_session": _ratio(edits, len(sessions), 2),
        "writes_per_session": _ratio(writes, len(sessions), 2),
        "files_touched": len(files),
        "hottest_file_touches": max(files.values(), default=0),
        "subagents": agents,
        "sidechain_share": _ratio(counts["side"], tokens),
    }


def _projects(tallies: Iterable[Tally], days: Mapping[int, Tally], last: int) -> dict[str, Value]:
    tokens: dict[int, int] = defaultdict(int)
    for tally in tallies:
        for project, n in tally.projects.items():
            tokens[project] += n
    newest: dict[int, int] = {}
    for day, tally in days.items():
        if day <= last:
            for project in tally.projects:
                newest[project] = max(newest.get(project, 0), day)
    return {
        "projects": {name_of(project): n for project, n in sorted(tokens.items())},
        "top_project_share": _ratio(max(tokens.values(), default=0), sum(tokens.values())),
        "projects_active_7d": sum(1 for day in newest.values() if day > last - 7),
        "projects_dormant": sum(1 for day in newest.values() if day <= last - DORMANT_DAYS),
    }


def name_of(project: int) -> str:
    """How the keyed hash of a project is written."""
    return f"{project & 0xFFFFFFFF:08x}"


def _friction(tallies: Iterable[Tally], counts: Mapping[str, float]) -> dict[str, Value]:
    sessions = len({session for tally in tallies for session in tally.sessions})
    calls = sum(_named(counts, "tool:").values())
    denials = counts["denials"]
    return {
        "permission_denials": int(denials),
        "permission_denial_rate": None if not calls else min(1.0, round(denials / calls, 4)),
        "api_errors": int(counts["api_errors"]),
        "interruptions": int(counts["interruptions"]),
        "file_snapshots": int(counts["snapshots"]),
        "file_snapshots_per_session": _ratio(counts["snapshots"], sessions, 2),
    }


def _committed(counts: Mapping[str, float], *, git: bool) -> dict[str, Value]:
    commits, lines = int(counts["commits"]), int(counts["lines_changed"])
    million = tokens_of(counts) / 1e6
    return {
        "commits": commits if git else None,
        "lines_changed": lines if git else None,
        "commits_per_million_tokens": _ratio(commits, million, 2) if git else None,
        "lines_per_million_tokens": _ratio(lines, million, 2) if git else None,
    }


def _correlated(days: Mapping[int, Tally], last: int, series: Mapping[int, float] | None) -> dict[str, Value]:
    """Of all days up to `last` that the series names and that are kept: from the first day with a response on."""
    started = min((day for day, tally in days.items() if tally.responses), default=last + 1)
    named = sorted(day for day in series or () if started <= day <= last)
    tokens = [days.get(day, NOTHING).tokens for day in named]
    found = spearman([(series or {})[day] for day in named], tokens) if len(named) >= SERIES_DAYS else None
    rho = (None, None, None) if found is None else tuple(round(end, 3) for end in found)
    return {
        "series_rho": rho[0],
        "series_rho_low": rho[1],
        "series_rho_high": rho[2],
        "series_days": None if series is None else len(named),
    }


def _character(counts: Mapping[str, float]) -> dict[str, Value]:
    return {
        "prompts": int(counts["prompts"]),
        "em_dashes": int(counts["em_dashes"]),
        "em_dashes_per_response": _ratio(counts["em_dashes"], counts["responses"], 2),
        "thank_yous": int(counts["thanks"]),
        "thank_you_rate": _ratio(counts["thanks"], counts["prompts"]),
        "phrase_hits": int(counts["phrases"]),
    }
