"""What a fleet costs its engine: one publisher on 8 days of 1 to 1,000 machines."""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fleet_history import Blocks, Fleet, json_lines, with_doings
from fleet_questions import Cost, Costly
from gauge_mqtt.sources.prometheus.api import Server
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import EngineProcess, PlainPrometheus, VictoriaMetrics
from tests.support.prom_lab import make_blocks
from tests.support.vm_cluster import Cluster

SIZES = (1, 10, 100, 1000)
AHEAD_S = 3600
"""The data go on for so long after now, as if the machines still worked."""
SETTLE_S, STEADY_S, PATIENCE_S = 120.0, 600.0, 300.0
"""By then it has seen what each question costs; in ten minutes everything is asked that is ever asked again."""
FIRST_S, REQUEST_S, COLD_CPU_S, STEADY_CORE, ERROR = 15.0, 2.0, 10.0, 0.01, 0.01
COUNTERS = 'user_id=~".*"'
"""A label that the rules do not keep: so the counters are asked."""


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


class Steady(NamedTuple):
    """So many seconds of a publisher that has been at work for a while: what it asked, and CPU seconds."""

    seconds: float
    asked: dict[str, Cost]
    server_s: float
    publisher_s: float


async def measured(
    engine: EngineProcess | Cluster, fleet: Fleet, selector: str, *, settle_s: float, steady_s: float
) -> tuple[Row, dict[str, Cost], Steady]:
    """And what was asked until the 7 d value was there."""
    api = Costly(Server(url=engine.url), lambda: engine.cpu_s)
    source = PrometheusSource(api, selector)
    began, cpu = time.perf_counter(), engine.cpu_s
    task = asyncio.create_task(source.run(lambda: None))
    try:
        while (window := source.read(datetime.now(UTC)).window_7d) is None:
            if task.done() or time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError(source.failure or "no 7 d value")
            await asyncio.sleep(0.01)
        first, at, cold_cpu = time.perf_counter() - began, time.time(), engine.cpu_s - cpu
        truth, _ = fleet.truth.since(at - 7 * 86_400, at)
        cold = api.take()
        await asyncio.sleep(settle_s)
        settling = api.take()
        server, publisher, since = engine.cpu_s, time.process_time(), time.perf_counter()
        await asyncio.sleep(steady_s)
        spent = engine.cpu_s - server, time.process_time() - publisher
        steady = Steady(time.perf_counter() - since, api.take(), *spent)
        asked = (cost for costs in (cold, settling, steady.asked) for cost in costs.values())
        slowest, error = max(cost.slowest_s for cost in asked), abs(window.tokens - truth) / truth
        return Row(first, slowest, cold_cpu, steady.server_s / steady.seconds, error), cold, steady
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def questions(title: str, asked: dict[str, Cost], seconds: float, server_s: float) -> Table:
    """What was asked, the dearest first; the rest is what the server did meanwhile, asked or not."""
    heads = ("question", "times", "CPU-s", "CPU-s each", "s each", "slowest", "of a core")
    table = Table(*heads, title=title, title_justify="left")
    for name, cost in sorted(asked.items(), key=lambda item: -item[1].cpu_s):
        each = f"{cost.cpu_s / cost.times:.3f}", f"{cost.wall_s / cost.times:.3f}", f"{cost.slowest_s:.2f}"
        table.add_row(name, f"{cost.times}", f"{cost.cpu_s:.2f}", *each, f"{cost.cpu_s / seconds:.2%}")
    rest = server_s - sum(cost.cpu_s for cost in asked.values())
    table.add_row("nothing", "", f"{rest:.2f}", "", "", "", f"{rest / seconds:.2%}")
    return table


def on_victoria(machines: int, room: Path, interval: int) -> tuple[VictoriaMetrics, Fleet]:
    end = int(time.time()) + AHEAD_S
    fleet, engine = Fleet(machines, end, interval=interval), VictoriaMetrics(room, ["-search.latencyOffset=0s"])
    engine.start()
    engine.load_lines(json_lines(fleet.series(end)))
    return engine, fleet


def on_cluster(machines: int, room: Path, interval: int) -> tuple[Cluster, Fleet]:
    end = int(time.time()) + AHEAD_S
    fleet, engine = Fleet(machines, end, interval=interval), Cluster(room, select=["-search.latencyOffset=0s"])
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


LOADERS = {"victoria": on_victoria, "cluster": on_cluster, "prometheus": on_prometheus}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=tuple(LOADERS), default="victoria")
    parser.add_argument("--machines", type=int, nargs="+", default=SIZES)
    parser.add_argument("--interval", type=int, default=60, help="seconds between the exports of a running session")
    parser.add_argument("--counters", action="store_true", help="as if there were no recording rules")
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="seconds after the 7 d value that do not count")
    parser.add_argument("--steady", type=float, default=STEADY_S, help="seconds over which the steady cost is taken")
    given = parser.parse_args()
    load = LOADERS[given.engine]
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
    table, details, failed = Table(*heads, title=f"{given.engine}, {how}"), list[Table](), 0
    for machines in given.machines:
        with tempfile.TemporaryDirectory() as room:
            engine, fleet = load(machines, Path(room), given.interval)
            try:
                selector = COUNTERS if given.counters else ""
                measure = measured(engine, fleet, selector, settle_s=given.settle, steady_s=given.steady)
                row, cold, steady = asyncio.run(measure)
            finally:
                engine.kill()
        cells = (f"{row.first_s:.1f} s", f"{row.slowest_s:.2f} s", f"{row.cold_cpu_s:.1f} CPU-s", f"{row.steady:.2%}",
                 f"{row.error:.3%}", "PASS" if row.good else "FAIL")  # fmt: skip
        print(machines, fleet.truth.samples, *cells, flush=True)
        table.add_row(f"{machines:,}", f"{fleet.truth.samples:,}", *cells)
        details += [
            questions(f"{machines:,} machines, until the 7 d value", cold, row.first_s, row.cold_cpu_s),
            questions(f"{machines:,} machines, then; the publisher {steady.publisher_s / steady.seconds:.2%} of a core",
                      steady.asked, steady.seconds, steady.server_s),
        ]  # fmt: skip
        failed += not row.good and not given.counters
    console = Console()
    console.width = max(console.width, 120)
    console.print(table, *details)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
