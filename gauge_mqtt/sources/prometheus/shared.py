"""Series that several processes write at once: one session resumed in two terminals, or no session id at all.

Such a series shows now the one counter and now the other. Whoever takes each climb for new tokens counts the larger
one anew each time. So what falls again and again is left out of the sums that Prometheus makes, and looked at sample
by sample: each belongs to the process whose counter it continues. Of the past a question leaves them out by what they
do; of the last minutes, where they may not have done it yet, by their names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple, TypeVar

from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PromError, Sample
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts, session
from gauge_mqtt.sources.prometheus.faults import Fault

SESSIONS_MAX = 40
"""So many names, in each part of a question, leave it short enough for VictoriaMetrics (`facts.QUESTION_MAX`)."""
ASKED_MAX, SPAN_S = 10, 3600
"""Sessions and seconds of one question: 40 series each, by the half minute, are 2 MB."""
STEP_S, TAIL_STEP_S, TACH_STEP_S = 60, 30, 10
NAMED = 3
FORK = "claude --resume SESSION --fork-session  (in all terminals but one)"
EDGES = ("min", "max")
"""Of each step the smallest and the largest sample: that of two processes is both of them."""
LEAD_S = 600
"""How long before the stretch in question, at least, the counters are got to know: two processes export within that."""
LOOK_BACK_S, LOOKS_KEPT = 300, 4
"""The look back for days, to where the counters stood then, is made at each such instant once; how many are kept."""
ALIVE_S = 300
"""A process whose counter was not seen for so long only continues if no other one can."""
RATIO = 1e-9
"""Two floats that differ by less are one sum, added in another order."""


Key = frozenset[tuple[str, str]]
"""The labels of a series."""
Both = tuple[promql.Series, promql.Series | None]
"""Tokens and cost."""
Facets = tuple[tuple[str, promql.Series], ...]
"""The same for some sessions, with the name of the fact."""
T = TypeVar("T")


class Gain(NamedTuple):
    """What one series gained up to `at` (unix seconds)."""

    at: float
    labels: Mapping[str, str]
    amount: float

    @property
    def fact(self) -> str:
        """Tokens or cost."""
        return self.labels.get(promql.FACT, "")


class Process:
    """One of the counters behind a series."""

    __slots__ = ("at", "value")

    def __init__(self, at: float, value: float) -> None:
        self.at, self.value = at, value


class Counters:
    """The processes behind one series, told apart by what each sample can continue.

    A sample belongs to the process with the largest counter that it does not fall below, of those alive first; else it
    is a new one, and all of it is new. The sum is that of all processes, also where one overtakes another. `first` is
    what was known of them before, if anything.

        7000, 100, 7000, 110, 7050    # two processes, that gained 7050 and 110
    """

    def __init__(self, first: float | None) -> None:
        self.processes = [] if first is None else [Process(-inf, first)]
        self.mixed = 0
        """How often a sample continued another process than the one before it: 0 if each ended before the next."""
        self.most = 0
        """How many exported at once."""

    def gain(self, at: float, value: float) -> float:
        """What was gained by this sample. They come in the order of time."""
        slack = RATIO * abs(value)
        fit = [process for process in self.processes if process.value <= value + slack]
        if not fit:
            self.processes.append(Process(at, value))
            return value
        newest = max(self.processes, key=lambda process: process.at)
        chosen = max(fit, key=lambda process: (process.at >= at - ALIVE_S, process.value))
        self.mixed += chosen is not newest and chosen.at >= at - ALIVE_S
        self.most = max(self.most, sum(process.at >= at - ALIVE_S for process in self.processes))
        gained = max(0.0, value - chosen.value)
        chosen.at, chosen.value = at, max(value, chosen.value)
        return gained


class SharedSeries:
    """The sessions whose series are looked at sample by sample.

    `sessions`: those that are left out of what is asked of the last minutes. `shown`: those that `gains` found samples
    of lately. `mixed`: those seen to be written by several at once, `crowded`: by three and more. `expected`: whether
    the next question of the past is to leave out what falls again and again. It costs half as much again, where there
    is none it is not worth it.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.sessions: frozenset[str] = frozenset()
        self.shown: set[str] = set()
        self.mixed: Counter[str] = Counter()
        self.crowded: set[str] = set()
        self.expected = False
        self._looks: dict[tuple[Facets, int], dict[Key, float]] = {}

    @property
    def too_many(self) -> bool:
        """For their names to fit into one question."""
        return len(self.sessions) > SESSIONS_MAX

    def found_in(self, found: FactRows) -> bool:
        """Whether an answer of the last minutes names more of them: then it counts them wrongly, and has to be asked
        for again.
        """
        more = fallen(found) - self.sessions
        self.sessions |= more
        return bool(more)

    def counted_in(self, found: FactRows) -> bool:
        """Whether an answer of the past counts them too, as they were not expected: it has to be asked for again."""
        before, self.expected = self.expected, self.expected or bool(fallen(found))
        return self.expected and not before

    def seen_at_work(self) -> bool:
        """Whether the newest that `gains` found samples of are more than were known of."""
        more = self.shown - self.sessions
        self.sessions |= more
        return bool(more)

    def let_go(self, found: FactRows) -> None:
        """Of those that neither `gains` nor an answer of the last minutes found; should they fall again, they are found
        again.
        """
        self.sessions &= self.shown | fallen(found)

    async def look_again(self, tokens: promql.Series, at: float) -> None:
        """Whether they have become fewer. Raises `PromError` if they are too many still."""
        self.sessions = frozenset(fallen(await self._facts.ask(promql.fell_lately(tokens), at)))
        if self.too_many:
            raise PromError(f"{self._facts.api}: {self._too_many}", fix=FORK)

    @property
    def _too_many(self) -> str:
        return f"{len(self.sessions)} sessions at once are written by several processes each: too many to count"

    def faults(self) -> list[Fault]:
        """What the doctor says of them. Of those without a session id it has more to say elsewhere."""
        named = sorted(name for name in self.mixed if name)
        if self.too_many:
            return [Fault("session id", self._too_many, FORK)]
        if not named:
            return []
        which = ", ".join(f"{name[:8]}..." for name in named[:NAMED]) + (" and more" if len(named) > NAMED else "")
        several = f"{len(named)} sessions are" if len(named) > 1 else "one session is"
        fact = f"{several} written by several processes at once ({which}): counted by telling their counters apart"
        if not self.crowded.isdisjoint(named):
            fact += "; where three and more are at work at once, not all of what they use is seen"
        return [Fault("session id", fact, FORK, bad=False)]

    async def gains(
        self, both: Both, after: float, upto: float, step: int = STEP_S, sessions: Iterable[str] | None = None
    ) -> list[Gain]:
        """What these `sessions` gained after the first and up to the second instant (unix s of the server). `None`:
        what is left out of a question by the beginnings of our own. Raises `PromError`.
        """
        first = int(after - LEAD_S) // LOOK_BACK_S * LOOK_BACK_S
        found: list[Gain] = []
        self.shown, names = set(), sorted(self.sessions if sessions is None else sessions)
        for few in (names[n : n + ASKED_MAX] for n in range(0, len(names), ASKED_MAX)):
            theirs = _of_these(both, few, like=sessions is None)
            before = await self._stood_at(theirs, first)
            points: dict[Key, list[tuple[float, float]]] = {}
            for begin in range(first + step, int(upto) + 1, SPAN_S):
                span = (begin, min(begin + SPAN_S - step, int(upto)), step)
                found_here = await self._facts.ask_range(samples(theirs, step), *span)
                for row in (row for edge in EDGES for row in _rows(found_here, f"_{edge}")):
                    points.setdefault(_key(row), []).extend(row.points)
            for key, values in points.items():
                found += self._told_apart(key, sorted(values), before.get(key), after)
                if max(values)[0] > upto - LEAD_S:
                    self.shown.add(dict(key).get("session_id", ""))
        return found

    async def _stood_at(self, theirs: Facets, at: int) -> Mapping[Key, float]:
        """How high each counter was, maybe days before."""
        look = (theirs, at)
        if look not in self._looks:
            found = await self._facts.ask(last_known(theirs), at)
            self._looks[look] = {_key(row): row.value for row in _rows(found)}
            for old in list(self._looks)[:-LOOKS_KEPT]:
                del self._looks[old]
        return self._looks[look]

    def _told_apart(
        self, key: Key, values: Iterable[tuple[float, float]], before: float | None, after: float
    ) -> Iterator[Gain]:
        labels, counters = dict(key), Counters(before)
        for at, value in values:
            amount = counters.gain(at, value)
            if amount and at > after:
                yield Gain(at, labels, amount)
        name = labels.get("session_id", "")
        if counters.mixed >= promql.FALLS:
            self.mixed[name] = max(self.mixed[name], counters.mixed)
            if counters.most > len(EDGES):
                self.crowded.add(name)


def fallen(found: FactRows) -> set[str]:
    """The sessions whose series an answer says to fall again and again."""
    return {session(row) for row in found.get(promql.FELL, [])}


def _rows(found: FactRows, edge: str = "") -> list[Sample]:
    return [
        Sample(row.labels | {promql.FACT: fact}, row.points)
        for fact in ("tokens", "cost")
        for row in found.get(fact + edge, [])
    ]


def _key(row: Sample) -> Key:
    return frozenset((name, value) for name, value in row.labels.items() if name != "__name__")


def samples(theirs: Facets, step: int) -> str:
    """The edges of each step of theirs, to be asked over a range."""
    return promql.united(
        (f"{fact}_{edge}", f"{promql.edge(series, edge, step)} >= 0") for fact, series in theirs for edge in EDGES
    )


def last_known(theirs: Facets) -> str:
    return promql.united((fact, f"{promql.last_known(series, 0)} >= 0") for fact, series in theirs)


def _of_these(both: Both, few: Sequence[str], *, like: bool) -> Facets:
    pairs = zip(("tokens", "cost"), both, strict=True)
    return tuple((fact, series.like(few) if like else series.of(few)) for fact, series in pairs if series)


def summed(gains: Iterable[Gain], fact: str, by: Callable[[Gain], T]) -> dict[T, float]:
    """The gains of a fact, added up by something of them."""
    sums: dict[T, float] = {}
    for gain in gains:
        if gain.fact == fact:
            sums[by(gain)] = sums.get(by(gain), 0.0) + gain.amount
    return sums


def models(gains: Iterable[Gain]) -> Iterator[tuple[str, float]]:
    """Which model spoke in a main turn, and when."""
    for gain in gains:
        if gain.labels.get("type") == "output" and gain.labels.get("query_source") == "main":
            yield gain.labels.get("model", ""), gain.at
