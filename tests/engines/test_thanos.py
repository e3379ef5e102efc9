"""Thanos asks two Prometheus servers that know one machine each. While one is away its answers are not believed,
whether it says so or not; and its ruler keeps the account of the recording rules.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus import source as prometheus
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.brokers import HOST
from tests.support.engine_lab import PlainPrometheus, Thanos, query
from tests.support.prom_history import OPUS, write
from tests.support.prom_lab import RULES, make_blocks, running, source_on
from tests.support.waiting import eventually, until

HOSTS = {"desk": 3000, "lap": 5000}
"""Tokens of each."""
EACH_S, PATIENT_S = 15, 150.0
TEAM, _ = recorded.LEVELS
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


class Lab:
    """Two servers, a sidecar beside each, and what asks both."""

    def __init__(self, room: Path, parts: ExitStack, how: str) -> None:
        self.now, self.servers, self.sidecars = time.time(), list[PlainPrometheus](), list[Thanos]()
        for host, tokens in HOSTS.items():
            server = PlainPrometheus(room / host, host)
            labels = f'host_name="{host}",model="{OPUS}",query_source="main",session_id="{host}",type="output"'
            points = [(self.now - ago, tokens - float(ago)) for ago in range(2400, -1, -EACH_S)]
            text = room / host / "text"
            text.mkdir()
            make_blocks(write({(recorded.COUNTED, labels): points}, text), room / host / "tsdb")
            self.servers.append(parts.enter_context(server))
            told = (f"--prometheus.url={server.url}", f"--tsdb.path={room}/{host}/tsdb")
            self.sidecars.append(parts.enter_context(Thanos(room / f"sidecar-{host}", "sidecar", told)))
        asked = [f"--{how}={HOST}:{sidecar.grpc}" for sidecar in self.sidecars]
        self.query = parts.enter_context(Thanos(room / "query", "query", asked))
        self.url = self.query.url
        until(lambda: [store["lastError"] for store in self.stores()] == [None, None])

    def stores(self) -> list[dict[str, str | None]]:
        return list(httpx.get(f"{self.url}/api/v1/stores").json()["data"].get("sidecar", []))

    def sees(self) -> float:
        """What anybody is told who does not ask for the whole."""
        rows = query(self.url, f"sum(last_over_time({recorded.COUNTED}[1h]))")
        return float(rows[0]["value"][1]) if rows else 0


@pytest.fixture(params=["endpoint", "endpoint-strict"])
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    with ExitStack() as parts:
        yield Lab(tmp_path, parts, request.param)


def tokens(source: PrometheusSource) -> int | None:
    window = source.read(datetime.now(UTC)).window_5h
    return window.tokens if window else None


@pytest.mark.parametrize("what", ["sidecar", "server"])
async def test_while_one_is_away_nothing_is_believed(lab: Lab, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, period in {"tach": 0.5, "past": 2.0, "fuels": 0.5}.items():
        monkeypatch.setitem(prometheus.PERIODS, kind, period)  # type: ignore[arg-type]
    whole = sum(HOSTS.values())
    async with running(source := source_on(lab.url)):
        await eventually(lambda: tokens(source) == whole)
        assert lab.sees() == whole
        away = lab.sidecars[1] if what == "sidecar" else lab.servers[1]
        away.kill()
        await eventually(lambda: source.failure is not None)
        assert lab.sees() == HOSTS["desk"]
        if what == "sidecar":
            await eventually(lambda: any(store["lastError"] for store in lab.stores()))
        for _ in range(6):
            # After another question has failed the rate is asked for at once, and is unknown from then on.
            await eventually(lambda: source.failure is not None and source.read(datetime.now(UTC)).rate_tokens is None)
            assert tokens(source) == whole
            await asyncio.sleep(0.5)
        away.start()
        await eventually(lambda: source.failure is None, PATIENT_S)
        await eventually(lambda: tokens(source) == whole)


async def test_its_ruler_keeps_the_account(tmp_path: Path) -> None:
    """Each machine used a token a second, so 15 in what a Prometheus shows between two exports."""
    with ExitStack() as parts:
        lab = Lab(tmp_path, parts, "endpoint")
        told = (
            f"--query={lab.url}", f"--rule-file={RULES}", f"--data-dir={tmp_path}/ruled", '--label=ruler="one"',
            "--eval-interval=1m",
        )  # fmt: skip
        ruler = parts.enter_context(Thanos(tmp_path / "ruler", "rule", told))
        asked = [f"--endpoint={HOST}:{part.grpc}" for part in (*lab.sidecars, ruler)]
        both = parts.enter_context(Thanos(tmp_path / "both", "query", [*asked, "--query.replica-label=ruler"]))
        (beat,) = until(lambda: query(both.url, f"timestamp({recorded.BEAT})"), PATIENT_S)
        (row,) = query(both.url, f"sum({TEAM.metric(recorded.COUNTED)})", time=beat["value"][1])
        assert float(row["value"][1]) == 120
        source = source_on(both.url)
        await source.load()
        assert source.failure is None
        assert source.health.detail.endswith("by the minutes of its recording rules")
        assert tokens(source) == sum(HOSTS.values())
