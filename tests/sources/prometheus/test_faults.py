"""The usual faults on the way from Claude Code to Prometheus, told from a real Prometheus alone."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gauge_mqtt.sources.prometheus.faults import Fault, seconds
from tests.support.prom_history import Samples
from tests.support.prom_lab import Exporter, Prometheus, prometheus_server, source_on

pytestmark = pytest.mark.anyio
TOKENS = "claude_code_token_usage_tokens_total"
LABELS = 'job="otel-0",instance="{0}",model="m",type="output",query_source="main"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prometheus]:
    with prometheus_server(tmp_path / "prometheus") as server:
        yield server


async def told(server: Prometheus, selector: str = "") -> list[Fault]:
    source = source_on(server.url, selector)
    await source.load()
    return await source.usual_faults()


def growing(labels: str, seconds_ago: range, start: float = 100) -> Samples:
    """One more token class each time, at these instants of the past (oldest first)."""
    now = time.time()
    return {(TOKENS, labels): [(now - ago, start + 10 * number) for number, ago in enumerate(seconds_ago)]}


async def test_nothing_from_claude_code(server: Prometheus) -> None:
    server.start()
    (fault,) = await told(server)
    assert (fault.about, fault.bad) == ("telemetry", True)
    assert "gauge-mqtt telemetry-env" in fault.fix


async def test_delta_that_prometheus_drops_leaves_only_target_info(server: Prometheus) -> None:
    server.backfill({("target_info", 'job="claude-code"'): [(time.time() - 600, 1.0), (time.time() - 540, 1.0)]})
    server.start()
    (fault,) = await told(server)
    assert fault.about == "temporality"
    assert "_TEMPORALITY_PREFERENCE=cumulative" in fault.fix


async def test_a_selector_that_nothing_fits(server: Prometheus) -> None:
    server.backfill(growing('session_id="a"', range(3600, 1800, -60)))
    server.start()
    (fault,) = await told(server, 'host_name="nobody"')
    assert (fault.about, fault.fix) == ("selector", "unset CLAUDE_GAUGE_PROM_SELECTOR")


async def test_a_healthy_server_has_none(server: Prometheus) -> None:
    server.backfill(growing('session_id="a"', range(3600, 1800, -60)))
    server.start()
    assert await told(server) == []


async def test_sessions_that_write_over_each_other(server: Prometheus) -> None:
    now = time.time()
    fights = [(now - 3600 + 30 * n, 100.0 + 10 * n if n % 2 else 7000.0 + 10 * n) for n in range(40)]
    server.backfill({(TOKENS, 'model="m"'): fights})
    server.start()
    source = source_on(server.url, temporality="cumulative")
    await source.load()
    (fault,) = await source.usual_faults()
    assert (fault.about, fault.bad) == ("session id", True)
    assert "INCLUDE_SESSION_ID=true" in fault.fix


async def test_no_session_id_and_only_one_session_is_a_note(server: Prometheus) -> None:
    server.backfill(growing('model="m"', range(3600, 1800, -60)))
    server.start()
    (fault,) = await told(server)
    assert (fault.about, fault.bad) == ("session id", False)


async def test_a_week_that_is_not_kept(server: Prometheus) -> None:
    server.backfill(growing('session_id="a"', range(3600, 1800, -60)))
    server.kept = "3d"
    server.start()
    (fault,) = await told(server)
    assert (fault.about, fault.fact) == ("retention", "kept for 3.0 days: the 7 d window needs 8")


async def test_a_scrape_slower_than_the_export_and_series_that_expire(server: Prometheus) -> None:
    with ExitStack() as stack:
        exporter = stack.enter_context(Exporter())
        place = f"127.0.0.1:{exporter.port}"
        now = time.time()
        samples: Samples = {}
        for name in "abc":  # grew for 10 minutes, stood still for 5, and then the collector had forgotten it
            grew = [(now - 7200 + 15 * n, 100.0 + n) for n in range(40)]
            still = [(now - 7200 + 15 * n, 139.0) for n in range(40, 60)]
            samples[TOKENS, f'{LABELS.format(place)},session_id="{name}"'] = grew + still
        server.backfill(samples)
        exporter.values[TOKENS, 'model="m",type="output",query_source="main",session_id="d"'] = 5
        server.start(scrapes=[exporter.port], every="11s")
        source = source_on(server.url)
        faults: list[Fault] = []
        deadline = time.monotonic() + 120  # the first scrape is up to 16 s away
        while {fault.about for fault in faults} != {"scraping", "expiry"}:
            assert time.monotonic() < deadline, faults
            await source.load()
            faults = await source.usual_faults()
    assert not any(fault.bad for fault in faults)
    assert f"{place} is scraped every 11s" in faults[0].fact
    assert faults[1].fact.startswith("3 series vanished")


def test_durations_as_prometheus_writes_them() -> None:
    found = [seconds(text) for text in ("15d", "1h30m", "5s", "500ms", "15d or 512MiB", "512MiB", "")]
    assert found == [15 * 86_400, 5400, 5, 0.5, 15 * 86_400, None, None]
