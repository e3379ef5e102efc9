"""What goes wrong between the collector and Prometheus of today, and what the windows make of it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine_lab import Collector, StackPrometheus, built, export, query
from tests.support.prom_lab import counted
from tests.support.waiting import until

TOKENS = "claude_code_token_usage_tokens_total"
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


@pytest.fixture
def prometheus(tmp_path: Path, collector: Collector) -> Iterator[StackPrometheus]:
    with StackPrometheus(tmp_path / "prometheus", collector.exporter, built("prometheus")) as server:
        yield server


def newest(prometheus: StackPrometheus, session: str) -> float | None:
    rows = query(prometheus.url, f'{TOKENS}{{session_id="{session}"}}')
    return float(rows[0]["value"][1]) if rows else None


async def test_a_machine_with_a_slow_clock_stops_no_other(collector: Collector, prometheus: StackPrometheus) -> None:
    now = time.time()
    export(collector, "slow", "late", 50, at=now - 4 * 3600)
    export(collector, "right", "timely", 100, at=now)
    until(lambda: newest(prometheus, "timely") == 100)
    assert newest(prometheus, "late") is None
    assert query(prometheus.url, 'up{job="otel-collector"}')[0]["value"][1] == "1"
    assert await counted(prometheus.url) == 100


@pytest.mark.parametrize("delta", [False, True], ids=["cumulative", "delta"])
async def test_a_collector_that_was_killed_costs_no_token(
    collector: Collector, prometheus: StackPrometheus, *, delta: bool
) -> None:
    """What Claude Code sums up itself goes on; what the collector summed up begins again, below what it was."""
    now = time.time()
    export(collector, "desk", "one", 100, at=now - 150, delta=delta)
    until(lambda: newest(prometheus, "one") == 100)
    collector.kill()
    collector.start()
    export(collector, "desk", "one", 40 if delta else 140, at=now, delta=delta)
    until(lambda: newest(prometheus, "one") == (40 if delta else 140))
    assert await counted(prometheus.url) == 140


async def test_an_older_sample_after_a_newer_one_changes_nothing(
    collector: Collector, prometheus: StackPrometheus
) -> None:
    now = time.time()
    export(collector, "desk", "one", 100, at=now - 150)
    export(collector, "desk", "one", 140, at=now)
    until(lambda: newest(prometheus, "one") == 140)
    export(collector, "desk", "one", 120, at=now - 60)
    export(collector, "desk", "two", 1, at=now + 1)
    until(lambda: newest(prometheus, "two") == 1)
    assert await counted(prometheus.url) == 141


@pytest.mark.parametrize("delta", [False, True], ids=["cumulative", "delta"])
async def test_of_a_script_that_resumes_one_session_only_delta_tells_everything(
    collector: Collector, prometheus: StackPrometheus, *, delta: bool
) -> None:
    """Each process counts from 0, and uses more than the one before: as a counter that looks like one process. And one
    that exports once beside another one, at overlapping times.
    """
    now, shown = time.time(), {"script": 0.0, "beside": 0.0}
    exports = [("script", 100, 150), ("script", 120, 100), ("script", 140, 50)]
    exports += [("beside", 5000, 140), ("beside", 100, 135), ("beside", 10 if delta else 5010, 80)]
    for session, value, ago in exports:
        export(collector, "desk", session, value, at=now - ago, delta=delta)
        shown[session] = value + (shown[session] if delta else 0)
        until(lambda session=session: newest(prometheus, session) == shown[session])
    assert await counted(prometheus.url) == (360 if delta else 140) + 5110
