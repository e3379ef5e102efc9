"""Series that several processes write: one session resumed in two terminals, or by a script for each of its questions.

Such a series shows now the one counter and now the other. Whoever takes each climb for new tokens counts the larger
one anew each time. So what falls again and again is left out of the sums that Prometheus makes, and looked at sample
by sample (`processes`). Of the past a question leaves them out by what they do; of the last minutes, where they may not
have done it yet, by their names. What fell only once was resumed, as a rule, and the sums are right; its samples tell.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PromError, TooMuchError
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts, plain, session
from gauge_mqtt.sources.prometheus.faults import Fault
from gauge_mqtt.sources.prometheus.minutes import SLICE_S
from gauge_mqtt.sources.prometheus.processes import Gain, Key, Points, Told, taken_each_alone, told_apart

SESSIONS_MAX = 40
"""So many names, in each part of a question, leave it short enough for VictoriaMetrics (`facts.QUESTION_MAX`)."""
SAMPLES = 40_000
"""How many samples a question is to bring: about 1 MB. So many sessions are asked for at once."""
NAMED = 3
FORK = "claude --resume SESSION --fork-session  (in all terminals but one)"
DELTA = "leave ..._TEMPORALITY_PREFERENCE at delta for such scripts, through a collector with deltatocumulative"
TWO = 2
LEAD_S = 600
"""How long before the stretch in question, at least, the counters are got to know: two processes export within that."""
LOOK_BACK_S, LOOKS_KEPT = 300, 4
"""The look back for days, to where the counters stood then, is made at each such instant once; how many are kept."""
LAST = -1
"""Instead of the number of a slice: the last minutes."""
KEPT_S = 2 * SLICE_S
"""How long it is known what has been looked at: slices that are older are not asked again."""
WRONG, WRONG_OF_ALL = 0.02, 0.001
"""What a sum that knows one process a series only may be off by, of a session that fell once; and of all sessions."""


Both = tuple[promql.Series, promql.Series | None]
"""Tokens and cost."""
Facets = tuple[tuple[str, promql.Series], ...]
"""The same for some sessions, with the name of the fact."""
T = TypeVar("T")


class SharedSeries:
    """The sessions whose series are looked at sample by sample.

    `sessions`: those that are left out of what is asked of the last minutes. `shown`: those that `gains` found samples
    of lately. `mixed`: those seen to be written by several at once, `crowded`: by three and more. `resumed`: those that
    are resumed for each question. `expected`: whether the next question of the past is to leave out what falls again
    and again. It costs half as much again, where there is none it is not worth it.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.sessions: frozenset[str] = frozenset()
        self.shown: set[str] = set()
        self.mixed: Counter[str] = Counter()
        self.crowded: set[str] = set()
        self.resumed: set[str] = set()
        self.expected = False
        self._looks: dict[tuple[Facets, int], dict[Key, float]] = {}
        self._fell_at: dict[tuple[int, str], float] = {}
        self._asked = 4
        """How many sessions a question of samples is about."""

    @property
    def too_many(self) -> bool:
        """For their names to fit into one question."""
        return len(self.sessions) > SESSIONS_MAX

    def found_in(self, more: Collection[str]) -> bool:
        """Whether these, that an answer of the last minutes counts wrongly, are more of them: then it has to be asked
        for again.
        """
        new = set(more) - self.sessions
        self.sessions |= new
        return bool(new)

    def counted_in(self, found: FactRows) -> bool:
        """Whether an answer of the past counts them too, as they were not expected: it has to be asked for again."""
        before, self.expected = self.expected, self.expected or bool(fallen(found))
        return self.expected and not before

    def seen_at_work(self) -> bool:
        """Whether the newest that `gains` found samples of are more than were known of."""
        return self.found_in(self.shown)

    def let_go(self, mixed: Collection[str]) -> None:
        """Of those that neither `gains` found samples of nor an answer of the last minutes, `mixed`; should they fall
        again, they are found again.
        """
        self.sessions &= self.shown | set(mixed)

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
        mixed, resumed = (sorted(name for name in names if name) for names in (self.mixed, self.resumed))
        if self.too_many:
            return [Fault("session id", self._too_many, FORK)]
        found = []
        if mixed:
            fact = f"{_some(mixed)} written by several processes at once{_which(mixed)}: "
            fact += "counted by telling their counters apart"
            if not self.crowded.isdisjoint(mixed):
                fact += "; where three and more are at work at once, not all of what they use is seen"
            found.append(Fault("session id", fact, FORK, bad=False))
        if resumed:
            fact = f"{_some(resumed)} resumed for each question{_which(resumed)}: each process counts from 0, "
            fact += "and what one used is not seen if the next used more of everything; the windows are lower bounds"
            found.append(Fault("session id", fact, DELTA))
        return found

    async def misread(
        self, found: FactRows, tokens: promql.Series, after: float, upto: float, number: int = LAST
    ) -> set[str]:
        """Of the sessions that an answer says to have fallen once those that its sums count wrongly: they went on where
        they had been, as another process exported beside them, or began anew with more than before in some counters.
        None if that is little beside what all used: the sums of a fleet are dear, and have to be asked again for it.
        `number`: of which slice. What fell some minutes ago has been looked at. Raises `PromError`.
        """
        once = {(number, name) for name in fallen_once(found)}
        for key in [key for key, at in self._fell_at.items() if key[0] == number or at < upto - KEPT_S]:
            if key not in once:
                del self._fell_at[key]
        self._fell_at |= dict.fromkeys(once - self._fell_at.keys(), upto)
        names = sorted(name for which, name in once if self._fell_at[which, name] > upto - LEAD_S)
        errors: dict[str, float] = {}
        async for name, before, series in self._sessions((tokens, None), names, after, upto, like=False):
            told = sum(gain.amount for gain in (await _told_apart(before, series)).gains if gain.at > after)
            if abs(error := taken_each_alone(before, series, after) - told) > WRONG * told:
                errors[name] = max(abs(error), errors.get(name, 0.0))
        counted = sum(value for row in found.get("tokens", []) for _, value in row.points)
        few = sorted(errors, key=lambda name: -errors[name])[:SESSIONS_MAX]
        return set(few) if sum(errors[name] for name in few) > WRONG_OF_ALL * counted else set()

    async def gains(
        self, both: Both, after: float, upto: float, sessions: Iterable[str] | None = None, *, like: bool = False
    ) -> list[Gain]:
        """What these `sessions` gained after the first and up to the second instant (unix s of the server). `None`:
        our own. `like`: and what else a question leaves out by the beginnings of their names. Raises `PromError`.
        """
        found: list[Gain] = []
        self.shown = set()
        names, like = sorted(self.sessions if sessions is None else sessions), like or sessions is None
        async for name, before, series in self._sessions(both, names, after, upto, like=like):
            told = await _told_apart(before, series)
            found += [gain for gain in told.gains if gain.at > after]
            if max(points[-1][0] for points in series.values()) > upto - LEAD_S:
                self.shown.add(name)
            if told.resumed:
                self.resumed.add(name)
            if told.mixed >= promql.FALLS:
                self.mixed[name] = max(self.mixed[name], told.mixed)
                if told.most > TWO:
                    self.crowded.add(name)
        return found

    async def _sessions(
        self, both: Both, names: Sequence[str], after: float, upto: float, *, like: bool
    ) -> AsyncIterator[tuple[str, Mapping[Key, float], Mapping[Key, Points]]]:
        """Name, where each counter stood long before, and its samples; all of them of one answer, as another server may
        be some seconds behind, and of one copy. Those of one name on two machines are two.
        """
        first, names = int(after - LEAD_S) // LOOK_BACK_S * LOOK_BACK_S, list(names)
        while names:
            few = names[: self._asked]
            theirs = _of_these(both, few, like=like)
            try:
                found = await self._samples(theirs, first, int(upto))
            except TooMuchError:
                if len(few) == 1:
                    raise
                self._asked = len(few) // 2
                continue
            before, names = await self._stood_at(theirs, first), names[len(few) :]
            for (name, *_), copies in found.items():
                yield name, before, max(copies.values(), key=_count)
            most = sum(_count(series) for copies in found.values() for series in copies.values())
            self._asked = max(1, min(SESSIONS_MAX, len(few) * SAMPLES // max(most, 1)))

    async def _samples(
        self, theirs: Facets, begin: int, end: int
    ) -> dict[tuple[str, ...], dict[Key, dict[Key, Points]]]:
        """After `begin` and up to `end`, by session and machine, and by the labels in which copies differ."""
        found: dict[tuple[str, ...], dict[Key, dict[Key, Points]]] = defaultdict(lambda: defaultdict(dict))
        for fact, series in theirs:
            for row in await self._facts.series(f"{series}[{end - begin}s]", end):
                labels = plain(row.labels) | {promql.FACT: fact}
                copy = frozenset((name, labels.pop(name, "")) for name in series.copies)
                if points := [point for point in row.points if point[0] > begin and point[1] >= 0]:
                    who = labels.get("session_id", ""), labels.get("host_name", "")
                    found[who][copy][_key(labels)] = points
        return found

    async def _stood_at(self, theirs: Facets, at: int) -> Mapping[Key, float]:
        """How high each counter was, maybe days before."""
        look = (theirs, at)
        if look not in self._looks:
            found = await self._facts.ask(last_known(theirs), at)
            self._looks[look] = {
                _key(row.labels | {promql.FACT: fact}): row.value for fact, _ in theirs for row in found.get(fact, [])
            }
            for old in list(self._looks)[:-LOOKS_KEPT]:
                del self._looks[old]
        return self._looks[look]


async def _told_apart(before: Mapping[Key, float], series: Mapping[Key, Points]) -> Told:
    """Beside the event loop: thousands of samples in no order take seconds."""
    return await asyncio.to_thread(told_apart, before, series)


def _count(series: Mapping[Key, Points]) -> int:
    return sum(map(len, series.values()))


def _some(names: Sequence[str]) -> str:
    return f"{len(names)} sessions are" if len(names) > 1 else "one session is"


def _which(names: Sequence[str]) -> str:
    few = ", ".join(f"{name[:8]}..." for name in names[:NAMED])
    return f" ({few}{' and more' if len(names) > NAMED else ''})"


def fallen(found: FactRows) -> set[str]:
    """The sessions whose series an answer says to fall again and again."""
    return {session(row) for row in found.get(promql.FELL, []) if row.value >= promql.FALLS}


def fallen_once(found: FactRows) -> set[str]:
    """Those that fell only once: they were resumed, or another process exported once beside them."""
    return {session(row) for row in found.get(promql.FELL, [])} - fallen(found)


def _key(labels: Mapping[str, str]) -> Key:
    return frozenset((name, value) for name, value in labels.items() if name != "__name__")


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
