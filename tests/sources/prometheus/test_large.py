"""What is too much for one question, or for the server, is asked in parts; what is not whole is not taken."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gauge_mqtt.sources.prometheus.api import PartError, PromApi, PromError, Sample, Server, TooMuchError, Whole
from gauge_mqtt.sources.prometheus.facts import QUESTION_MAX
from gauge_mqtt.sources.prometheus.minutes import RECORDED_SLICE_S, SLICE_S, WEEK_S, Minutes, halves, joined
from gauge_mqtt.sources.prometheus.queries import SESSIONS_MAX
from gauge_mqtt.sources.prometheus.recorded import BEAT, RETURN_S
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.sources.prometheus.test_limits import Wild, looked, tame
from tests.support.prom_history import NAMES
from tests.support.prom_lab import FakeServer, Prometheus, prometheus_server, source_on

TOKENS, _ = NAMES["collector"]
SESSIONS = 2 * SESSIONS_MAX + 1
LID_S, DAY_S = 3600.0, 86_400.0
pytestmark = pytest.mark.anyio


class Weak(PromApi):
    """A server that is overburdened by more than an hour at once."""

    refused = 0

    async def query_range(self, expression: str, first: int, last: int, step: int) -> list[Sample]:
        if last - first > LID_S:
            Weak.refused += 1
            raise TooMuchError("too much")
        return await super().query_range(expression, first, last, step)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """As many sessions as are asked in three parts; each wakes up in one minute, ten tokens after an hour's pause."""
    now = time.time()
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        labels = 'model="claude-opus-5-5",query_source="main",type="output"'
        points = [(now - 4 * LID_S, 1000.0), (now - 3 * LID_S, 1010.0)]
        server.backfill(
            {(TOKENS, f'session_id="{n:08x}-4000-8000-8000-{n:012x}",{labels}'): points for n in range(SESSIONS)}
        )
        yield server.start()


async def test_more_sessions_than_fit_into_one_question_are_asked_in_parts(
    server: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = PromApi.query_range

    async def noted(self: PromApi, expression: str, first: int, last: int, step: int) -> list[Sample]:
        asked.append(expression)
        return await ask(self, expression, first, last, step)

    monkeypatch.setattr(PromApi, "query_range", noted)
    source = source_on(server.url)
    await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert window is not None
    assert window.tokens == SESSIONS * 1010
    assert not [expression for expression in asked if "4d" in expression and "session_id=~" not in expression]
    assert max(len(expression.encode()) for expression in asked) <= QUESTION_MAX


async def test_a_slice_that_takes_too_long_is_asked_in_halves(server: Prometheus) -> None:
    source = PrometheusSource(Weak(Server(url=server.url)))
    await asyncio.wait_for(source.load(), 120)
    window = source.read(datetime.now(UTC)).window_7d
    assert (Weak.refused > 0, source.failure) == (True, None)
    assert window is not None
    assert window.tokens == SESSIONS * 1010


class Recorded(Wild):
    """Rules have recorded each minute, but for one. `asked`: (after, upto) of the rules, and of the counters."""

    def __init__(self, hole: int = 0) -> None:
        super().__init__(tame)
        self.hole, self.rules, self.counters = hole, list[tuple[int, int]](), list[tuple[int, int]]()

    async def query_range(self, expression: str, first: int, last: int, step: int) -> list[Sample]:
        if BEAT not in expression:
            self.counters += [(first - step, last)] if "irate" in expression else []
            return await super().query_range(expression, first, last, step)
        self.rules.append((first - step + RETURN_S, last - RETURN_S))
        minutes = [(float(at), 1.0) for at in range(first, last + 1, step) if at != self.hole]
        facts = {"now": minutes, "beat": minutes, "back_beat": [point for point in minutes if point[0] % RETURN_S == 0]}
        return [Sample({"fact": fact}, points) for fact, points in facts.items() if points]


async def test_what_rules_have_recorded_is_read_in_few_long_slices() -> None:
    server = Recorded()
    source = await looked(server)
    assert server.counters == []
    assert len(server.rules) <= WEEK_S / RECORDED_SLICE_S + 2
    assert max(upto - after for after, upto in server.rules) == RECORDED_SLICE_S
    assert source.read(datetime.now(UTC)).window_7d is not None
    server.rules.clear()
    source._due["past"] = 0.0  # noqa: SLF001
    await source.load()
    ((after, upto),) = server.rules
    assert SLICE_S < upto - after <= 2 * SLICE_S, "the newest slices again, in one question"


async def test_where_rules_leave_out_a_minute_the_counters_are_asked_for_its_half_an_hour() -> None:
    hole = int(time.time() - DAY_S) // RETURN_S * RETURN_S + 600
    server = Recorded(hole)
    source = await looked(server)
    assert set(server.counters) == {(hole - 600, hole - 600 + RETURN_S)}
    assert source.minutes.reaches(time.time() - WEEK_S)


def test_slices_are_joined_up_to_so_many_and_only_with_their_neighbours() -> None:
    newest = [(number * SLICE_S, (number + 1) * SLICE_S) for number in range(10, 0, -1)]
    assert joined(newest) == [(7 * SLICE_S, 11 * SLICE_S), (3 * SLICE_S, 7 * SLICE_S), (SLICE_S, 3 * SLICE_S)]
    assert joined([newest[0], newest[2]]) == [newest[0], newest[2]]


def test_several_slices_are_read_once_each_and_the_week_is_known_to_be_whole() -> None:
    minutes = Minutes()
    minutes.put(0, RECORDED_SLICE_S, {60: 1.0}, {})
    assert minutes.reaches(0)
    minutes = Minutes()
    minutes.put(SLICE_S, 3 * SLICE_S + 60, {}, {})
    assert (minutes.reaches(0), minutes.reaches(SLICE_S), minutes.mark) == (False, True, 3 * SLICE_S + 60)


def test_of_several_slices_the_newer_half_comes_first() -> None:
    assert halves(0, 4 * SLICE_S) == [(2 * SLICE_S, 4 * SLICE_S), (0, 2 * SLICE_S)]
    assert halves(0, SLICE_S + 60) == [(SLICE_S, SLICE_S + 60), (0, SLICE_S)]


def test_halves_are_whole_minutes_the_older_first_and_no_slice_is_made_too_small() -> None:
    assert halves(0, 10_800) == [(0, 5400), (5400, 10_800)]
    assert halves(0, 1260) == [(0, 600), (600, 1260)]
    assert halves(0, 1140) == [(0, 1140)]


@pytest.mark.parametrize("limited", [True, False])
async def test_what_is_cut_at_a_limit_is_whole_only_if_the_limit_is_ours(*, limited: bool) -> None:
    body = {"status": "success", "data": ["a"], "warnings": ["results truncated due to limit"]}
    async with FakeServer(json.dumps(body).encode(), header="content-type: application/json") as fake:
        api = PromApi(Server(url=fake.url))
        with contextlib.nullcontext() if limited else pytest.raises(PartError, match="answers in part only"):
            await api.get("/api/v1/labels", {"limit": "1"} if limited else {}, Whole)
        await api.close()


async def test_an_answer_in_part_is_no_answer() -> None:
    """A cluster whose storage is away leaves out what is there, with HTTP 200."""
    body = {"status": "success", "isPartial": True, "data": {"resultType": "vector", "result": []}}
    async with FakeServer(json.dumps(body).encode(), header="content-type: application/json") as fake:
        api = PromApi(Server(url=fake.url))
        with pytest.raises(PromError, match="answers in part only"):
            await api.query("up")
        await api.close()
