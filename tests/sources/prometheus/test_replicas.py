"""Several servers that know the same: behind one address, as copies in a third one, as a federated copy."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.support.balancer import Balancer
from tests.support.prom_history import NAMES, OPUS, History, Samples, scraped
from tests.support.prom_lab import Prometheus, prometheus_server, source_on

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


async def test_two_servers_behind_one_address_are_as_good_as_the_better_one(pair: Pair) -> None:
    alone, source = source_on(pair.servers[0].url), source_on(pair.balancer.url)
    await alone.load()
    true = alone.read(datetime.now(UTC))
    assert true.window_5h
    assert true.window_7d
    for _ in range(3):
        await source.load()
        reading = source.read(datetime.now(UTC))
        assert source.failure is None
        assert reading.window_5h
        assert reading.window_7d
        assert reading.window_5h.tokens == pytest.approx(true.window_5h.tokens, rel=0.02)
        assert reading.window_7d.tokens == pytest.approx(true.window_7d.tokens, rel=0.02)
        assert reading.rate_tokens == true.rate_tokens
        source._due = dict.fromkeys(source._due, 0.0)  # noqa: SLF001
    assert [fault.about for fault in await source.usual_faults()] == ["replicas"]
    assert await alone.usual_faults() == []
