"""The recording rules on VictoriaMetrics, evaluated by its vmalert: the account is that of the counters there."""

import asyncio
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fleet_history import TEAMS, Fleet, json_lines
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import VictoriaMetrics, built
from tests.support.prom_history import History, pushed
from tests.support.prom_lab import RULES, source_on

pytestmark = [pytest.mark.engines, pytest.mark.anyio]


def replay(server: VictoriaMetrics, begin: float, end: float) -> None:
    span = [f"-replay.timeFrom={_iso(begin)}", f"-replay.timeTo={_iso(end)}", "-replay.rulesDelay=0s"]
    urls = [f"-datasource.url={server.url}", f"-remoteWrite.url={server.url}"]
    command = [str(built("vmalert")), f"-rule={RULES}", *urls, *span, "-replay.disableProgressBar"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at // 60 * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def look(server: VictoriaMetrics, selector: str = "") -> PrometheusSource:
    source = source_on(server.url, selector)
    await source.load()
    assert source.failure is None
    return source


async def test_the_account_of_vmalert_is_that_of_the_counters(tmp_path: Path) -> None:
    now = time.time()
    history = History(7, now - 600, days=1, sessions=12, interval=15)
    with VictoriaMetrics(tmp_path / "victoria", ["-search.latencyOffset=0s"]) as server:
        server.load(pushed(history))
        replay(server, now - 90_000, now - 300)
        server.load({})
        by_rules, by_counters = await look(server), await look(server, 'user_id=~".*"')
    assert by_rules.health.detail.endswith("recording rules")
    assert not by_counters.health.detail.endswith("recording rules")
    told, counted = (sum(source.minutes.tokens.values()) for source in (by_rules, by_counters))
    assert told == pytest.approx(counted, rel=1e-6)
    assert told == pytest.approx(history.truth.tokens(0, history.end), rel=0.001)


async def test_fifty_publishers_on_one_engine_each_see_their_own(tmp_path: Path) -> None:
    """Each by its host; together they see what was used, and the twenty teams do, too."""
    now = int(time.time())
    fleet = Fleet(50, now, days=2)
    with VictoriaMetrics(tmp_path / "victoria", ["-search.latencyOffset=0s"]) as server:
        server.load_lines(json_lines(fleet.series(now)))
        hosts = [f'host_name="machine-{number:04d}"' for number in range(fleet.machines)]
        teams = [f'team="team-{number:02d}"' for number in range(TEAMS)]
        for selectors in (hosts, teams):
            sources = await asyncio.gather(*(look(server, selector) for selector in selectors))
            assert all(source.health.detail.endswith("recording rules") for source in sources)
            windows = [source.read(datetime.now(UTC)).window_7d for source in sources]
            assert all(window and window.tokens for window in windows)
            seen = sum(window.tokens for window in windows if window)
            assert seen == pytest.approx(fleet.truth.since(0, now)[0], rel=0.01)
