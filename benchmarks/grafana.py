"""What a refresh of the Grafana page costs Prometheus, with the recording rules and without."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bars import Bars
from fleet import on_prometheus
from tests.support.engine_lab import PlainPrometheus
from tests.support.grafana import Page

CHOSEN = {"host_name": ".*", "model": ".*", "step": "5m"}
COUNTERS = {"account": ".*", "account_7d": ".*"}
"""What the page finds where there are no rules."""
CPU_S = 1.0
REFRESHES = 3


def refresh(engine: PlainPrometheus, page: Page, forced: dict[str, str]) -> tuple[float, float, str]:
    """CPU seconds of the server, seconds until all has been answered, and what took longest."""
    began, cpu, took = time.perf_counter(), engine.cpu_s, {}
    for _ in range(REFRESHES):
        took = page.refresh(CHOSEN, forced)
    spent, wall = (engine.cpu_s - cpu) / REFRESHES, (time.perf_counter() - began) / REFRESHES
    return spent, wall, ", ".join(sorted(took, key=lambda title: -took[title])[:3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=10)
    parser.add_argument("--interval", type=int, default=10, help="seconds between the exports of a running session")
    given = parser.parse_args()
    bars = Bars(f"a refresh of the Grafana page, {given.machines} machines, a day shown")
    with tempfile.TemporaryDirectory() as room:
        engine, fleet = on_prometheus(given.machines, Path(room), given.interval, doings=True)
        try:
            with httpx.Client(base_url=f"{engine.url}/api/v1/", timeout=120) as client:
                page = Page(client, int(time.time()))
                bars.same("the page finds", set(page.found().values()), {"rules"})
                by_rules, by_counters = (refresh(engine, page, forced) for forced in ({}, COUNTERS))
        finally:
            engine.kill()
    bars.note("samples of tokens and costs", f"{fleet.truth.samples:,}")
    for what, (_, wall, longest) in (("the rules", by_rules), ("the counters", by_counters)):
        bars.note(f"by {what}: all is answered after", f"{wall:.2f} s; the longest: {longest}")
    bars.note("by the counters: CPU of the server", f"{by_counters[0]:.2f} CPU-s")
    bars.most("by the rules: CPU of the server", by_rules[0], CPU_S, " CPU-s")
    bars.close()


if __name__ == "__main__":
    main()
