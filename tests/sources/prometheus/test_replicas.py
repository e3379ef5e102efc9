"""Several servers that know the same: behind one address, as copies in a third one, as a federated copy."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.balancer import Balancer
from tests.support.prom_history import KINDS, NAMES, OPUS, History, Samples, scraped
from tests.support.prom_lab import Exporter, Prometheus, prometheus_server, running, short_periods, source_on
from tests.support.waiting import eventually

__all__ = ["short_periods"]
pytestmark = pytest.mark.anyio
HOUR = 3600.0
TOKENS = NAMES["collector"][0]


def came_back(now: float, number: int) -> Samples:
    """A large session whose laptop was closed for a while, each 25 minutes; it gains 50 tokens in between."""
    labels = f'host_name="laptop",job="claude-code",model="{OPUS}",query_source="main",session_id="s",type="cacheRead"'
    points = []
    for nap in range(16):
        opened = now - (16 - nap) * 1500 + number
        points += [(opened + 10 * n, 3_000_000.0 + 50 * nap) for n in range(30)]
    points.append((now - 5 - number, 3_000_600.0))
    return {(TOKENS, labels): sorted(points)}


@dataclass(frozen=True)
class Pair:
    servers: list[Prometheus]
    balancer: Balancer
    history: History


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two replicas that scrape the same collector at different times; the one was down for the first days."""
    now = time.time()
    history = History(11, now, days=5, sessions=4)
    with ExitStack() as stack:
        servers = [stack.enter_context(prometheus_server(tmp_path_factory.mktemp(name))) for name in "ab"]
        for number, server in enumerate(servers):
            samples = {
                series: [(at + 3 * number, value) for at, value in points if not number or at > now - 2 * 86_400]
                for series, points in scraped(history, 15, 900).items()
            }
            server.backfill({s: p for s, p in samples.items() if p} | came_back(now, number * 7))
            server.start()
        yield Pair(servers, stack.enter_context(Balancer([server.url for server in servers])), history)


async def rate_of(source: PrometheusSource) -> int | None:
    source._due["tach"] = 0.0  # noqa: SLF001
    await source.load()
    return source.read(datetime.now(UTC)).rate_tokens


async def test_two_servers_behind_one_address_are_as_good_as_the_better_one(pair: Pair) -> None:
    alone, source = source_on(pair.servers[0].url), source_on(pair.balancer.url)
    await alone.load()
    true = alone.read(datetime.now(UTC))
    assert true.window_5h
    assert true.window_7d
    for _ in range(3):
        before = await rate_of(alone)
        await source.load()
        reading = source.read(datetime.now(UTC))
        assert source.failure is None
        assert reading.window_5h
        assert reading.window_7d
        # Of each slice the larger sum stands, and samples 3 s apart begin and end in other minutes: 1.0 to 2.0 % seen.
        assert reading.window_5h.tokens == pytest.approx(true.window_5h.tokens, rel=0.04)
        assert reading.window_7d.tokens == pytest.approx(true.window_7d.tokens, rel=0.04)
        assert reading.rate_tokens in {before, await rate_of(alone)}, "it ends to move a minute after the last sample"
        source._due = dict.fromkeys(source._due, 0.0)  # noqa: SLF001
    assert [fault.about for fault in await source.usual_faults()] == ["replicas"]
    assert await alone.usual_faults() == []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, History]]:
    """One store that a pair of servers writes into, and one session that went from one collector to another."""
    now = time.time()
    history, samples = History(12, now, days=2, sessions=6), Samples()
    for number, replica in enumerate("ab"):
        for (name, labels), points in scraped(history, 15, 900).items():
            samples[name, f'case="pair",prometheus_replica="{replica}",{labels}'] = [
                (at + 4 * number, value) for at, value in points
            ]
    labels = f'case="moved",model="{OPUS}",query_source="main",session_id="m",type="output"'
    samples[TOKENS, f'{labels},instance="old:8889"'] = [(now - 3600 + 15 * n, 5000.0 + n) for n in range(200)]
    samples[TOKENS, f'{labels},instance="new:8889"'] = [(now - 1800 + 15 * n, 100.0 + n) for n in range(100)]
    with prometheus_server(tmp_path_factory.mktemp("store")) as server:
        server.backfill(samples)
        yield server.start(), history


async def test_a_pair_that_writes_into_one_store_is_counted_once_and_named(store: tuple[Prometheus, History]) -> None:
    server, history = store
    source = source_on(server.url, 'case="pair"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert reading.observed_at
    at = reading.observed_at.timestamp()
    for window, hours in ((reading.window_5h, 5), (reading.window_7d, 168)):
        assert window
        true = history.truth.tokens(at - hours * HOUR, at)
        assert window.tokens == pytest.approx(true, rel=0.03, abs=150_000)
        assert window.cost_usd == pytest.approx(history.truth.usd(at - hours * HOUR, at), rel=0.03, abs=0.2)
    (fault,) = [fault for fault in await source.usual_faults() if fault.about == "copies"]
    assert "told apart by prometheus_replica" in fault.fact
    export = """export CLAUDE_GAUGE_PROM_SELECTOR='case="pair",prometheus_replica="a"'"""
    assert fault.fix == export
    alone = source_on(server.url, 'case="pair",prometheus_replica="a"')
    await alone.load()
    assert [fault for fault in await alone.usual_faults() if fault.about == "copies"] == []


async def test_a_session_that_went_to_another_collector_is_no_copy(store: tuple[Prometheus, History]) -> None:
    source = source_on(store[0].url, 'case="moved"')
    await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert window
    assert window.tokens == 5199 + 199
    assert [fault for fault in await source.usual_faults() if fault.about == "copies"] == []


@pytest.mark.usefixtures("short_periods")
async def test_a_federated_copy_is_counted_once(tmp_path: Path) -> None:
    """The one server scrapes the collector, and the other one the collector and the first server."""
    with ExitStack() as stack:
        exporter = stack.enter_context(Exporter())
        first, second = (stack.enter_context(prometheus_server(tmp_path / name)) for name in ("first", "second"))
        first.start(scrapes=[exporter.port])
        second.start(scrapes=[exporter.port], federates=[first.port])
        for kind, count in zip(KINDS, (100, 20, 3000, 400), strict=True):
            labels = f'model="{OPUS}",query_source="main",session_id="a",type="{kind}"'
            exporter.values[TOKENS, labels] = count
        async with running(source_on(second.url)) as source:
            await eventually(lambda: bool(source.read(datetime.now(UTC)).window_7d))
            await eventually(lambda: any("copies" in fault.about for fault in source.known_faults))
            exporter.values[TOKENS, labels] += 50
            await eventually(lambda: source.read(datetime.now(UTC)).window_7d == Window(tokens=3570))
            await eventually(lambda: source.read(datetime.now(UTC)).rate_tokens == 3570)
            (fault,) = [fault for fault in source.known_faults if fault.about == "copies"]
            assert fault.fix == """export CLAUDE_GAUGE_PROM_SELECTOR='job="otel-0"'"""
