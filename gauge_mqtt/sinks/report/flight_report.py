"""The flight report: what a week with Claude Code was like, in words one would keep. Pure.

It says nothing that is no key of the insights: counts, ratios and well-known names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from html import escape
from typing import NamedTuple

from gauge_mqtt.contract.insights import KEYS, OTHER, Insights, largest_first
from gauge_mqtt.sinks.report.pictures import (
    FAMILIES,
    INK,
    PAPER,
    QUIET,
    RED,
    amount,
    hours_of_the_week,
    short,
    tokens_by_day,
)

MINUTES = 60
PICTURES: dict[str, tuple[str, Callable[[Sequence[Insights]], str]]] = {
    "tokens": ("Tokens by day and family of model", tokens_by_day),
    "hours": ("Responses by day and hour", hours_of_the_week),
}
STYLE = f"""body{{background:#ece7dc;color:{INK};font:17px/1.6 Georgia,'Times New Roman',serif;margin:0}}
main{{max-width:760px;margin:2rem auto;padding:2rem;background:{PAPER};border-radius:14px;box-shadow:0 2px 18px #0002}}
h1{{font-size:1.7rem;border-bottom:3px double {RED};padding-bottom:.4rem;margin-top:0}}
h2{{font-size:1.1rem;color:{RED};letter-spacing:.06em;text-transform:uppercase;margin-top:2rem}}
table{{border-collapse:collapse;width:100%}}th{{font-weight:400;text-align:left}}
th,td{{padding:.25rem 0;border-bottom:1px solid #0001}}
td{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-left:1ch}}td+td{{color:{QUIET};width:7.5rem}}
svg{{width:100%;height:auto;margin:1rem 0}}footer{{color:{QUIET};font-size:.85rem;margin-top:2rem}}"""


LOG = {
    "sessions": "Flights", "work_minutes": "Time at work", "tokens": "Distance", "cost_usd": "Fuel bill",
    "cache_savings_usd": "Saved by the cache", "streak_days": "Days in a row",
}  # fmt: skip
NIGHTS = {
    "session_minutes_longest": "Longest flight", "session_minutes": "Median flight",
    "think_minutes": "Time to think between answers", "nights_through": "Nights through",
}  # fmt: skip
ENGINES = {
    "cogitation_index": "Cogitation index", "cache_hit_rate": "Cache hits", "responses": "Answers",
    "max_tokens_stops": "Cut at the limit",
}  # fmt: skip
CREW = {
    "tool_calls": "Tool calls", "tools_per_response": "Calls an answer", "files_touched": "Files touched",
    "lines_added": "Lines added", "lines_removed": "Lines removed", "subagents": "Subagents sent",
    "projects_active_7d": "Projects in 7 days", "projects_dormant": "Projects gone quiet",
}  # fmt: skip
TURBULENCE = {
    "permission_denials": "Permission denials", "api_errors": "Errors of the API", "interruptions": "Interruptions",
}  # fmt: skip
MANNERS = {
    "prompts": "Prompts", "thank_yous": "Thank-yous", "phrase_hits": "Phrases of yours", "em_dashes": "Em dashes",
}  # fmt: skip
NAMELESS = frozenset({OTHER, "./script"})
"""What stands for names that are not said."""
UNCOMPARED = frozenset({"streak_days", "projects_dormant"})


class Week(NamedTuple):
    """`days`: its seven days, the oldest first. `before`: the week before, for comparison."""

    week: Insights
    before: Insights
    days: Sequence[Insights]


class Section(NamedTuple):
    """A heading, what is said under it, and rows of label, value and change."""

    title: str
    words: str
    rows: list[tuple[str, str, str]]
    picture: str | None = None


def title(week: Week) -> str:
    first, last = week.week.first, week.week.last
    return f"Flight report, {first.day} {first:%B}{'' if first.year == last.year else f' {first.year}'} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def sections(week: Week) -> Iterator[Section]:
    say = _Say(week)
    for heading, words, rows, picture in (
        ("The log", _opening(week, say), LOG, "tokens"),
        ("Day and night", _nights(week, say), NIGHTS, "hours"),
        ("The engines", _engines(say), ENGINES, None),
        ("The crew", _crew(say), CREW, None),
        ("Turbulence", _turbulence(say), TURBULENCE, None),
        ("Manners", _manners(say), MANNERS, None),
    ):
        yield Section(heading, words, [say.row(label, key) for key, label in rows.items()], picture)


class _Say:
    """Values of the week as people read them."""

    def __init__(self, week: Week) -> None:
        self._now, self._then = week.week.values, week.before.values

    def number(self, key: str) -> float | None:
        value = self._now[key]
        return value if isinstance(value, int | float) else None

    def names(self, key: str, most: int) -> list[tuple[str, float]]:
        value = self._now[key]
        if not isinstance(value, Mapping):
            return []
        return [(name, n) for name, n in largest_first(value) if n and name not in NAMELESS][:most]

    def row(self, label: str, key: str) -> tuple[str, str, str]:
        now, then = self.number(key), self._then[key]
        return (
            label,
            said(key, now),
            _change(key, now, then) if key not in UNCOMPARED and isinstance(then, int | float) else "",
        )


def said(key: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    unit = KEYS[key].spec.unit
    if unit == "USD":
        return f"${value:,.2f}"
    if unit == "min":
        return f"{value / MINUTES:.1f} h" if value >= MINUTES else f"{value:.0f} min"
    if unit == "ratio":
        return f"{100 * value:.0f} %"
    if unit == "tok":
        return f"{short(value)} tokens"
    return f"{value:,.2f}" if isinstance(value, float) and value != int(value) else f"{value:,.0f}"


def _change(key: str, now: float | None, then: float) -> str:
    """In percent of what it was; of a percentage in points."""
    points = KEYS[key].spec.unit == "ratio"
    if now is None or not (then or points):
        return ""
    change = round(100 * (now - then) / (1 if points else then))
    if not change:
        return "as before"
    return f"{change:+} {('point' if abs(change) == 1 else 'points') if points else '%'}"


def _plural(n: float | None, one: str, many: str) -> str:
    return f"{n or 0:,.0f} {one if n == 1 else many}"


def _opening(week: Week, say: _Say) -> str:
    flights = say.number("sessions")
    if not flights:
        return "A week on the ground: no session was flown."
    best = max(week.days, key=lambda day: amount(day, "tokens"))
    at_work = said("work_minutes", say.number("work_minutes"))
    far = said("tokens", say.number("tokens"))
    words = [f"{_plural(flights, 'flight', 'flights')} in seven days, {at_work} at work and {far} behind you."]
    words.append(f"{best.last:%A} went furthest, with {said('tokens', amount(best, 'tokens'))}.")
    quiet = [f"{day.last:%A}" for day in week.days if not amount(day, "tokens")]
    if quiet:
        words.append(f"{_listed(quiet)} {'was a day' if len(quiet) == 1 else 'were days'} off.")
    return " ".join(words)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _nights(week: Week, say: _Say) -> str:
    hours = week.week.values["hours"]
    if not isinstance(hours, tuple) or not any(hours):
        return "No answer came at any hour."
    busiest = hours.index(max(hours))
    late = sum(hours[22:]) + sum(hours[:6])
    share = round(100 * late / sum(hours))
    words = f"The busiest hour began at {busiest:02}:00. {share} % of the answers came between ten at night and six."
    nights = say.number("nights_through")
    return words + (f" {_plural(nights, 'night', 'nights')} had no end. Get some sleep." if nights else "")


def _engines(say: _Say) -> str:
    parts = {family: say.number(f"tokens_{family}") or 0 for family in FAMILIES}
    total = sum(parts.values())
    if not total:
        return "No engine ran."
    shares = [
        f"{'other models' if name == OTHER else name.title()} {100 * n / total:.0f} %"
        for name, n in largest_first(parts)
        if n
    ]
    shares[0] = shares[0][0].upper() + shares[0][1:]
    return f"{_listed(shares)} of the tokens."


def _crew(say: _Say) -> str:
    tools = [f"{name} ({n:,.0f})" for name, n in say.names("tools", 3)]
    programs = [name for name, _ in say.names("executables", 4)]
    words = f"{_listed(tools)} did most of the work." if tools else "No tool was called."
    return words + (f" At the shell: {_listed(programs)}." if programs else "")


def _turbulence(say: _Say) -> str:
    bumps = sum(say.number(key) or 0 for key in ("permission_denials", "api_errors", "interruptions"))
    calls = say.number("tool_calls")
    if not bumps:
        return "A smooth week: nothing denied, nothing failed, nobody interrupted."
    return f"{_plural(bumps, 'bump', 'bumps')}" + (
        f" on {_plural(calls, 'tool call', 'tool calls')}." if calls else "."
    )


def _manners(say: _Say) -> str:
    prompts, thanks, dashes = (say.number(key) or 0 for key in ("prompts", "thank_yous", "em_dashes"))
    if not prompts:
        return "Nobody said a word."
    every = (
        f"one in {prompts / thanks:.0f} of your prompts said thanks" if thanks else "none of your prompts said thanks"
    )
    told = f"Claude wrote {_plural(dashes, 'em dash', 'em dashes')}; " if dashes else "Claude kept off the em dash; "
    return told + every + "."


def markdown(week: Week, pictures: Mapping[str, str]) -> str:
    """`pictures`: name of each -> the file that it is in, as seen from the page."""
    lines = [f"# {title(week)}", ""]
    told = list(sections(week))
    columns = 3 if _compares(told) else 2
    for section in told:
        lines += [f"## {section.title}", "", section.words, ""]
        if section.picture:
            lines += [f"![{PICTURES[section.picture][0]}]({pictures[section.picture]})", ""]
        lines += ["| | this week | change |", "|---|---:|---:|"] if columns > 2 else ["| | this week |", "|---|---:|"]  # noqa: PLR2004
        lines += [f"| {' | '.join(row[:columns])} |" for row in section.rows]
        lines.append("")
    return "\n".join([*lines, _footer(week, told), ""])


def html(week: Week) -> str:
    """One file with everything in it."""
    body = [f"<h1>{escape(title(week))}</h1>"]
    told = list(sections(week))
    columns = 3 if _compares(told) else 2
    for section in told:
        body.append(f"<h2>{escape(section.title)}</h2><p>{escape(section.words)}</p>")
        if section.picture:
            body.append(PICTURES[section.picture][1](week.days))
        rows = [
            f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
            for label, *cells in (row[:columns] for row in section.rows)
        ]
        body.append(f"<table>{''.join(rows)}</table>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title(week))}</title><style>{STYLE}</style><main>{''.join(body)}"
        f"<footer>{escape(_footer(week, told))}</footer></main></html>\n"
    )


def _compares(told: Sequence[Section]) -> bool:
    """Whether there is a week before: else the column of changes is left out."""
    return any(change for section in told for _, _, change in section.rows)


def _footer(week: Week, told: Sequence[Section]) -> str:
    kept = _plural(_Say(week).number("days_kept"), "day is", "days are")
    made = f"Made by gauge-mqtt from the session logs of this machine; {kept} kept."
    return f"{made} Changes are to the week before." if _compares(told) else made
