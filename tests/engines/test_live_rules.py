"""The recording rules while Claude Code works: the real collector, scraped by a real Prometheus whose rule manager
keeps the account, and by VictoriaMetrics, whose vmalert does. Both say what was exported. That takes 6 min of waiting.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.prometheus import recorded
from tests.support.brokers import HOST
from tests.support.engine_lab import Collector, StackPrometheus, VictoriaMetrics, VmAlert, built, export, query
from tests.support.prom_lab import RULES, source_on
from tests.support.waiting import until

TEAM, HOST_LEVEL = recorded.LEVELS
EXPORTS = [
    ("desk", "one", (100, 140, 900, 1000, 1001, 1500)),
    ("lap", "two", (7, 7, 7, 50)),
    ("desk", "resumed", (500, 600, 20, 30)),
]
"""Host, session, the counter at each export; one that falls is a resumed session."""
TRUTH = {"desk": 1500 + 600 + 30, "lap": 50}
EACH_S, PATIENT_S = 25.0, 400.0
"""A session that is resumed within a minute of its last export would be taken for one of two processes."""
SECOND = 20
"""Of the minute in which it begins: the end of that sees what the first process of the resumed session used."""
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


@pytest.fixture
def servers(tmp_path: Path, collector: Collector) -> Iterator[dict[str, str]]:
    """Name -> URL of each that scrapes the collector and evaluates the rules."""
    scrapes = tmp_path / "scrapes.json"
    scrapes.write_text(
        f'{{"scrape_configs": [{{"job_name": "otel-collector", "scrape_interval": "1s",'
        f'"static_configs": [{{"targets": ["{HOST}:{collector.exporter}"]}}]}}]}}'
    )
    with ExitStack() as parts:
        prometheus = StackPrometheus(tmp_path / "prometheus", collector.exporter, built("prometheus"))
        victoria = VictoriaMetrics(tmp_path / "victoria", [f"-promscrape.config={scrapes}"])
        for server in (prometheus, victoria, VmAlert(tmp_path / "vmalert", RULES, victoria.url)):
            parts.enter_context(server)
        yield {"prometheus": prometheus.url, "vmalert": victoria.url}


def told(url: str) -> dict[str, float]:
    """Tokens by host, as the rules have recorded them."""
    metric = f'{HOST_LEVEL.metric(recorded.COUNTED)}{{model!=""}}'
    rows = query(url, f"sum by (host_name) (sum_over_time({metric}[1h]))", nocache="1", latency_offset="1s")
    return {row["metric"]["host_name"]: float(row["value"][1]) for row in rows}


async def test_what_each_rule_manager_recorded_is_what_was_exported(
    collector: Collector, servers: dict[str, str]
) -> None:
    await asyncio.sleep((SECOND - time.time()) % 60)
    for number in range(max(len(values) for _, _, values in EXPORTS)):
        for host, session, values in EXPORTS:
            if number < len(values):
                export(collector, host, session, values[number], at=time.time())
        await asyncio.sleep(EACH_S)
    ended = time.time()
    for name, url in servers.items():
        until(lambda url=url: any(at > ended + 90 for at in beats(url)), PATIENT_S)
        assert told(url) == TRUTH, name
        teams = query(url, f"sum(sum_over_time({TEAM.metric(recorded.COUNTED)}[1h]))", nocache="1")
        assert float(teams[0]["value"][1]) == sum(TRUTH.values())
        source = source_on(url)
        await source.load()
        assert source.failure is None
        assert source.health.detail.endswith("by the minutes of its recording rules")
        window = source.read(datetime.now(UTC)).window_5h
        assert window is not None
        assert window.tokens == sum(TRUTH.values())


def beats(url: str) -> list[float]:
    rows = query(url, f"timestamp({recorded.BEAT})", nocache="1", latency_offset="1s")
    return [float(row["value"][1]) for row in rows]
