"""Series that two processes write at once, since both say one session id, on a real Prometheus."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, product
from typing import Any

import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.prometheus.api import PromApi, Sample
from gauge_mqtt.sources.prometheus.facts import QUESTION_MAX
from gauge_mqtt.sources.prometheus.minutes import SLICE_S
from gauge_mqtt.sources.prometheus.processes import Processes
from gauge_mqtt.sources.prometheus.shared import SESSIONS_MAX
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.prom_history import NAMES, OPUS, SONNET, Samples
from tests.support.prom_lab import Prometheus, prometheus_server, source_on

pytestmark = pytest.mark.anyio
HOUR = 3600.0
TOKENS, COST = NAMES["collector"]
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Process:
    """It exports on and on, and gains in every other minute as long as it works."""

    first: float
    gain: float
    age: float
    ended: float = 120
    works: bool = True

    def points(self, now: float, every: float) -> Points:
        points, value, at, pick = [], self.first, now - self.age, random.Random(self.age)
        while at < now - self.ended:
            value += self.gain if self.works and int(at // 60) % 2 else 0
            points.append((at, value))
            at += every * pick.uniform(0.9, 1.1)
        return points


BIG, SMALL = Process(40_000, 90, 4.5 * HOUR), Process(900, 7, 4 * HOUR)
RESTED = [Process(40_000, 0, HOUR, -600, works=False), Process(900, 0, HOUR - 4, -600, works=False)]
"""Two that do nothing, also in the next minutes."""
OVERTAKING = [Process(1000, 10, 2 * HOUR), Process(10, 30, 2 * HOUR - 7)]
AGAIN = [Process(10, 40, (4 - n) * HOUR, (4 - n) * HOUR - 1500) for n in range(3)]
"""A session that is resumed twice, one process after the other."""
CASES = {
    "every 10 s": (10.0, [BIG, SMALL]),
    "every 15 s": (15.0, [BIG, SMALL]),
    "every 60 s": (60.0, [BIG, SMALL]),
    "overtaking": (15.0, OVERTAKING),
    "rested": (10.0, RESTED),
    "again": (15.0, AGAIN),
}


MANY = 50
"""Sessions that two processes share for 25 minutes, ten at a time."""
CROWD = SESSIONS_MAX + 10
"""Of these two write each just now, more than fit into one question."""
PHASES = {"many at 0": 0.0, "many at 59 min": 3541.0, "many at 103 min": 6207.0}
"""The past is asked in slices of 3 h of the clock: where they cut is to make no difference. Seconds."""
CUT = "at the cut"
BESIDE_S = range(-45, 50, 5)
"""How long after such a cut a process begins, and another one ends."""


def labels(case: str, name: str = "s", model: str = OPUS, kind: str = "output") -> str:
    return f'case="{case}",model="{model}",query_source="main",session_id="{name}",type="{kind}"'


def name_of(number: int) -> str:
    return f"{number:08x}-4000-8000-8000-{number:012x}"


def pair(number: int, age: float, ended: float) -> list[Process]:
    return [Process(40_000 + number, 90, age, ended), Process(900 + number, 7, age - 7, ended)]


@dataclass(frozen=True)
class Lab:
    server: Prometheus
    truth: dict[str, float]
    now: float

    async def look(self, case: str, before: str = "") -> tuple[PrometheusSource, Reading]:
        source = source_on(self.server.url, f'case=~"{case}{before}"')
        await source.load()
        assert source.failure is None
        return source, source.read(datetime.now(UTC))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    now, samples, truth = time.time(), Samples(), {}
    for case, (every, processes) in CASES.items():
        runs = [process.points(now, every) for process in processes]
        samples[TOKENS, labels(case)] = sorted(point for run in runs for point in run)
        truth[case] = sum(run[-1][1] for run in runs)
        samples[COST, labels(case)] = [(at, value / 1e4) for at, value in samples[TOKENS, labels(case)]]
    runs = [process.points(now, 15.0) for process in (BIG, SMALL, Process(300, 3, 3 * HOUR))]
    samples[TOKENS, labels("three")], truth["three"] = sorted(chain(*runs)), sum(run[-1][1] for run in runs)
    for (case, phase), number in product(PHASES.items(), range(MANY)):
        age = (0.5 + number // 10 * 0.75) * HOUR + phase
        runs = [process.points(now, 15.0) for process in pair(number, age, age - 1500)]
        samples[TOKENS, labels(case, name_of(number))] = sorted(chain(*runs))
        truth[case] = truth.get(case, 0.0) + sum(run[-1][1] for run in runs)
    cut = (now - 2000) // SLICE_S * SLICE_S
    for number, beside in enumerate(BESIDE_S):
        for ages in ((now - cut - beside, now - cut - beside - 1500), (now - cut - beside + 1500, now - cut - beside)):
            runs = [process.points(now, 15.0) for process in pair(number, *ages)]
            samples[TOKENS, labels(CUT, f"{name_of(number)}-{ages[0]:.0f}")] = sorted(chain(*runs))
            truth[CUT] = truth.get(CUT, 0.0) + sum(run[-1][1] for run in runs)
    samples[TOKENS, labels(CUT, f"{name_of(0)}-alone")] = [(cut + n, 100.0 * n) for n in range(15, 1500, 15)]
    truth[CUT] += 148_500
    for number in range(CROWD):
        runs = [process.points(now, 15.0) for process in pair(number, 1500, -600)]
        samples[TOKENS, labels("crowd", name_of(number))] = sorted(chain(*runs))
    samples[TOKENS, labels("beside", model=SONNET)] = [(now - 1800, 500.0)]
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(samples)
        yield Lab(server.start(), truth, now)


@pytest.mark.parametrize("case", CASES)
async def test_what_all_processes_gained_is_counted_once(lab: Lab, case: str) -> None:
    source, reading = await lab.look(case)
    for window in (reading.window_5h, reading.window_7d):
        assert window
        assert window.tokens == pytest.approx(lab.truth[case], rel=0.01)
        assert window.cost_usd == pytest.approx(lab.truth[case] / 1e4, rel=0.01)
    told = [fault.fact for fault in await source.usual_faults() if fault.about == "session id"]
    assert [fact[:14] for fact in told] == ([] if case == "again" else ["one session is"])


async def test_of_three_at_once_it_is_said_that_not_all_is_seen(lab: Lab) -> None:
    source, reading = await lab.look("three")
    assert reading.window_5h
    assert 0.5 < reading.window_5h.tokens / lab.truth["three"] < 1.01  # as exact as for two, or less
    assert "not all of what they use is seen" in next(fault.fact for fault in source.known_faults)
    alone, _ = await lab.look("every 15 s")
    assert "not all" not in next(fault.fact for fault in alone.known_faults)


@pytest.mark.parametrize("case", [*PHASES, CUT])
async def test_it_makes_no_difference_where_the_past_is_cut_into_slices(
    lab: Lab, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These were pushed: their temporality is told by their samples, too."""
    asked = noted(monkeypatch)
    _, reading = await lab.look(case)
    assert reading.window_7d
    assert reading.window_7d.tokens == pytest.approx(lab.truth[case], rel=0.01)
    assert max(len(question.encode()) for question in asked) <= QUESTION_MAX


async def test_of_too_many_at_once_nothing_is_told_but_why(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as they are: the rate and the windows are unknown, and no question is too long."""
    asked, source = noted(monkeypatch), source_on(lab.server.url, 'case=~"crowd"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert (reading.rate_tokens, reading.window_5h) == (None, None)
    assert f"{CROWD} sessions at once" in (reading.failure or "")
    assert f"{CROWD} sessions at once" in next(fault.fact for fault in source.known_faults if fault.bad)
    assert max(len(question.encode()) for question in asked) <= QUESTION_MAX


def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every question from now on."""
    asked: list[str] = []

    def noting(method: Callable[..., Awaitable[list[Sample]]]) -> Callable[..., Awaitable[list[Sample]]]:
        def noted(self: PromApi, expression: str, *rest: Any) -> Awaitable[list[Sample]]:
            asked.append(expression)
            return method(self, expression, *rest)

        return noted

    for name in ("query", "query_range"):
        monkeypatch.setattr(PromApi, name, noting(getattr(PromApi, name)))
    return asked


async def test_processes_that_rest_move_nothing(lab: Lab) -> None:
    """Its counter goes up and down by 39,100 tokens every few seconds, also just now."""
    source, reading = await lab.look("rested", "|beside")
    await source.load()
    assert reading.rate_tokens is not None
    again = source.read(datetime.now(UTC))
    assert (again.rate_tokens, again.model) == (0, SONNET)
    assert again.cache
    assert again.cache.whole == 0


COUNTER = frozenset({("type", "output")})
READ = frozenset({("type", "cacheRead")})


def gained(counters: Processes, *values: float) -> list[float]:
    """A minute from one to the next."""
    return [sum(counters.gains(60.0 * n, {COUNTER: value}).values()) for n, value in enumerate(values)]


def test_counters_are_told_apart() -> None:
    counters = Processes({})
    assert gained(counters, 7000, 100, 7000, 110, 7050) == [7000, 100, 0, 10, 50]
    assert (counters.mixed, counters.in_turn) == (3, False)


def test_a_process_that_ended_long_ago_does_not_take_what_is_new() -> None:
    counters = Processes({COUNTER: 945.0})
    assert gained(counters, 177, 900, 1000) == [177, 723, 100]
    assert counters.mixed == 0


def test_what_was_known_before_a_pause_is_not_new_again() -> None:
    assert gained(Processes({COUNTER: 5000.0}), 5010) == [10]
