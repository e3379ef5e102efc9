"""What the counters gained: by the minute, since the last of these minutes, and in the last one.

Each is one question, and a second one for the sessions that came up meanwhile. When they are asked is the source's.
"""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gauge_mqtt.core.reading import Ratio
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus import shared
from gauge_mqtt.sources.prometheus.account import RecordedMinutes, Span
from gauge_mqtt.sources.prometheus.facts import (
    FactRows,
    Facts,
    by_minute,
    not_negative,
    session,
    total,
)
from gauge_mqtt.sources.prometheus.learn import CounterSeries
from gauge_mqtt.sources.prometheus.minutes import SLICE_S, Minutes, joined
from gauge_mqtt.sources.prometheus.processes import Gain
from gauge_mqtt.sources.prometheus.seen import Seen


class Tach(NamedTuple):
    """`tokens` of the minute up to `at` (unix s of the server). `scraped`: when a target was; `down`: which are not."""

    at: int
    tokens: float
    scraped: float | None
    down: list[str]


class Tail(NamedTuple):
    """What came after the minutes that were read; and how much of what was read in the last minutes was cached."""

    tokens: float
    usd: float
    cache: Ratio


class Counting:
    """Of one set of series, `known`; who was at work is told to `seen`. Every question raises `PromError`.

    `doubt` is called when what moved may have been none: a session that has to be looked at more closely may have
    seemed to be at work all the time.
    """

    def __init__(self, facts: Facts, known: CounterSeries, seen: Seen, doubt: Callable[[], None]) -> None:
        self.facts, self.known, self._seen, self._doubt = facts, known, seen, doubt
        self.minutes, self.shared = Minutes(), shared.SharedSeries(facts)
        self._misread: dict[int, set[str]] = {}
        """By slice, of the newest ones: the sessions that its sums would count wrongly."""
        self._recorded = RecordedMinutes(facts, known.level, known.tokens.selector) if known.level else None

    @property
    def _both(self) -> shared.Both:
        return self.known.tokens, self.known.cost

    def forget_minutes(self) -> None:
        """The server's clock was set back."""
        self.minutes = Minutes()

    async def tach(self) -> Tach | None:
        """`None` where nobody can tell: too many sessions are shared by several processes."""
        if self.shared.too_many:  # until some of them end; why is told of the tail
            return None
        at, tokens = await self.facts.server_time(), self.known.tokens
        others = tokens.but(self.shared.sessions)
        found = await self.facts.ask(promql.tach(others, self.known.targets, at), at)
        back = FactRows()
        if sessions := {session(row) for row in found.get("new", [])}:
            back = await self.facts.in_parts(sessions, lambda few: promql.tach_back(others, few), at=at)
        rate = not_negative(total(found, "rate")) + not_negative(total(back, "rate"))
        gains = await self.shared.gains((tokens, None), at - promql.RATE_S, at)
        if newest := found.get("newest"):
            self._seen.newest_at = self.facts.ours(newest[0].value)
        self._seen.take_models((row.labels.get("model", ""), row.value) for row in found.get("model", []))
        self._seen.take_models(shared.models(gains))
        down = sorted(row.labels.get("instance", "?") for row in found.get("down", []))
        scraped = total(found, "scraped") if found.get("scraped") else None
        return Tach(at, rate + sum(gain.amount for gain in gains), scraped, down)

    def unread(self) -> list[tuple[int, int]]:
        """What to read next, one after the other with `slice`."""
        slices = self.minutes.unread(self.facts.server_now())
        return joined(slices) if self._recorded else slices

    async def slice(self, begin: int, end: int, *, last: bool) -> int | None:
        """Reads the minutes of a slice, the `last` one or an older one. Of how many seconds no rules told; `None` if it
        has to be read in parts, as they leave out some of several slices.
        """
        newest, untold_s = end > (self.minutes.mark or 0), 0
        spans = await self._told(begin, end, last=last)
        if end - begin > SLICE_S and not all(span.told for span in spans):
            return None
        for span in spans:
            if span.told:
                self.minutes.put(span.after, span.upto, span.tokens, span.usd)
                self._seen.take_minutes(span.tokens, span.models)
            else:
                untold_s += span.upto - span.after
                await self._count(span.after, span.upto, newest=newest)
        return untold_s

    async def _told(self, begin: int, end: int, *, last: bool) -> list[Span]:
        """A slice, the older minutes first: where recording rules tell of it, and where the counters have to."""
        if self._recorded is None:
            return [Span(begin, end, told=False)]
        return await self._recorded.spans(begin, end, cost=self.known.cost is not None, last=last)

    async def _count(self, after: int, upto: int, *, newest: bool) -> None:
        back, apart, answers, number = set[str](), set[str](), 0, after // SLICE_S
        named = self._misread.get(number, set()).copy()
        while answers < self.known.servers:
            found = await self._minutes(after, upto, back, named)
            if found is None:
                answers = 0
                continue
            answers += 1
            apart |= (fallen := shared.fallen(found))
            gains = await self.shared.gains(self._both, after, upto, fallen)
            if newest and self.shared.seen_at_work():
                self._doubt()
            gains += await self.shared.gains(self._both, after, upto, named, like=True)
            tokens, usd = (_with(by_minute(found, fact, f"{fact}_back"), gains, fact) for fact in ("tokens", "cost"))
            self.minutes.put(after, upto, tokens, usd, doubtful=self.known.servers > 1)
            self._seen.take_minutes(tokens, found.get("model", []))
            self._seen.take_models(shared.models(gains))
        self.shared.expected = bool(apart)
        self._misread[number] = named
        self._misread = {one: names for one, names in self._misread.items() if one >= max(self._misread) - 1}

    async def _minutes(self, after: int, upto: int, back: set[str], named: set[str]) -> FactRows | None:
        """One answer about the series that one process each writes; `None` if it has to be asked again, without the
        others, those `named` among them, or with more in `back`, which are the sessions that were new in it.
        """
        span, (tokens, cost) = (after + promql.STEP_S, upto, promql.STEP_S), self._both
        both = tokens.but(named), cost and cost.but(named)
        about = upto - after if self.shared.expected else None
        found = await self.facts.ask_range(promql.minutes(*both, upto - after, back, apart=about is not None), *span)
        if self.shared.counted_in(found):
            return None
        goes_on = min(upto + shared.LEAD_S, int(self.facts.server_now()))  # what is back a minute later fell here
        misread = await self.shared.misread(found, both[0], after, goes_on, after // SLICE_S)
        if misread and len(named | misread) <= shared.SESSIONS_MAX:
            named |= misread
            return None
        more = {session(row) for row in found.get("new", [])} - back
        back |= more
        if more and self.known.servers > 1:  # the next answer may be another server's: it has to be whole by itself
            return None
        return found | await self.facts.in_parts(more, lambda few: promql.minutes_back(*both, about, few), span=span)

    async def tail(self, mark: int, at: int) -> Tail | None:
        """From the `mark` of the minutes up to `at` (unix s of the server). `None` if it has to be asked again, and the
        newest minutes before it: a session was counted that several processes share.
        """
        if self.shared.too_many:
            await self.shared.look_again(self.known.tokens, at)
        (tokens, cost), apart = self._both, self.shared.sessions
        alone = tokens.but(apart), cost and cost.but(apart)
        found, back = await self.facts.ask(promql.tail(*alone, mark, at, tokens), at), FactRows()
        since = min(mark, at - promql.CACHE_S)
        mixed = shared.fallen(found) | await self.shared.misread(found, alone[0], since, at)
        if self.shared.found_in(mixed):
            self._doubt()
            return None
        came_up = {session(row) for fact in ("new", "new_since") for row in found.get(fact, [])}
        if self._recorded:
            self._recorded.came_up.note(came_up | apart, mark, at // promql.STEP_S * promql.STEP_S)
        if came_up:
            back = await self.facts.in_parts(came_up, lambda few: promql.tail_back(tokens, cost, mark, at, few), at=at)
        if lately := {session(row) for row in found.get("new_lately", [])}:
            back |= await self.facts.in_parts(lately, lambda few: promql.cache_back(tokens, few), at=at)
        gains = await self.shared.gains(self._both, since, at)
        self.shared.let_go(mixed)
        tokens_since, usd_since = (
            not_negative(total(found, fact))
            + not_negative(total(back, fact))
            + sum(gain.amount for gain in gains if gain.fact == fact and gain.at > mark)
            for fact in ("tokens", "cost")
        )
        cached = shared.summed([gain for gain in gains if gain.at > at - promql.CACHE_S], "tokens", _type_of)
        kinds = {
            kind: not_negative(total(found, "cache", kind))
            + not_negative(total(back, "cache", kind))
            + cached.get(kind, 0.0)
            for kind in promql.CACHED
        }
        cache = Ratio(part=round(kinds["cacheRead"]), whole=round(sum(kinds.values())))
        return Tail(tokens_since, usd_since, cache)


def _with(minutes: dict[int, float], gains: Iterable[Gain], fact: str) -> dict[int, float]:
    """With what was gained by the end of each minute."""
    ends = shared.summed(gains, fact, lambda gain: math.ceil(gain.at / promql.STEP_S) * promql.STEP_S)
    return {end: minutes.get(end, 0.0) + ends.get(end, 0.0) for end in sorted(minutes.keys() | ends.keys())}


def _type_of(gain: Gain) -> str:
    return gain.labels.get("type", "")
