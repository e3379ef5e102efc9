"""A cluster of VictoriaMetrics: while a storage is away nothing short is shown, and what it holds is whole again after.

Each series is in one storage, or in two of the three (`copies`).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import pytest

from fleet_history import TEAMS, Fleet, json_lines
from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus import source as prometheus
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import VmAlert
from tests.support.prom_history import NAMES, OPUS, History, pushed
from tests.support.prom_lab import RULES, running, source_on
from tests.support.vm_cluster import Cluster
from tests.support.waiting import eventually

SESSIONS = 40
EACH, EVERY_S = 7, 0.5
"""Tokens of each session from one export to the next."""
PATIENT_S = 120.0
TENANTS = {"0": 300, "7": 5000, "7:3": 80_000}
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


@pytest.fixture(params=[1, 2], ids=["one copy", "two copies"])
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(tmp_path, request.param) as cluster:
        yield cluster


class Writer:
    """Sessions that export on and on. `exported`: the tokens of all in the last export that was taken in."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._round, self.exported = cluster, 0, 0

    def lines(self, number: int) -> Iterator[bytes]:
        for session in range(SESSIONS):
            labels = {"model": OPUS, "type": "output", "query_source": "main", "host_name": f"host-{session % 8}"}
            labels |= {"__name__": recorded.COUNTED, "session_id": f"{session:04x}-live", "job": "claude-code"}
            row = {"metric": labels, "values": [EACH * number], "timestamps": [round(time.time() * 1000)]}
            yield json.dumps(row).encode() + b"\n"

    async def export(self, client: httpx.AsyncClient) -> bool:
        """Whether it was taken; else the next one tells as much, as with a collector that tries again."""
        body = b"".join(self.lines(self._round + 1))
        taken = not (await client.post(f"{self._cluster.takes_in}/api/v1/import", content=body)).is_error
        self._round += taken
        self.exported = SESSIONS * EACH * self._round
        return taken

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                await self.export(client)
                await asyncio.sleep(EVERY_S)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        task = asyncio.create_task(self.run())
        try:
            yield self
            assert not task.done(), task
        finally:
            task.cancel()


def tokens(source: PrometheusSource) -> int | None:
    window = source.read(datetime.now(UTC)).window_5h
    return window.tokens if window else None


async def test_a_storage_that_is_killed_under_load(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, period in {"names": 2.0, "tach": 0.5, "past": 2.0, "fuels": 0.5}.items():
        monkeypatch.setitem(prometheus.PERIODS, kind, period)  # type: ignore[arg-type]
    two = "-replicationFactor=2" in cluster.select.flags
    writer, seen = Writer(cluster), [0]

    async def look(seconds: float, *, failed: bool) -> None:
        """The window never falls, never says more than was exported, and stands where the source has failed."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            value = tokens(source)
            assert value is not None
            assert seen[-1] <= value <= writer.exported + SESSIONS * EACH
            if failed:
                await eventually(lambda: source.failure is not None)
                assert "one of its storages is away" in str(source.failure)
                assert source.read(datetime.now(UTC)).rate_tokens is None
                assert seen[-1] in {0, value}
            elif two:
                assert source.failure is None
            seen.append(value)
            await asyncio.sleep(0.2)

    async with writer.at_work():
        await eventually(lambda: writer.exported > 5 * SESSIONS * EACH)
        async with running(source := source_on(cluster.url)):
            await eventually(lambda: (tokens(source) or 0) > 5 * SESSIONS * EACH, PATIENT_S)
            await look(3, failed=False)
            cluster.storages[1].kill()
            if two:
                before = tokens(source) or 0
                await look(8, failed=False)
                await eventually(lambda: (tokens(source) or 0) > before)
            else:
                await eventually(lambda: source.failure and source.read(datetime.now(UTC)).rate_tokens is None)
                seen[:] = [tokens(source) or 0]
                await look(8, failed=True)
                started_now = source_on(cluster.url)
                await started_now.load()
                assert started_now.failure
                assert tokens(started_now) is None
            cluster.storages[1].start()
            await eventually(lambda: source.failure is None, PATIENT_S)
            await look(5, failed=False)
    async with httpx.AsyncClient() as client, running(source := source_on(cluster.url)):
        assert await writer.export(client)
        await eventually(lambda: tokens(source) == writer.exported, PATIENT_S)


async def test_what_was_loaded_can_be_asked_for_at_once(cluster: Cluster) -> None:
    """The last of it, too: the rules' own series are, and whoever does not find them asks the counters for a week."""
    now = int(time.time()) * 1000
    times = list(range(now - 400_000, now, 1000))
    rows = [{"__name__": recorded.COUNTED, "session_id": f"{number}"} for number in range(6000)]
    lines = [{"metric": row, "values": [1] * len(times), "timestamps": times} for row in rows]
    cluster.load_lines(json.dumps(line).encode() + b"\n" for line in lines)
    query = {"query": f"count({recorded.COUNTED})", "nocache": "1", "latency_offset": "1s"}
    async with httpx.AsyncClient() as client:
        answer = (await client.get(f"{cluster.url}/api/v1/query", params=query)).json()
    assert answer["data"]["result"][0]["value"][1] == "6000"


async def test_no_minute_is_short_in_which_a_storage_was_away(tmp_path: Path) -> None:
    """The rules failed then, as vmalert was told to take nothing that is not whole. If it was not, such a minute has no
    token or half of them, for good. That takes 6 min of waiting.
    """
    with Cluster(tmp_path) as cluster:
        asks = f"{cluster.url}?deny_partial_response=1"
        async with Writer(cluster).at_work():
            with VmAlert(tmp_path / "vmalert", RULES, asks, cluster.takes_in):
                await eventually(lambda: len(told(cluster)) >= 2, 3 * PATIENT_S)
                await asyncio.sleep(20)  # until then what was recorded is nowhere but in the memory of a storage
                cluster.storages[1].kill()
                await asyncio.sleep(90)
                cluster.storages[1].start()
                again = time.time()
                await eventually(lambda: max(told(cluster), default=0) > again + 60, 3 * PATIENT_S)
        by_counters = source_on(cluster.url, 'user_id=~".*"')
        await by_counters.load()
        recorded_minutes = told(cluster)
    assert len(recorded_minutes) < (max(recorded_minutes) - min(recorded_minutes)) / 60 + 1, "no rule failed"
    assert recorded_minutes == pytest.approx({end: by_counters.minutes.tokens.get(end, 0) for end in recorded_minutes})


def told(cluster: Cluster) -> dict[int, float]:
    """What the rules say of each minute of which they say that it is whole."""
    now = int(time.time() // 60 * 60)
    form = {"query": recorded.minutes(recorded.FINEST, "", cost=True), "nocache": "1", "latency_offset": "1s"}
    span = {"start": str(now - 1200), "end": str(now - 120), "step": "60"}
    answer = httpx.get(f"{cluster.url}/api/v1/query_range", params=form | span)
    if answer.is_error or (rows := answer.json()).get("isPartial"):
        return {}
    found = {row["metric"].get("fact"): row["values"] for row in rows["data"]["result"]}
    counted = {round(at): float(value) for at, value in found.get("tokens", [])}
    return {round(at): counted.get(round(at), 0.0) for at, _ in found.get("beat", [])}


async def test_days_of_three_machines(cluster: Cluster) -> None:
    now = time.time()
    history = History(11, now - 300, days=8, sessions=6)
    cluster.load(pushed(history))
    source = source_on(cluster.url)
    await source.load()
    assert source.failure is None
    reading = source.read(datetime.now(UTC))
    assert reading.observed_at
    at = reading.observed_at.timestamp()
    for window, hours in ((reading.window_5h, 5), (reading.window_7d, 168)):
        assert window
        truth = history.truth.tokens(at - hours * 3600, at)
        assert window.tokens == pytest.approx(truth, rel=0.02, abs=150_000)
    assert [fault.about for fault in await source.usual_faults()] == []


async def test_fifty_publishers_each_see_their_own(cluster: Cluster) -> None:
    """Each by its host; together they see what was used, and the twenty teams do, too."""
    now = int(time.time())
    fleet = Fleet(50, now, days=2)
    cluster.load_lines(json_lines(fleet.series(now)))
    hosts = [f'host_name="machine-{number:04d}"' for number in range(fleet.machines)]
    teams = [f'team="team-{number:02d}"' for number in range(TEAMS)]
    for selectors in (hosts, teams):
        sources = [source_on(cluster.url, selector) for selector in selectors]
        await asyncio.gather(*(source.load() for source in sources))
        assert {source.failure for source in sources} == {None}
        assert all(source.health.detail.endswith("recording rules") for source in sources)
        windows = [source.read(datetime.now(UTC)).window_7d for source in sources]
        assert all(window and window.tokens for window in windows)
        seen = sum(window.tokens for window in windows if window)
        assert seen == pytest.approx(fleet.truth.since(0, now)[0], rel=0.01)


async def test_tenants_are_told_apart_by_the_address_or_by_headers(cluster: Cluster) -> None:
    now = time.time()
    for tenant, spent in TENANTS.items():
        labels = f'model="{OPUS}",query_source="main",session_id="of-{tenant}",type="output"'
        cluster.load({(NAMES["collector"][0], labels): [(now - 600, float(spent))]}, tenant)
    without = f"{cluster.select.url}/select/prometheus"
    for tenant, spent in TENANTS.items():
        account, _, project = tenant.partition(":")
        headers = (("AccountID", account), ("ProjectID", project or "0"))
        for source in (source_on(cluster.of(tenant)), source_on(without, headers=headers)):
            await source.load()
            assert source.failure is None
            assert tokens(source) == spent
    source = source_on(cluster.of("multitenant"))
    await source.load()
    assert tokens(source) == sum(TENANTS.values())
