"""Reads the account that recording rules keep by the minute (`recorded`), where it is whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.api import Sample
from gauge_mqtt.sources.prometheus.came_up import CameUp
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts, by_minute
from gauge_mqtt.sources.prometheus.queries import STEP_S
from gauge_mqtt.sources.prometheus.recorded import RETURN_S


class Span(NamedTuple):
    """The minutes after `after` up to `upto` (unix seconds). `told`: by the rules; else the counters have it."""

    after: int
    upto: int
    told: bool
    tokens: Mapping[int, float] = {}
    usd: Mapping[int, float] = {}
    models: Sequence[Sample] = ()


def whole(beats: Collection[int], back_beats: Collection[int], now: float) -> set[int]:
    """The minutes (their ends) of which the account is whole. What was counted anew is taken off each half an hour, so
    that a half an hour is whole or not; of the one that goes on `RecordedMinutes` still asks what has to be taken off.
    """
    halves = [range(end - RETURN_S + STEP_S, end + STEP_S, STEP_S) for end in back_beats]
    found = {minute for half in halves if all(minute in beats for minute in half) for minute in half}
    last = max(back_beats, default=0)
    if last + RETURN_S > now - 3 * STEP_S:
        minute = last + STEP_S
        while minute in beats:
            found.add(minute)
            minute += STEP_S
    return found


class RecordedMinutes:
    """As rules keep them at a `level` for a `selector`; `came_up` knows what they do not take off yet."""

    def __init__(self, facts: Facts, level: recorded.Level, selector: str) -> None:
        self._facts, self._level, self._selector = facts, level, selector
        self.came_up = CameUp(facts)

    async def spans(self, after: int, upto: int, *, cost: bool, last: bool) -> list[Span]:
        """The minutes of a slice, the older first: where the rules tell of them, and where not. Raises `PromError`.
        `last`: nothing is read of what comes after it, so that here is taken off what the rules do not take off yet.
        """
        question = recorded.minutes(self._level, self._selector, cost=cost)
        found = await self._facts.ask_range(question, after + STEP_S - RETURN_S, upto + RETURN_S, STEP_S)
        back_beats = _ends(found, "back_beat")
        known = whole(_ends(found, "beat"), back_beats, self._facts.server_now())
        half, newest = max(back_beats, default=0), max((minute for minute in known if minute <= upto), default=0)
        if last and max(half, after) < newest:
            for fact, amount in (await self.came_up.anew(self._selector, half, newest, cost=cost)).items():
                found.setdefault(fact, []).append(Sample({}, [(newest, amount)]))
        return list(_spans(found, known, after, upto))


def _spans(found: FactRows, known: Collection[int], after: int, upto: int) -> Iterator[Span]:
    tokens, usd = (_counted(found, fact) for fact in ("tokens", "cost"))
    for told, run in groupby(range(after + STEP_S, upto + STEP_S, STEP_S), lambda end: end in known):
        ends = list(run)
        mine = [{end: counts[end] for end in ends if told and end in counts} for counts in (tokens, usd)]
        models = [_within(row, ends[0], ends[-1]) for row in found.get("model", []) if told]
        yield Span(ends[0] - STEP_S, ends[-1], told, mine[0], mine[1], models)


def _within(row: Sample, first: int, last: int) -> Sample:
    return Sample(row.labels, [point for point in row.points if first <= point[0] <= last])


def _ends(found: FactRows, fact: str) -> set[int]:
    return {round(at) for row in found.get(fact, []) for at, _ in row.points}


def _counted(found: FactRows, fact: str) -> dict[int, float]:
    """What was counted, less what was counted anew; that is taken off at the end of its half an hour, all at once."""
    minutes, off = by_minute(found, fact), by_minute(found, f"{fact}_returned")
    return {end: minutes.get(end, 0.0) - off.get(end, 0.0) for end in sorted(minutes.keys() | off.keys())}
