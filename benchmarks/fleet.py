"""What a fleet costs its engine: a publisher on VictoriaMetrics or Prometheus with 8 days of 1 to 1,000 machines."""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fleet_history import Blocks, Fleet, json_lines, with_doings
from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import EngineProcess, PlainPrometheus, VictoriaMetrics
from tests.support.prom_lab import make_blocks

SIZES = (1, 10, 100, 1000)
AHEAD_S = 3600
"""The data go on for so long after now, as if the machines still worked."""
STEADY_S, PATIENCE_S = 60.0, 300.0
FIRST_S, REQUEST_S, COLD_CPU_S, STEADY_CORE, ERROR = 15.0, 2.0, 10.0, 0.01, 0.01
COUNTERS = 'user_id=~".*"'
"""A label that the rules do not keep: so the counters are asked."""


class Timed(PromApi):
    """Notes how long each request takes."""

    took: list[float]

    async def _timed(self, ask: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        began = time.perf_counter()
        try:
            return await ask(*given)
        finally:
            self.took.append(time.perf_counter() - began)

    async def query(self, *given: Any) -> Any:
        return await self._timed(super().query, *given)

    async def query_range(self, *given: Any) -> Any:
        return await self._timed(super().query_range, *given)

    async def get(self, *given: Any) -> Any:
        return await self._timed(super().get, *given)


class Row(NamedTuple):
    first_s: float
    slowest_s: float
    cold_cpu_s: float
    steady: float
    error: float

    @property
    def good(self) -> bool:
        bars = (FIRST_S, REQUEST_S, COLD_CPU_S, STEADY_CORE, ERROR)
        return all(value <= bar for value, bar in zip(self, bars, strict=True))


async def measured(engine: EngineProcess, url: str, fleet: Fleet, selector: str) -> Row:
    api = Timed(Server(url=url))
    api.took = []
    source = PrometheusSource(api, selector)
    began, cpu = time.perf_counter(), engine.cpu_s
    task = asyncio.create_task(source.run(lambda: None))
    try:
        while (window := source.read(datetime.now(UTC)).window_7d) is None:
            if task.done() or time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError(source.failure or "no 7 d value")
            await asyncio.sleep(0.01)
        first, at, cold = time.perf_counter() - began, time.time(), engine.cpu_s - cpu
        truth, _ = fleet.truth.since(at - 7 * 86_400, at)
        await asyncio.sleep(10)
        cpu, since = engine.cpu_s, time.perf_counter()
        await asyncio.sleep(STEADY_S)
        steady = (engine.cpu_s - cpu) / (time.perf_counter() - since)
        return Row(first, max(api.took), cold, steady, abs(window.tokens - truth) / truth)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def on_victoria(machines: int, room: Path, interval: int) -> tuple[VictoriaMetrics, Fleet]:
    end = int(time.time()) + AHEAD_S
    fleet, engine = Fleet(machines, end, interval=interval), VictoriaMetrics(room, ["-search.latencyOffset=0s"])
    engine.start()
    engine.load_lines(json_lines(fleet.series(end)))
    return engine, fleet


def on_prometheus(machines: int, room: Path, interval: int, *, doings: bool = False) -> tuple[PlainPrometheus, Fleet]:
    end = int(time.time()) + AHEAD_S
    fleet, engine, blocks = Fleet(machines, end, interval=interval), PlainPrometheus(room), Blocks(room / "text")
    for series in with_doings(fleet.series(end)) if doings else fleet.series(end):
        blocks.add(series)
    make_blocks(blocks.close(), room / "tsdb")
    engine.start()
    return engine, fleet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("victoria", "prometheus"), default="victoria")
    parser.add_argument("--machines", type=int, nargs="+", default=SIZES)
    parser.add_argument("--interval", type=int, default=60, help="seconds between the exports of a running session")
    parser.add_argument("--counters", action="store_true", help="as if there were no recording rules")
    given = parser.parse_args()
    load = on_victoria if given.engine == "victoria" else on_prometheus
    how = "without rules" if given.counters else "with rules"
    heads = (
        "machines",
        "samples",
        "7 d value",
        "slowest request",
        "server CPU, cold",
        "steady, of a core",
        "error",
        "",
    )
    table = Table(*heads, title=f"{given.engine}, {how}")
    failed = 0
    for machines in given.machines:
        with tempfile.TemporaryDirectory() as room:
            engine, fleet = load(machines, Path(room), given.interval)
            try:
                row = asyncio.run(measured(engine, engine.url, fleet, COUNTERS if given.counters else ""))
            finally:
                engine.kill()
        cells = (f"{row.first_s:.1f} s", f"{row.slowest_s:.2f} s", f"{row.cold_cpu_s:.1f} CPU-s", f"{row.steady:.2%}",
                 f"{row.error:.3%}", "PASS" if row.good else "FAIL")  # fmt: skip
        print(machines, fleet.truth.samples, *cells, flush=True)
        table.add_row(f"{machines:,}", f"{fleet.truth.samples:,}", *cells)
        failed += not row.good and not given.counters
    console = Console()
    console.width = max(console.width, 120)
    console.print(table)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
