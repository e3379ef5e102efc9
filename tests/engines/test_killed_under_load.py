"""Claude Code exports on and on while a part of the way to the needle is killed: what is shown is true or unknown."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import pytest

from gauge_mqtt.sources.prometheus import source as prometheus
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import Collector, StackPrometheus, built, export
from tests.support.prom_lab import running, source_on
from tests.support.waiting import eventually

SESSIONS, EACH, EVERY_S = 4, 9, 0.3
FIRST = 5000
"""Tokens of each session in its first export: what comes back with less within a minute is seen to fall."""
PATIENT_S = 90.0
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


@pytest.fixture
def server(tmp_path: Path, collector: Collector) -> Iterator[StackPrometheus]:
    with StackPrometheus(tmp_path / "prometheus", collector.exporter, built("prometheus")) as server:
        yield server


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, period in {"names": 5.0, "tach": 0.5, "past": 2.0, "fuels": 0.5}.items():
        monkeypatch.setitem(prometheus.PERIODS, kind, period)  # type: ignore[arg-type]


class Load:
    """`exported`: the tokens that the collector has taken in."""

    def __init__(self, collector: Collector, *, delta: bool) -> None:
        self._collector, self._delta, self.exported = collector, delta, 0
        self._counters = dict.fromkeys(map(str, range(SESSIONS)), 0)

    async def export(self) -> None:
        """What is not taken is sent with the next, as Claude Code does where it counts itself."""
        for session, before in self._counters.items():
            gained = EACH if before else FIRST
            counter = before + gained
            value = gained if self._delta else counter
            with suppress(httpx.TransportError):
                await asyncio.to_thread(
                    export, self._collector, "desk", session, value, at=time.time(), delta=self._delta
                )
                self._counters[session] = counter
                self.exported += gained

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        ended = asyncio.Event()  # not cancelled: what was taken is to be known

        async def work() -> None:
            while not ended.is_set():
                await self.export()
                await asyncio.sleep(EVERY_S)

        task = asyncio.create_task(work())
        try:
            yield self
        finally:
            ended.set()
            await task


def tokens(source: PrometheusSource) -> int:
    window = source.read(datetime.now(UTC)).window_5h
    return window.tokens if window else 0


async def watched(source: PrometheusSource, load: Load, seconds: float) -> None:
    """Never less than before, never more than was exported."""
    ends, before = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        value = tokens(source)
        assert before <= value <= load.exported + SESSIONS * EACH
        before = value
        await asyncio.sleep(0.1)


async def test_prometheus(collector: Collector, server: StackPrometheus) -> None:
    async with Load(collector, delta=False).at_work() as load, running(source := source_on(server.url)):
        await eventually(lambda: tokens(source) > SESSIONS * (FIRST + 5 * EACH), PATIENT_S)
        server.kill()
        await eventually(lambda: source.failure and source.read(datetime.now(UTC)).rate_tokens is None)
        stood = tokens(source)
        await watched(source, load, 4)
        assert tokens(source) == stood
        server.start()
        await eventually(lambda: source.failure is None, PATIENT_S)
        await watched(source, load, 4)
        await eventually(lambda: tokens(source) > stood)
    async with running(source := source_on(server.url)):
        await eventually(lambda: tokens(source) == load.exported, PATIENT_S)


@pytest.mark.parametrize("delta", [False, True], ids=["cumulative", "delta"])
async def test_the_collector(collector: Collector, server: StackPrometheus, *, delta: bool) -> None:
    """What it summed up itself and nobody has scraped is lost with it; what Claude Code sums up is not."""
    async with Load(collector, delta=delta).at_work() as load, running(source := source_on(server.url)):
        await eventually(lambda: tokens(source) > SESSIONS * (FIRST + 5 * EACH), PATIENT_S)
        minute = time.time() // 60  # what begins and falls within one minute is known to the end of it alone
        await eventually(lambda: time.time() // 60 > minute, PATIENT_S)
        collector.kill()
        killed, seen = load.exported, tokens(source)
        await watched(source, load, 4)
        collector.start()
        await eventually(lambda: load.exported > killed + 5 * SESSIONS * EACH)
        await watched(source, load, 4)
        await eventually(lambda: source.failure is None, PATIENT_S)
    least = load.exported - killed + seen if delta else load.exported
    async with running(source := source_on(server.url)):
        await eventually(lambda: least <= tokens(source) <= load.exported, PATIENT_S)
