"""What each question of a publisher costs its server."""

import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fleet_history import MINUTE_S, RECORDED_LATE_S
from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.queries import FACT, NOW
from gauge_mqtt.sources.prometheus.recorded import BEAT

TOLD_BY = {
    "beat": "minutes of the rules",
    "fell": "the last minutes",
    "newest": "the rate",
    "pushed": "what there is",
    "cache": "the cache: new sessions",
    "lively": "counters or increments",
    "rate": "the rate: new sessions",
    "tokens_returned": "what came back",
    "new": "what came up",
    "tokens": "the last minutes: new sessions",
}
"""Fact -> the question that asks for it; the first that fits."""


@dataclass
class Cost:
    """Of one kind of question: how often it was asked, seconds until the answers, CPU seconds of the server."""

    times: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    slowest_s: float = 0.0


class Costly(PromApi):
    """Notes what each request costs. Its CPU is all that the server used meanwhile: nobody else may ask it."""

    def __init__(self, server: Server, cpu_s: Callable[[], float]) -> None:
        super().__init__(server)
        self._cpu_s = cpu_s
        self.costs: dict[str, Cost] = defaultdict(Cost)

    async def query(self, expression: str, at: float | None = None) -> Any:
        return await self._noted(question(expression), super().query(expression, at))

    async def query_range(self, expression: str, first: int, last: int, step: int) -> Any:
        """The engine holds what is recorded in the hour to come, too: of that nobody may know."""
        name, recorded = question(expression, ranged=True), time.time() // MINUTE_S * MINUTE_S - RECORDED_LATE_S
        last = min(last, int(recorded)) if BEAT in expression else last
        return await self._noted(name, super().query_range(expression, first, last, step))

    async def get(self, *given: Any) -> Any:
        return await self._noted("names, and about the server", super().get(*given))

    async def _noted(self, name: str, answer: Awaitable[Any]) -> Any:
        cost = self.costs[name]
        began, cpu = time.perf_counter(), self._cpu_s()
        try:
            return await answer
        finally:
            took = time.perf_counter() - began
            cost.times += 1
            cost.wall_s += took
            cost.cpu_s += self._cpu_s() - cpu
            cost.slowest_s = max(cost.slowest_s, took)

    def take(self) -> dict[str, Cost]:
        """The costs since the last time."""
        costs, self.costs = dict(self.costs), defaultdict(Cost)
        return costs


def question(expression: str, *, ranged: bool = False) -> str:
    """What is asked, in words."""
    facts = [fact for fact in re.findall(rf'"{FACT}", "(\w+)"', expression) if fact != NOW]
    if ranged and "beat" not in facts:
        return "minutes of the counters" if "new" in facts else "minutes: " + ", ".join(facts)
    return next((words for fact, words in TOLD_BY.items() if fact in facts), ", ".join(facts) or "the time")
