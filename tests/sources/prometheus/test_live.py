"""What moves by the second, on a real Prometheus that scrapes counters while they grow."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.core.reading import Limits, Ratio, Reading
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.sources.prometheus import queries as prom_queries
from gauge_mqtt.sources.prometheus import seen
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.brokers import HOST
from tests.support.prom_history import HAIKU, KINDS, OPUS, SONNET, Turn, Way, labelled
from tests.support.prom_lab import Exporter, Prometheus, prometheus_server, running, short_periods, source_on
from tests.support.waiting import eventually

__all__ = ["short_periods"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_periods")]
ONE = (100, 20, 3000, 400)
"""Input, output, cacheRead, cacheCreation of one response; 3520 in all."""
TOTAL = sum(ONE)


@dataclass
class Lab:
    """One Prometheus for all, since a new one waits 5 s before it scrapes; a test has its own exporters in it."""

    server: Prometheus
    exporters: list[Exporter]

    def exporter(self) -> Exporter:
        return self.exporters.pop()

    def source(self, *exporters: Exporter) -> PrometheusSource:
        ports = "|".join(str(exporter.port) for exporter in exporters)
        return source_on(self.server.url, f'instance=~"{HOST}:({ports})"')


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        exporters = [Exporter() for _ in range(10)]
        server.start(scrapes=[exporter.port for exporter in exporters])
        yield Lab(server, exporters)


@pytest.fixture
def exporter(lab: Lab) -> Iterator[Exporter]:
    with lab.exporter() as exporter:
        yield exporter


def answer(
    exporter: Exporter, model: str = OPUS, source: str = "main", session: str = "a", way: Way = "collector"
) -> None:
    """Claude Code has got a response."""
    for series, amount in labelled(Turn(time.time(), "desk", session, model, source, ONE), way):
        exporter.values[series] = exporter.values.get(series, 0) + amount


def read(source: PrometheusSource) -> Reading:
    return source.read(datetime.now(UTC))


def model(source: PrometheusSource) -> str | None:
    return read(source).model


def down(source: PrometheusSource) -> float:
    return next(metric.value for metric in source.metrics() if metric.name == "prometheus_targets_down")


def five(source: PrometheusSource) -> int | None:
    window = read(source).window_5h
    return window.tokens if window else None


async def test_the_tach_counts_from_the_first_sample_on(lab: Lab, exporter: Exporter) -> None:
    answer(exporter)
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: read(source).rate_tokens == TOTAL)
        answer(exporter)
        answer(exporter, session="b")
        await eventually(lambda: read(source).rate_tokens == 3 * TOTAL)
        await eventually(lambda: five(source) == 3 * TOTAL)
        reading = read(source)
        assert reading.cache == Ratio(part=3 * 3000, whole=3 * 3500)
        assert reading.thinking is None
        await eventually(lambda: read(source).window_7d == read(source).window_5h)
        week = read(source)
        assert week.account
        assert week.window_7d
        assert sum(week.account.tokens.values()) == week.window_7d.tokens
        assert sum((week.account.cost_usd or {}).values()) == pytest.approx(week.window_7d.cost_usd or 0)
        await eventually(lambda: model(source) == OPUS)


async def test_a_resumed_session_starts_at_0_again(
    lab: Lab, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prom_queries, "RATE_S", 8)
    answer(exporter)
    answer(exporter)
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: read(source).rate_tokens == 2 * TOTAL)
        await eventually(lambda: read(source).rate_tokens == 0)
        exporter.values.clear()
        answer(exporter)
        await eventually(lambda: read(source).rate_tokens == TOTAL)


async def test_the_last_model_is_that_of_the_counter_that_changed_last_in_a_main_turn(
    lab: Lab, exporter: Exporter
) -> None:
    """The newest sample says nothing: every counter is exported again each time."""
    answer(exporter, OPUS)
    async with running(lab.source(exporter)) as source:
        for name in (SONNET, OPUS, SONNET):
            await eventually(lambda name=name: model(source) not in {None, name})
            answer(exporter, name, session="b" if name == SONNET else "a")
            await eventually(lambda name=name: model(source) == name)
        before = read(source).rate_tokens or 0
        answer(exporter, HAIKU, "subagent")
        answer(exporter, HAIKU, "auxiliary")
        await eventually(lambda: read(source).rate_tokens == before + 2 * TOTAL)
        await asyncio.sleep(prom_queries.MODEL_S)
        assert model(source) == SONNET


async def test_a_session_that_comes_back_does_not_count_again(
    lab: Lab, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lid was closed: Prometheus does not see its counters at first, and then all at once."""
    monkeypatch.setattr(prom_queries, "RATE_S", 8)
    answer(exporter)
    answer(exporter, session="b")
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: five(source) == 2 * TOTAL)
        asleep = {series: value for series, value in exporter.values.items() if 'session_id="a"' in series[1]}
        for series in asleep:
            del exporter.values[series]
        await eventually(lambda: read(source).rate_tokens == 0)
        exporter.values |= asleep
        answer(exporter, session="b")
        await eventually(lambda: read(source).rate_tokens == TOTAL)
        answer(exporter)
        await eventually(lambda: five(source) == 4 * TOTAL)
        assert (read(source).rate_tokens or 0) <= 2 * TOTAL


@pytest.mark.parametrize("way", ["collector", "builtin"])
async def test_silence_is_judged_where_the_samples_are_as_young_as_claude_code(
    lab: Lab, exporter: Exporter, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector goes on repeating what it got last, for as long as a day: that is no sign of life."""
    monkeypatch.setattr(seen, "FRESH", timedelta(seconds=8))
    answer(exporter, way=way)
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: read(source).rate_tokens)
        reading, later = read(source), datetime.now(UTC) + timedelta(minutes=6)
        assert reading.telemetry_at
        assert (reading.activity_at is None) == (way == "collector")
        stalled = snapshot([reading], Limits(), "lab", later).stall_reason
        assert stalled == (None if reading.observed_at is None else "none" if way == "collector" else "silence")
        exporter.__exit__()  # Claude Code ends, or the collector is gone
        if way == "collector":
            await eventually(lambda: read(source).failure)
        else:
            await eventually(lambda: read(source).activity_at is None and down(source))
            assert read(source).failure is None


async def test_a_scrape_target_that_is_gone_is_said_and_all_is_right_when_it_returns(
    lab: Lab, exporter: Exporter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer(exporter)
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: five(source) == TOTAL)
        exporter.__exit__()
        await eventually(lambda: read(source).failure)
        reading = read(source)
        assert f"cannot scrape {HOST}:{exporter.port}: no telemetry arrives" in (reading.failure or "")
        assert reading.failing_since
        assert (reading.rate_tokens, reading.cache) == (None, None)
        assert five(source) == TOTAL
        late = datetime.now(UTC) + timedelta(minutes=6)
        assert snapshot([reading], Limits(), "lab", late).stall_reason == "source"
        answer(exporter)
        with exporter:
            await eventually(lambda: five(source) == 2 * TOTAL and read(source).rate_tokens is not None)
            assert read(source).failing_since is None
    assert "prometheus answers again" in caplog.text


async def test_one_of_two_targets_may_be_a_laptop_that_sleeps(lab: Lab, exporter: Exporter) -> None:
    answer(exporter)
    with lab.exporter() as laptop:
        answer(laptop, session="b")
        async with running(lab.source(exporter, laptop)) as source:
            await eventually(lambda: five(source) == 2 * TOTAL)
            laptop.__exit__()
            await eventually(lambda: down(source))
            answer(exporter)
            await eventually(lambda: five(source) == 3 * TOTAL)
            assert read(source).failure is None


async def test_a_counter_that_is_not_a_number_does_not_hide_the_others(lab: Lab, exporter: Exporter) -> None:
    answer(exporter)
    answer(exporter, session="b")
    ill = [series for series in exporter.values if 'session_id="b"' in series[1] and f'type="{KINDS[2]}"' in series[1]]
    exporter.values[ill[0]] = float("nan")
    async with running(lab.source(exporter)) as source:
        await eventually(lambda: five(source) == 2 * TOTAL - ONE[2])
        assert read(source).rate_tokens == 2 * TOTAL - ONE[2]
        assert read(source).failure is None
