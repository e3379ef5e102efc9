"""The processes behind the series of one session, told apart by what each of their exports can continue. Pure.

A process exports all its counters at once, and none of them ever falls. So an export belongs to the process that it
falls below in nothing, the largest of those that were seen lately; else it is a new one, and all of it is new. Looked
at together the counters tell more than each alone: if the output fell the cache was begun anew, too, also where more
was read from it than ever before.

    {output: 700, cacheRead: 9000}, {output: 100, cacheRead: 9500}    # two processes, that gained 9,700 and 9,600

Of two that work beside each other no such thing holds: one may overtake the other in some counters only. So where
more exports go back to a process than there are new ones, each counter is looked at alone: what all of them gained is
right then, whichever is taken for which.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from gauge_mqtt.sources.prometheus.queries import FACT

ALIVE_S = 300
"""A process whose counters were not seen for so long only continues if no other one can."""
EXPORTED_S = 90
"""One that is left alone exports each minute: what moved so lately, and fell in nothing, may be a new one already."""
RATIO = 1e-9
"""Two floats that differ by less are one sum, added in another order."""
PROCESSES_MAX = 64
"""So many are remembered, those that were seen last: a script may start one after the other."""
RESUMED, BRIEF_S = 2, 60
"""So many processes that gained for no longer than that: somebody resumes a session for each of its questions."""

Key = frozenset[tuple[str, str]]
"""The labels of a series."""
Points = Sequence[tuple[float, float]]
"""Unix seconds and value, in the order of time."""


class Gain(NamedTuple):
    """What one series gained up to `at` (unix seconds)."""

    at: float
    labels: Mapping[str, str]
    amount: float

    @property
    def fact(self) -> str:
        """Tokens or cost."""
        return self.labels.get(FACT, "")


class Process:
    """`values`: its counters. It was seen to gain from `began` to `grew`, and until `at`. `moved`: when each of its
    counters was, after it began.
    """

    __slots__ = ("at", "began", "grew", "moved", "values")

    def __init__(self, at: float, values: Mapping[Key, float]) -> None:
        self.at = self.began = self.grew = at
        self.values, self.moved = dict(values), dict[Key, float]()

    def can_be(self, export: Mapping[Key, float]) -> bool:
        return all(self.values.get(key, 0.0) <= value + RATIO * abs(value) for key, value in export.items())

    def size(self, export: Mapping[Key, float]) -> float:
        return sum(self.values.get(key, 0.0) for key in export)

    @property
    def is_brief(self) -> bool:
        """Whether it gained for a moment only."""
        return self.began > -inf and self.grew < self.began + BRIEF_S


class Processes:
    """Of some counters that are exported together. `first`: what was known of them before, if anything."""

    def __init__(self, first: Mapping[Key, float]) -> None:
        self.all = [Process(-inf, first)] if first else []
        self._forgotten = self._forgotten_brief = 0
        self._newest = self.all[0] if first else None
        self._last = dict(first)
        self.returned = self.mixed = 0
        """How often an export continued another process than the one before it; and one that was seen lately."""
        self.most = 0
        """How many exported at once."""

    def gains(self, at: float, export: Mapping[Key, float]) -> dict[Key, float]:
        """What each counter gained by this export. They come in the order of time."""
        moved = {key: value for key, value in export.items() if self._last.get(key) != value}
        self._last.update(moved)
        if not moved and self._newest:  # the same once more
            self._newest.at = at
            return {}
        fit = [process for process in self.all if process.can_be(moved)]
        if not fit:
            gained = {key: value - self._had_already(key, at, value) for key, value in moved.items()}
            self._newest = Process(at, moved)
            self.all.append(self._newest)
            if len(self.all) > PROCESSES_MAX:
                self._forget(min(self.all, key=lambda process: process.at))
            return gained
        chosen = max(fit, key=lambda process: (process.at >= at - ALIVE_S, process.size(moved)))
        self.returned += chosen is not self._newest
        self.mixed += chosen is not self._newest and chosen.at >= at - ALIVE_S
        self.most = max(self.most, sum(process.at >= at - ALIVE_S for process in self.all))
        gained = {key: max(0.0, value - chosen.values.get(key, 0.0)) for key, value in moved.items()}
        chosen.at, chosen.grew, self._newest = at, at, chosen
        chosen.values |= {key: max(value, chosen.values.get(key, 0.0)) for key, value in moved.items()}
        chosen.moved |= dict.fromkeys(moved, at)
        return gained

    def _forget(self, process: Process) -> None:
        self.all.remove(process)
        self._forgotten += 1
        self._forgotten_brief += process.is_brief

    def _had_already(self, key: Key, at: float, value: float) -> float:
        """How much of a counter of a new process is counted already: its exports before this one may have fallen in
        nothing, and have been taken for those of the process before it.
        """
        before = self._newest
        if before is None or before.moved.get(key, -inf) < at - EXPORTED_S:
            return 0.0
        had = before.values.get(key, 0.0)
        return had if value >= had else 0.0

    @property
    def in_turn(self) -> bool:
        """Whether they exported one after the other."""
        return self.returned < max(self._forgotten + len(self.all), 1)

    @property
    def brief(self) -> int:
        """How many gained for a moment only, and nothing came back afterwards to what had been before."""
        return self._forgotten_brief + sum(process.is_brief for process in self.all) - self.returned


class Told(NamedTuple):
    """`mixed`, `most`: as `Processes` has it, of series that several write at once. `resumed`: whether a session is
    resumed for each of its questions, where what one process used is not seen if the next used more of everything.
    """

    gains: list[Gain]
    mixed: int = 0
    most: int = 0
    resumed: bool = False


def told_apart(before: Mapping[Key, float], series: Mapping[Key, Points]) -> Told:
    """What the counters of one session gained by their samples. `before`: where they stood, as far as it is known."""
    together, gains = _told({key: before[key] for key in series if key in before}, series)
    if together.in_turn:
        return Told(gains, resumed=together.brief >= RESUMED)
    alone = [_told({key: before[key]} if key in before else {}, {key: series[key]}) for key in series]
    gains = [gain for _, some in alone for gain in some]
    return Told(gains, max(one.mixed for one, _ in alone), max(one.most for one, _ in alone))


def _told(before: Mapping[Key, float], series: Mapping[Key, Points]) -> tuple[Processes, list[Gain]]:
    processes, exports = Processes(before), defaultdict[float, dict[Key, float]](dict)
    for key, points in series.items():
        for at, value in points:
            exports[at][key] = value
    gains = [
        Gain(at, dict(key), amount)
        for at in sorted(exports)
        for key, amount in processes.gains(at, exports[at]).items()
        if amount
    ]
    return processes, gains


def taken_each_alone(before: Mapping[Key, float], series: Mapping[Key, Points], after: float) -> float:
    """What a sum that knows one process a series only makes of it, after an instant."""
    summed = 0.0
    for key, points in series.items():
        last = before.get(key, 0.0)
        for at, value in points:
            summed += (value - last if value >= last else value) if at > after else 0.0
            last = value
    return summed
