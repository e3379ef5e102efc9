"""Architecture B: the windows as ccusage computes them. It is asked when the log tail saw new usage, never on a timer.

Stands beside the tail of the session logs, which has everything that is faster than a report: rate, model, ratios.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import PACE_WINDOW, WEEK, Account, Reading
from gauge_mqtt.sources.ccusage.program import ReportName
from gauge_mqtt.sources.ccusage.report import (
    CcusageBlock,
    CcusageError,
    account,
    blocks,
    day_tokens,
    prices,
    window_5h,
    window_7d,
)

log = logging.getLogger(__name__)

DUTY = 2.0
"""Where a report takes longer than half of the period the period is stretched: it may run half of the time at most."""
BLOCK_OVER_S = 1.0
"""How long after its end a block is looked at again."""


class Reporter(Protocol):
    """Whoever can be asked for ccusage's reports: its command (`Program`), or a server that runs it (`McpServer`).

    `vague`: says the same of a fault and of logs in which nothing was used. `exact`: counts a streamed response once
    and by its largest line.
    """

    vague: bool

    @property
    def exact(self) -> bool: ...

    async def report(self, name: ReportName) -> bytes:
        """Raises `CcusageError`."""


class UsageTail(Protocol):
    """What is needed of the tail of the session logs. `on_usage` is called for each new usage after its first look."""

    on_usage: Callable[[], None]

    @property
    def observed_at(self) -> datetime | None: ...

    def tokens_between(self, after: float, upto: float) -> int | None: ...


class CcusageSource:
    """Asks `reporter` at most once in `ttl_s` seconds. What it said last stays, with its age, while it fails."""

    name = "ccusage"

    def __init__(self, reporter: Reporter, tail: UsageTail, ttl_s: float) -> None:
        self.fault: CcusageError | None = None
        self.runs = self.failures = 0
        self.seconds = 0.0
        self._reporter, self._tail, self._ttl_s = reporter, tail, ttl_s
        self._blocks: list[CcusageBlock] | None = None
        self._prices: dict[str, bool] = {}
        self._account: Account | None = None
        self._priced_by: str | None = None
        self._asked_at: datetime | None = None
        self._failing_since: datetime | None = None
        self._new_usage = asyncio.Event()
        tail.on_usage = self._new_usage.set

    @property
    def failure(self) -> str | None:
        return None if self.fault is None else str(self.fault)

    @property
    def exact(self) -> bool:
        return self._reporter.exact

    def read(self, now: datetime) -> Reading:
        known = self._blocks is not None
        rows = self._blocks or []
        return Reading(
            source=self.name,
            observed_at=self._observed_at(),
            pace_tokens=self._tail.tokens_between(now.timestamp() - PACE_WINDOW.total_seconds(), now.timestamp()),
            window_5h=window_5h(rows, self._prices, now) if known else None,
            window_7d=window_7d(rows, self._prices, now, self._tail.tokens_between) if known else None,
            sees_turns=True,
            failing_since=self._failing_since,
            failure=self.failure,
            account=self._account,
        )

    def _observed_at(self) -> datetime | None:
        """When its answer was true: as long as the tail sees nothing new, that is when the tail looked last."""
        if self._asked_at is None or self._new_usage.is_set() or self.failure:
            return self._asked_at
        return max(self._asked_at, self._tail.observed_at or self._asked_at)

    @property
    def health(self) -> Health:
        at = self._observed_at()
        age = None if at is None else max(0.0, (datetime.now(UTC) - at).total_seconds())
        return Health(ok=self.failure is None, age_s=age, detail=self.failure or str(self._reporter))

    def metrics(self) -> list[Metric]:
        return [
            Metric("ccusage_runs_total", "counter", "how often ccusage was asked", self.runs),
            Metric("ccusage_failures_total", "counter", "how often that failed", self.failures),
            Metric("ccusage_seconds_total", "counter", "wall time that ccusage took", round(self.seconds, 3)),
        ]

    async def load(self) -> None:
        await self._ask(lambda: None)

    async def run(self, changed: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started, failure = loop.time(), self.failure
            await self._ask(changed)
            if self.failure and not failure:
                log.warning("ccusage: %s", self.failure)
            elif failure and not self.failure:
                log.info("ccusage answers again")
            changed()
            await asyncio.sleep(max(started + self._ttl_s, started + DUTY * (loop.time() - started)) - loop.time())
            if not self.failure:
                await self._something_to_ask()

    async def _something_to_ask(self) -> None:
        """Returns when the tail saw usage, or when the open block is over."""
        now = datetime.now(UTC).timestamp()
        ends = [row.end for row in self._blocks or [] if row.end > now]
        try:
            async with asyncio.timeout(min(ends) - now + BLOCK_OVER_S if ends else None):
                await self._new_usage.wait()
        except TimeoutError:
            pass

    async def replayed(self) -> int:
        """Tokens that its blocks count and its days, asked anew, do not: replays of side chains, over all its history.
        Raises `CcusageError`.
        """
        rows, days = self._blocks or [], day_tokens(await self._reporter.report("daily"))
        return sum(row.tokens for row in rows) - days

    async def _learn_prices(self, models: set[str]) -> None:
        """Blocks do not say which models have no price; days do. Asked only when there is a new model, or ccusage."""
        asked = str(self._reporter)
        if asked != self._priced_by or not models <= self._prices.keys():
            known = prices(await self._reporter.report("daily"))
            if not (self._reporter.vague and models - known.keys()):  # else it may have hidden a fault: ask again
                known, self._priced_by = dict.fromkeys(models, False) | known, asked
            self._prices = known

    async def _ask(self, changed: Callable[[], None]) -> None:
        self._new_usage.clear()
        asked_at, loop = datetime.now(UTC), asyncio.get_running_loop()
        started = loop.time()
        self.runs += 1
        try:
            week_ago = asked_at.timestamp() - WEEK.total_seconds()
            rows = self._believed(blocks(await self._reporter.report("blocks"), since=week_ago), asked_at)
            self._blocks, self._asked_at = rows, asked_at
            self._account = account(rows, self._prices)
            changed()
            await self._learn_prices({model for row in rows for model in row.models})
            self._account = account(rows, self._prices)
        except CcusageError as error:
            self.failures += 1
            self._new_usage.set()  # it is still to be asked
            self.fault, self._failing_since = error, self._failing_since or asked_at
        else:
            self.fault = self._failing_since = None
        finally:
            self.seconds += loop.time() - started

    def _believed(self, rows: list[CcusageBlock], now: datetime) -> list[CcusageBlock]:
        """`rows`, unless they are none and the tail does not know for itself that nothing was used in a week."""
        at = now.timestamp()
        if not rows and self._reporter.vague and self._tail.tokens_between(at - WEEK.total_seconds(), at) != 0:
            raise CcusageError("it says that nothing was used, as it does when it cannot read the logs")
        return rows
