"""Questions of several parts to Prometheus, the server's clock, and which metrics it has."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from gauge_mqtt.core.reading import WEEK
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import INSTANT_MAX, PartError, PromApi, PromError, Sample, Whole

log = logging.getLogger(__name__)

NAME = "__name__"
LOOK_BACK_S, DAY_S, LATE_S = WEEK.total_seconds(), 86_400.0, 3600.0
"""So far back is looked for names, and for what is there lately; samples may come so much later."""
SKEW_LOGGED_S = 30.0
NOISE = 0.5
"""Tokens. Sums of floats may differ by this; a sum that is further below 0 is a contradiction."""

QUESTION_MAX = 16_000
"""Bytes: VictoriaMetrics takes no longer question (`-search.maxQueryLen`)."""
ASKED_AGAIN = 2
"""How often in a row who answers is asked: a load balancer gives turns."""

STORES = "/api/v1/stores"
"""Thanos alone has it: what it asks in turn, and what it does not ask any more because that did not answer."""

FactRows = dict[str, list[Sample]]
"""Fact -> its series, as one question of several parts brings them."""


class _Store(msgspec.Struct, rename="camel"):
    name: str = ""
    last_error: str | None = None


class _Stores(Whole, kw_only=True):
    data: dict[str, list[_Store]]


class Facts:
    """Asks questions of several parts (`queries.united`), counts them, and keeps the difference of the two clocks."""

    def __init__(self, api: PromApi) -> None:
        self.api, self.requests, self.stores = api, 0, False
        self.took_s = 0.0
        """What all answers took, in seconds, each less the quickest of all: that one was hardly more than its way."""
        self._way_s = math.inf
        self._values: dict[tuple[str, str], tuple[float, set[str]]] = {}
        """By label and matcher: when they were asked for (unix s of the server), and what there was."""
        self._skew = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def server_now(self) -> float:
        return (self.now() + self._skew).timestamp()

    def ours(self, server: float) -> datetime:
        """An instant of the server's clock (unix seconds) by ours. Raises `PromError` for what is no instant."""
        if not 0 <= server <= INSTANT_MAX:
            raise PromError(f"{self.api} answers with {server:g} instead of an instant")
        return datetime.fromtimestamp(server, UTC) - self._skew

    async def server_time(self) -> int:
        """Asks for it: the whole unix second that ends next, so that nothing is later. Raises `PromError`."""
        return math.ceil((await self.ask(promql.united([])))[promql.NOW][0].value)

    async def names(self, pattern: str, selector: str) -> set[str]:
        """Of the metrics that fit: as `values` has it."""
        return await self.values(NAME, "{" + ",".join(filter(None, (f'{NAME}=~"{pattern}"', selector))) + "}")

    async def values(self, label: str, matcher: str) -> set[str]:
        """Those of a label in the series of the last days, or if there are none, of ever. Raises `PromError`.

        Asked again, only what is new is looked for, as long as there is some: a server may lose all that it had.
        """
        asked_at = self.server_now()
        before, known = self._values.get((label, matcher), (asked_at - LOOK_BACK_S, None))
        self.requests += 1
        found = await self.api.values(label, matcher, before - LATE_S)
        if found:
            found |= known or set()
        elif known != set():
            self.requests += 1
            found = await self.api.values(label, matcher)
        self._values[label, matcher] = asked_at, found
        return found

    async def lately(self, label: str, matcher: str) -> set[str]:
        """Those of a day, or of two, as the server keeps its index. To look at the series themselves is a question of a
        second for a thousand machines. Raises `PromError`.
        """
        self.requests += 1
        return await self.api.values(label, matcher, self.server_now() - DAY_S)

    async def servers(self) -> int:
        """How many servers seem to answer at this address: they started at different times. Not every one says it."""
        started = set()
        for _ in range(ASKED_AGAIN):
            self.requests += 1
            with suppress(PromError):
                started.add((await self.api.runtime()).start_time)
        return max(len(started), 1)

    async def look_for_stores(self) -> None:
        """Whether this is a Thanos. What was one stays one: that it does not answer just now says nothing."""
        self.requests += 1
        if not self.stores:
            with suppress(PromError):
                await self.api.get(STORES, {}, _Stores)
                self.stores = True

    async def _need_all_stores(self) -> None:
        """To be asked after a question. Raises `PromError` while a store is away: what it knows was left out, without a
        word if it went some seconds before.
        """
        if not self.stores:
            return
        self.requests += 1
        stores = (await self.api.get(STORES, {}, _Stores)).data
        if away := [store.name for kind in stores.values() for store in kind if store.last_error]:
            raise PartError(f"{self.api} answers in part only: {', '.join(sorted(away))} is away")

    async def ask(self, expression: str, at: float | None = None) -> FactRows:
        self.requests += 1
        before = self.now()
        found = self._by_fact(await self._timed(self.api.query(expression, at)))
        await self._need_all_stores()
        if at is None:
            server = self.ours(found[promql.NOW][0].value) + self._skew
            skew = max(server - self.now(), timedelta()) + min(server - before, timedelta())
            if abs(skew.total_seconds()) > SKEW_LOGGED_S > abs(self._skew.total_seconds()):
                log.warning("the clock of %s differs from ours by %.0f s; allowed for", self.api, skew.total_seconds())
            self._skew = skew
        return found

    async def ask_range(self, expression: str, first: int, last: int, step: int) -> FactRows:
        self.requests += 1
        found = self._by_fact(await self._timed(self.api.query_range(expression, first, last, step)))
        await self._need_all_stores()
        return found

    async def _timed(self, answer: Awaitable[list[Sample]]) -> list[Sample]:
        began = time.perf_counter()
        rows = await answer
        took = time.perf_counter() - began
        self._way_s = min(self._way_s, took)
        self.took_s += took - self._way_s
        return rows

    async def series(self, selector: str, at: float) -> list[Sample]:
        """The samples of a range vector that ends at `at` (unix s of the server)."""
        self.requests += 1
        found = await self.api.query(selector, at)
        await self._need_all_stores()
        return found

    async def in_parts(
        self,
        sessions: Collection[str],
        question: Callable[[Sequence[str]], str],
        *,
        at: float | None = None,
        span: tuple[int, int, int] | None = None,
    ) -> FactRows:
        """The answers to a question about `sessions`, so many at once as their names fit into one; to be added up."""
        rows, left = FactRows(), sorted(sessions)
        while left:
            many = promql.SESSIONS_MAX
            while len((asked := question(left[:many])).encode()) > QUESTION_MAX and many > 1:
                many //= 2
            for fact, found in (await self.ask_range(asked, *span) if span else await self.ask(asked, at)).items():
                rows.setdefault(fact, []).extend(found)
            left = left[many:]
        return rows

    def _by_fact(self, rows: list[Sample]) -> FactRows:
        found: FactRows = {}
        for row in rows:
            found.setdefault(row.labels.get(promql.FACT, ""), []).append(Sample(plain(row.labels), row.points))
        if promql.NOW not in found:
            raise PromError(f"{self.api} leaves out parts of our question")
        return found


def plain(labels: Mapping[str, str]) -> dict[str, str]:
    """With the names that Prometheus makes of them: `session.id` is `session_id`."""
    return {name.replace(".", "_"): value for name, value in labels.items()}


def session(row: Sample) -> str:
    return row.labels.get("session_id", "")


def total(found: FactRows, fact: str, kind: str | None = None) -> float:
    return sum(row.value for row in found.get(fact, []) if kind in {None, row.labels.get("type")})


def by_minute(found: FactRows, *facts: str) -> dict[int, float]:
    """Some facts of an answer, added. Raises `PromError` for less than nothing."""
    summed: dict[int, float] = defaultdict(float)
    for at, value in (point for fact in facts for row in found.get(fact, []) for point in row.points):
        summed[round(at)] += not_negative(value)
    return dict(summed)


def not_negative(value: float) -> float:
    """`value`, if it can be what a counter grew by. Raises `PromError`: a counter never grows by less than nothing."""
    if value < -NOISE:
        raise PromError(f"its answers contradict each other: {value:g} new tokens or USD")
    return max(0.0, value)
