"""The rule manager of a real Prometheus keeps the account while it runs, and the publisher reads it."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.account import RecordedMinutes
from tests.support.engine_lab import query
from tests.support.prom_lab import RULES, Prometheus, prometheus_server, record, source_on
from tests.support.stack import prometheus3
from tests.support.waiting import until

HOUR, EVALUATED_WITHIN_S = 3600, 150.0
LABELS = 'host_name="desk",team="web",model="claude-opus-5-5",query_source="main",session_id="a",type="output"'
TEAM, HOST = recorded.LEVELS
pytestmark = pytest.mark.anyio


@pytest.fixture
def prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prometheus]:
    """Of the stack's major version, and its promtool: both evaluate a group at the same second of each minute."""
    programs = [prometheus3(name) for name in ("prometheus", "promtool")]
    if None in programs:
        pytest.skip("no Prometheus 3 here, nor to be had as Debian's package")
    folders = [str(Path(program).parent) for program in programs if program]
    monkeypatch.setenv("PATH", os.pathsep.join((*folders, os.environ["PATH"])))
    with prometheus_server(tmp_path / "prometheus") as server:
        yield server


async def test_the_publisher_reads_what_the_rule_manager_recorded(prometheus: Prometheus) -> None:
    now = time.time()
    points = [(now - ago, float(round(3 * HOUR - ago) ** 2 // 1000)) for ago in range(3 * HOUR, -1, -15)]
    prometheus.backfill({(recorded.COUNTED, LABELS): points})
    prometheus.start(rules=[RULES])
    beat = until(lambda: query(prometheus.url, f"timestamp({recorded.BEAT})"), EVALUATED_WITHIN_S)
    evaluated = float(beat[0]["value"][1])
    minute = int((evaluated - 60) // 60 * 60)
    grew = _at(points, minute) - _at(points, minute - 60)
    for level in (TEAM, HOST):
        (row,) = query(prometheus.url, f'{level.metric(recorded.COUNTED)}{{model!=""}}', time=f"{evaluated}")
        assert float(row["value"][1]) == pytest.approx(grew)
        assert {name: row["metric"].get(name) for name in ("team", "host_name")} == {
            "team": "web", "host_name": "desk" if level is HOST else None,
        }  # fmt: skip

    record(prometheus, points[0][0] - 60, evaluated - 30)
    source = source_on(prometheus.url)
    await source.load()
    assert source.failure is None
    assert source.health.detail.endswith("by the minutes of its recording rules")
    told = await RecordedMinutes(source.facts, TEAM, "").spans(minute - HOUR, minute, cost=False, last=True)
    await source.facts.api.close()
    assert [(span.after, span.upto, span.told) for span in told] == [(minute - HOUR, minute, True)]
    assert told[0].tokens[minute] == pytest.approx(grew)
    window = source.read(datetime.now(UTC)).window_5h
    assert window is not None
    assert window.tokens == pytest.approx(points[-1][1], abs=1)


def _at(points: list[tuple[float, float]], at: float) -> float:
    return max(value for when, value in points if when <= at)
