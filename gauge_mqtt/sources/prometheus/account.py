"""Reads the account that recording rules keep by the minute (`recorded`), where it is whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.api import Sample
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts, by_minute, session, total
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
    that a half an hour is whole or not; of the one that goes on still `spans` asks what has to be taken off.
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


async def spans(facts: Facts, level: recorded.Level, selector: str, after: int, upto: int, *, cost: bool) -> list[Span]:
    """The minutes of a slice, the older first: where the rules tell of them, and where not. Raises `PromError`."""
    question = recorded.minutes(level, selector, cost=cost)
    found = await facts.ask_range(question, after + STEP_S - RETURN_S, upto + RETURN_S, STEP_S)
    back_beats = _ends(found, "back_beat")
    known = whole(_ends(found, "beat"), back_beats, facts.server_now())
    last, newest = max(back_beats, default=0), max(known, default=0)
    if last < newest and after < newest <= upto:
        for fact, amount in (await _came_back(facts, selector, last, newest, cost=cost)).items():
            found.setdefault(fact, []).append(Sample({}, [(newest, amount)]))
    return list(_spans(found, known, after, upto))


async def _came_back(facts: Facts, selector: str, last: int, newest: int, *, cost: bool) -> dict[str, float]:
    """What the half an hour that goes on has counted anew from `last` to `newest`, the ends of minutes."""
    seconds = newest - last
    new = {session(row) for row in (await facts.ask(recorded.came_up(selector, seconds), newest)).get("new", [])}
    back = await facts.in_parts(
        new, lambda few: recorded.came_back(selector, few, seconds, cost=cost), at=newest
    )  # fmt: skip
    return {fact: total(back, fact) for fact in back if fact.endswith("_returned")}


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
