"""PromQL for Claude Code's counters. Pure text.

`increase()` and `rate()` are wrong here: they lose the first sample of each series, which is often the largest, find
nothing in runs with a single sample, extrapolate at the edges, and a resumed session starts its series at 0 again. An
increment is what a value has more than the last one known; after a fall, or if none is known, it is the value itself.

The last one known may be days old: a lid was closed, Prometheus was down. To look back so far for every series is what
costs (600 ms each time where a collector keeps 1,000 of them alive), so the look goes back 5 minutes, and a second
question, the one that ends in `_back`, asks further back for those sessions only that have come up just now. The two
may be answered by two servers behind one address: nothing of the one is ever subtracted from the other.
"""

import json
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

FACT, NOW, FELL = "fact", "now", "fell"
"""The label by which the parts of one answer are told apart: everything that is due together is one request."""
BRIDGED = "4d"
"""The longest pause of a series after which its value is not taken for new tokens."""
STEP_S, RATE_S, CACHE_S, MODEL_S = 60, 60, 300, 5
FALLS, FELL_S = 2, 1800
"""What falls that often is no counter of one process; how far back that is looked for, in seconds."""
SESSIONS_MAX = 200
BEGINNING = 8
"""So much of a name tells a session from most others: it is a UUID."""
BUILTIN = "claude_code_token_usage_total"
CACHED = ("input", "cacheRead", "cacheCreation")


class Series(NamedTuple):
    """One metric and a selector for it. `delta`: each sample is an increment, as delta-native ingestion stores it.
    `copies`: labels in which the copies of a series differ; of copies the largest counts.
    """

    name: str
    selector: str = ""
    delta: bool = False
    copies: tuple[str, ...] = ()

    def label(self, name: str) -> str:
        """An attribute of Claude Code (`session_id`) as a label of this metric: with dots where the metric has dots.
        Quoted names are understood by Prometheus from 3.0 on and by VictoriaMetrics.
        """
        return f'"{name.replace("_", ".")}"' if "." in self.name else name

    def once(self, expression: str) -> str:
        """`expression`, which keeps the labels of the series, without its copies."""
        labels = ", ".join(map(quoted, self.copies))
        return f"(max without ({labels}) ({expression}))" if self.copies else expression

    def having(self, matcher: str) -> "Series":
        return self._replace(selector=",".join(filter(None, (self.selector, matcher))))

    def of(self, sessions: Iterable[str]) -> "Series":
        few = sorted(sessions)
        return self.having(one_of(self.label("session_id"), few)) if len(few) <= SESSIONS_MAX else self

    def like(self, sessions: Iterable[str]) -> "Series":
        """Those of sessions that begin like these: exactly those that `but` leaves out."""
        return self.having(f"{self.label('session_id')}=~{_beginnings(sessions)}")

    def but(self, sessions: Iterable[str]) -> "Series":
        """Those of all others. Told by the beginnings of their names, as a question is to stay short."""
        return self.having(f"{self.label('session_id')}!~{_beginnings(sessions)}") if sessions else self

    @property
    def output(self) -> "Series":
        """A quarter of what there is to look at. Claude Code adds to the four types at once, be it 0: their series
        begin and end together.
        """
        return self.having('type="output"')

    @property
    def main_output(self) -> "Series":
        """Titles, summaries and subagents are the work of smaller models, and say nothing of the one in use."""
        return self.output.having('query_source="main"')

    @property
    def cached(self) -> "Series":
        return self.having(one_of("type", CACHED))

    @property
    def live(self) -> "Series":
        """Those whose samples are as young as the process: a collector repeats its own long after."""
        return self if self.name == BUILTIN else self.pushed

    @property
    def pushed(self) -> "Series":
        return self.having('instance=""')

    def __str__(self) -> str:
        if quoted(self.name) == self.name:
            return f"{self.name}{{{self.selector}}}"
        return f"{{{','.join(filter(None, (quoted(self.name), self.selector)))}}}"


def quoted(name: str) -> str:
    """A name of a metric or label as PromQL has it."""
    return name if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) else json.dumps(name, ensure_ascii=False)


def one_of(label: str, values: Iterable[str], how: str = "=~") -> str:
    return f"{label}{how}{json.dumps('|'.join(map(_literal, values)), ensure_ascii=False)}"


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")  # a hyphen stands for itself outside [...]


def _beginnings(sessions: Iterable[str]) -> str:
    short = sorted({_literal(name[:BEGINNING]) + ".*" * (len(name) >= BEGINNING) for name in sessions})
    return json.dumps("|".join(short), ensure_ascii=False)


def united(facts: Iterable[tuple[str, str]]) -> str:
    """(fact, expression) pairs as one query, each result labelled with its fact; the server's time is among them."""
    parts = [*facts, (NOW, "vector(time())")]
    return " or ".join(f'label_replace({expression}, "{FACT}", "{fact}", "", "")' for fact, expression in parts)


def shown(series: Series, ago: int = 0) -> str:
    """Its value, as Prometheus shows it for 5 minutes; but a process that ends does not take its last minute along."""
    return series.once(f"last_over_time({series}[5m]{f' offset {ago}s' if ago else ''})")


def new(series: Series, seconds: int = STEP_S) -> str:
    """The values of the series that were not there `seconds` ago. `>= 0` leaves out NaN, here and below."""
    return f"(({shown(series)} unless {shown(series, seconds)}) >= 0)"


def last_known(series: Series, seconds: int = STEP_S) -> str:
    return series.once(f"last_over_time({series}[{BRIDGED}]{f' offset {seconds}s' if seconds else ''})")


def back(series: Series, seconds: int = STEP_S) -> str:
    """What those that are `new` have more than when they were last known, maybe days ago."""
    return f"(({new(series, seconds)} - {last_known(series, seconds)} >= 0) or ({new(series, seconds)} + 0))"


def unknown(series: Series, seconds: int) -> str:
    """Those that are `new` and come from no pause, where nobody knows when in it they grew."""
    return f"({new(series, seconds)} unless ({new(series, seconds)} >= {last_known(series, seconds)}))"


def recent(series: Series, seconds: int) -> str:
    """Increment of each series over the last `seconds`."""
    if series.delta:
        return f"({series.once(f'sum_over_time({series}[{seconds * 1000 - 1}ms])')} >= 0)"
    return f"(({shown(series)} - {shown(series, seconds)} >= 0) or ({shown(series)} + 0 >= 0))"


def grown(series: Series) -> str:
    """Increment over a minute of each series that is not `new` in it; on the grid of whole minutes only.

    What `recent` says in three times the time, since it matches labels: `irate` takes the last two points, which are a
    minute apart here, and knows a counter that started again.
    """
    return f"(irate({shown(series)}[{2 * STEP_S - 1}s:{STEP_S}s]) * {STEP_S} >= 0)"


def _two(series: Series, seconds: int, at: int) -> str:
    """Two values of each series, `seconds` before `at` and at it (whole unix seconds), in one look at the server's
    index, which is what costs it most. A subquery steps by whole multiples of its step, so `at` is moved onto one.
    """
    return f"{shown(series, -(at % seconds))}[{2000 * seconds - 500}ms:{seconds}s]"


def grown_upto(series: Series, seconds: int, at: int) -> str:
    """Increment over the `seconds` before `at` of each series that was there before, as `grown` has it."""
    return f"(irate({_two(series, seconds, at)}) * {seconds} >= 0)"


def new_or_gone(series: Series, seconds: int, at: int) -> str:
    """The sessions with a series that has only one of the two values: those that are `new`, and some more."""
    return f"count by ({series.label('session_id')}) (count_over_time({_two(series.output, seconds, at)}) == 1)"


def fell(series: Series, window: str, falls: int = FALLS) -> str:
    """The sessions with a series that fell so often in a window, and how often."""
    return f"max by ({series.label('session_id')}) (resets({series}{window}) >= {falls})"


def fell_lately(tokens: Series) -> str:
    return united([(FELL, fell(tokens.output, f"[{FELL_S}s]"))])


def _fell_about(tokens: Series, seconds: int, falls: int = FALLS) -> str:
    """Those of a range of `seconds`, and of what lies before and after it: a session that is seen to fall only once
    here, since it began or ended just here, may be left to nobody.
    """
    return fell(tokens, f"[{seconds + 2 * FELL_S}s] @ end() offset -{FELL_S}s", falls)


def minutes(
    tokens: Series, cost: Series | None, seconds: int, sessions: Collection[str] = (), *, apart: bool = False
) -> str:
    """By the minute, to be asked over a range of `seconds`: the tokens, what they cost, which model spoke; and what
    `sessions` add, as `minutes_back` asks it. What fell is named; with `apart` the rest is without what did so again.
    """
    if tokens.delta:
        facts = [
            ("tokens", f"sum({recent(tokens, STEP_S)})"),
            ("model", f"sum by (model) ({recent(tokens.main_output, STEP_S)})"),
        ]
        return united([*facts, ("cost", f"sum({recent(cost, STEP_S)})")] if cost else facts)
    about = seconds if apart else None
    alone, main = _alone(tokens, about), tokens.main_output
    facts = [
        ("tokens", f"sum({grown(tokens)}{alone})"),
        ("new", f"sum by ({tokens.label('session_id')}) ({new(tokens)}{alone})"),
        ("model", f"sum by (model) ((({grown(main)} > 0) or {new(main)}){alone})"),
        (FELL, _fell_about(tokens, seconds, 1)),
    ]
    if cost:
        facts.append(("cost", f"sum({grown(cost)}{alone})"))
    return united([*facts, *(_minutes_back(tokens, cost, about, sessions) if sessions else [])])


def minutes_back(tokens: Series, cost: Series | None, about: int | None, sessions: Collection[str]) -> str:
    """What the sessions add to `minutes` that are new in them. `about`: its `seconds`, if that was `apart`."""
    return united(_minutes_back(tokens, cost, about, sessions))


def _minutes_back(
    tokens: Series, cost: Series | None, about: int | None, sessions: Collection[str]
) -> list[tuple[str, str]]:
    alone = _alone(tokens.of(sessions), about)
    both = [(fact, series.of(sessions)) for fact, series in (("tokens", tokens), ("cost", cost)) if series]
    return [(f"{fact}_back", f"sum({back(series)}{alone})") for fact, series in both]


def _alone(tokens: Series, about: int | None) -> str:
    """Behind an expression: without the sessions that fell again and again about a range of so many seconds."""
    return "" if about is None else f" unless on ({tokens.label('session_id')}) {_fell_about(tokens, about)}"


def tail(tokens: Series, cost: Series | None, mark: int, at: int, everything: Series) -> str:
    """What came after the minute that ended at `mark`, up to `at` (unix seconds); and the cache of the last minutes.
    Without what is `new` in it: `tail_back` adds that, for the sessions that are named here. Of `everything` what fell
    lately.
    """
    both = [(fact, series) for fact, series in (("tokens", tokens), ("cost", cost)) if series]
    if tokens.delta:
        cache = ("cache", f"sum by (type) ({recent(tokens.cached, CACHE_S)})")
        return united([cache, *((fact, f"sum({recent(series, at - mark)})") for fact, series in both)])
    whole, rest = _split(mark, at)
    here = f"count_over_time({shown(tokens.output)}[{(at - mark) * 1000 + 500}ms:{STEP_S}s])"
    facts = [
        ("cache", f"sum by (type) ({grown_upto(tokens.cached, CACHE_S, at)})"),
        ("new", f"count by ({tokens.label('session_id')}) ({here} < {(at - mark) // STEP_S + 1})"),
        ("new_lately", new_or_gone(tokens, CACHE_S, at)),
        (FELL, fell(everything.output, f"[{FELL_S}s]", 1)),
    ]
    facts += [("new_since", new_or_gone(tokens, rest, at))] if rest else []
    for fact, series in both:
        facts.append((fact, _added(f"sum_over_time({grown(series)}{whole})", rest and grown_upto(series, rest, at))))
    return united(facts)


def tail_back(tokens: Series, cost: Series | None, mark: int, at: int, sessions: Iterable[str]) -> str:
    """What the sessions add to `tail` that are new in it."""
    both = [(fact, series.of(sessions)) for fact, series in (("tokens", tokens), ("cost", cost)) if series]
    whole, rest = _split(mark, at)
    return united(
        (fact, _added(f"sum_over_time({back(series)}{whole})", rest and back(series, rest))) for fact, series in both
    )


def cache_back(tokens: Series, sessions: Iterable[str]) -> str:
    """What the sessions add to its cache that are new in that. Nothing of those that come from a pause."""
    return united([("cache", f"sum by (type) ({unknown(tokens.of(sessions).cached, CACHE_S)})")])


def _split(mark: int, at: int) -> tuple[str, int]:
    """The range of the whole minutes from `mark` to `at`, and the seconds that remain."""
    return f"[{at - mark - 1}s:{STEP_S}s]", (at - mark) % STEP_S


def _added(*parts: str | int) -> str:
    return " + ".join(f"(sum({part}) or vector(0))" for part in parts if part)


def tach(tokens: Series, targets: Iterable[str], at: int) -> str:
    """What moves by the second, at `at`: rate, the last model, the newest sample; scrape targets that are down, and
    when one was scraped last.
    """
    output = tokens.main_output
    same = "" if tokens.delta else f" unless ({output} == {output} offset {MODEL_S}s)"
    steps = f"[{RATE_S}s:{MODEL_S}s] offset 1s"  # `at` is up to a second ahead: of a step that goes on nothing is said
    facts = [
        ("rate", f"sum({recent(tokens, RATE_S) if tokens.delta else grown_upto(tokens, RATE_S, at)})"),
        ("model", f"max by (model) (max_over_time((timestamp({output}){same}){steps}))"),
        ("newest", f"max(timestamp({tokens.live}))"),
    ]
    if not tokens.delta:
        facts.append(("new", new_or_gone(tokens, RATE_S, at)))
    if some := sorted(targets):
        up = f"up{{{one_of('instance', some)}}}"
        facts += [("down", f"max by (instance) ({up}) == 0"), ("scraped", f"max(timestamp({up}))")]
    return united(facts)


def tach_back(tokens: Series, sessions: Iterable[str]) -> str:
    """What the sessions add to the rate that are new in it. Nothing of those that come from a pause."""
    return united([("rate", f"sum({unknown(tokens.of(sessions), RATE_S)})")])
