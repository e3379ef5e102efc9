"""One session id in several processes, of which each begins its counters at 0: on real servers, against the truth.

What a script does that resumes one session for each of its questions, somebody who resumes it once, and a question
asked beside a terminal that has the session open.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.prometheus import minutes, processes
from gauge_mqtt.sources.prometheus.processes import Key, told_apart
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import VictoriaMetrics
from tests.support.prom_history import KINDS, NAMES, OPUS, Samples
from tests.support.prom_lab import counted, prometheus_server, source_on

pytestmark = pytest.mark.anyio
MINUTE, HOUR = 60.0, 3600.0
TOKENS, COST = NAMES["collector"]
Points = list[tuple[float, float]]


class Run(NamedTuple):
    """A process that lives from `began` to `ended` (seconds ago), with a response each `pause` seconds or so. At first
    it reads `context` tokens from the cache, then more and more.
    """

    began: float
    ended: float
    every: float = 60.0
    pause: float = 40.0
    context: int = 20_000

    def exports(self, now: float) -> Iterator[tuple[float, Counter[str]]]:
        """One each `every` seconds, and one at its end."""
        pick, counters, read = random.Random(self.began), Counter[str](), self.context
        at, ends = now - self.began, now - self.ended
        spoke, due = at + 2, at + self.every
        while True:
            when = min(due, ends)
            while spoke < when:
                new, said = pick.randint(200, 9000), int(pick.lognormvariate(5.5, 1))
                counters.update(dict(zip(KINDS, (pick.randint(2, 40), said, read, new), strict=True)))
                read += new + said
                spoke += 3 + pick.expovariate(1 / self.pause)
            yield round(when, 3), counters.copy()
            if when == ends:
                return
            due += self.every


def script(pause: float, questions: int, every: float = 60.0) -> list[Run]:
    """Each question takes 12 s, and reads what was said before."""
    began = 4 * HOUR
    step = pause + 12
    return [Run(began - step * n, began - step * n - 12, every, 500, 20_000 + 5000 * n) for n in range(questions)]


OPEN = Run(4 * HOUR, 0.5 * HOUR)
HISTORIES: dict[str, list[Run]] = {
    **{f"a question beside it {s}": [OPEN, Run(2 * HOUR + s, 2 * HOUR + s - 9)] for s in range(0, 60, 12)},
    "one beside a terminal at rest": [
        Run(4 * HOUR, 0.5 * HOUR, pause=1500), Run(2 * HOUR, 2 * HOUR - 20, context=90_000),
    ],
    "one each 40 minutes": [OPEN, *(Run(n * 2400.0, n * 2400 - 15, context=90_000) for n in (2, 3, 4, 5))],
    "one by the 10 s": [Run(4 * HOUR, HOUR, 10), Run(2 * HOUR + 4, 2 * HOUR - 5, 10)],
    "resumed after a minute": [Run(4 * HOUR, 3 * HOUR), Run(3 * HOUR - 60, 2 * HOUR, context=200_000)],
    "resumed after an hour": [Run(4 * HOUR, 3 * HOUR), Run(2 * HOUR, HOUR)],
    "resumed for longer": [Run(4 * HOUR, 4 * HOUR - 100), Run(4 * HOUR - 200, HOUR, context=60_000)],
    "resumed for less": [Run(4 * HOUR, 2 * HOUR), Run(2 * HOUR - 600, 2 * HOUR - 700)],
    "a script": script(30, 20),
    "a script that waits": script(400, 12),
}  # fmt: skip
SCRIPTS = ("a script", "a script that waits")
LEAST = 0.45
"""Of a script only so much is sure to be seen: a process may have used more of everything than the one before it. Sums
that know one process a series only find 0.2.
"""
WAYS: dict[str, float | None] = {"pushed": None, "scraped": 5.0}
"""By the time of each export; by that of each scrape, a series for an hour after its last export."""


def series_of(runs: Sequence[Run], now: float, scraped: float | None) -> tuple[dict[str, Points], int]:
    """By kind, and what was used in all."""
    series, shown = defaultdict[str, Points](list), dict[str, int]()
    exports = sorted(((at, counters) for run in runs for at, counters in run.exports(now)), key=lambda one: one[0])
    truth = sum(list(run.exports(now))[-1][1].total() for run in runs)
    if scraped:
        ticks = [n * scraped for n in range(int(exports[0][0] // scraped) + 1, int(exports[-1][0] // scraped) + 2)]
        ends = [(tick, [counters for at, counters in exports if tick - scraped < at <= tick]) for tick in ticks]
    else:
        ends = [(at, [counters]) for at, counters in exports]
    for at, some in ends:
        for counters in some:
            shown |= counters
        for kind, value in shown.items():
            series[kind].append((at, value))
    return series, truth


@dataclass(frozen=True)
class Lab:
    urls: dict[str, str]
    truth: dict[str, int]

    async def look(self, server: str, way: str, name: str) -> tuple[PrometheusSource, Window]:
        source = source_on(self.urls[server], f'way="{way}",history="{name}"')
        await source.load()
        assert source.failure is None
        window = source.read(datetime.now(UTC)).window_5h
        assert window
        return source, window


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    now, samples, truth = time.time() - 60, Samples(), dict[str, int]()
    for way, scraped in WAYS.items():
        for number, (name, runs) in enumerate(HISTORIES.items()):
            series, truth[name] = series_of(runs, now, scraped)
            instance = ',instance="collector:8889"' if scraped else ""
            common = f'model="{OPUS}",query_source="main",session_id="{number:08x}-{way}"{instance}'
            for kind, points in series.items():
                samples[TOKENS, f'way="{way}",history="{name.replace(",", " ")}",type="{kind}",{common}'] = points
            summed = [(at, sum(row[n][1] for row in series.values()) / 1e4) for n, (at, _) in enumerate(points)]
            samples[COST, f'way="{way}",history="{name.replace(",", " ")}",{common}'] = summed
    with ExitStack() as parts:
        prometheus = parts.enter_context(prometheus_server(tmp_path_factory.mktemp("prometheus")))
        prometheus.backfill(samples)
        prometheus.start()
        victoria = parts.enter_context(VictoriaMetrics(tmp_path_factory.mktemp("victoria-metrics")))
        victoria.load(samples)
        yield Lab({"prometheus": prometheus.url, "victoria-metrics": victoria.url}, truth)


@pytest.fixture(autouse=True)
def a_short_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is older, and each look would ask of 7 days."""
    monkeypatch.setattr(minutes, "WEEK_S", 6 * HOUR)


@pytest.mark.parametrize("server", ["prometheus", "victoria-metrics"])
@pytest.mark.parametrize("way", WAYS)
async def test_what_all_processes_of_a_session_used_is_counted_once(lab: Lab, server: str, way: str) -> None:
    found = {}
    for name in HISTORIES:
        source, window = await lab.look(server, way, name)
        assert name in SCRIPTS or window.cost_usd == pytest.approx(window.tokens / 1e4, rel=0.01)
        found[name] = window.tokens / lab.truth[name]
        told = [fault.fact for fault in source.known_faults if "lower bound" in fault.fact]
        assert bool(told) == (name in SCRIPTS and found[name] < 1), name
    scripts = {name: found.pop(name) for name in SCRIPTS}
    assert found == pytest.approx(dict.fromkeys(found, 1.0), rel=0.01)
    assert all(LEAST < part < 1.01 for part in scripts.values()), scripts


async def test_a_question_in_the_newest_minutes_hides_nothing(tmp_path: Path) -> None:
    """Which came 5 s after the first export of the session that it was asked beside. Minutes are read up to two minutes
    ago, what is younger is asked in another way.
    """
    minute = time.time() // MINUTE * MINUTE
    samples = Samples()
    for ago in range(2, 6):
        at = minute - ago * MINUTE
        common = f'model="{OPUS}",query_source="main",session_id="{ago:08x}",type="output"'
        samples[TOKENS, common] = [(at + 30, 5000.0), (at + 35, 100.0), (at + 90, 5010.0)]
    with prometheus_server(tmp_path) as server:
        server.backfill(samples)
        server.start()
        assert await counted(server.url) == 4 * 5110


def labelled(**labels: str) -> Key:
    return frozenset(labels.items())


OUTPUT, READ = labelled(type="output"), labelled(type="cacheRead")


def told(*exports: tuple[float, float]) -> processes.Told:
    """Of output and of what was read from the cache, a minute from one export to the next."""
    rows = zip((OUTPUT, READ), zip(*exports, strict=True), strict=True)
    return told_apart({}, {key: [(MINUTE * n, value) for n, value in enumerate(values)] for key, values in rows})


def used(what: processes.Told) -> float:
    return sum(gain.amount for gain in what.gains)


def test_where_one_counter_fell_all_of_them_began_anew() -> None:
    assert used(told((700, 9000), (100, 9500), (120, 9900))) == 700 + 9000 + 120 + 9900


def test_two_of_which_one_overtakes_the_other_in_some_counters_only_gained_what_both_did() -> None:
    a, b = [(700.0 + n, 900.0 + 400 * n) for n in range(9)], [(100.0 + n, 3000.0) for n in range(9)]
    both = told(*(export for pair in zip(a, b, strict=True) for export in pair))
    assert used(both) == 708 + 4100 + 108 + 3000
    assert both.mixed >= len(a)
    assert not both.resumed


def test_a_session_that_is_resumed_for_each_question_is_told_from_a_question_beside_it() -> None:
    assert told((100, 900), (90, 950), (80, 990), (70, 999)).resumed
    open_one = [(1000.0 + n, 9000.0 + n) for n in range(5)]
    beside = [export for one in open_one for export in (one, one, one, (30.0, 400.0 - one[0] / 10))]
    assert not told(*beside).resumed
    assert used(told(*beside[:6])) == pytest.approx(1001 + 9001 + 30 + 300)


def test_of_a_script_without_end_the_latest_processes_are_remembered_and_all_are_counted() -> None:
    questions = [(2000.0 - n, 90_000.0 - n) for n in range(1000)]
    script = processes.Processes({})
    for n, (output, read) in enumerate(questions):
        script.gains(MINUTE * n, {OUTPUT: output, READ: read})
    assert len(script.all) == processes.PROCESSES_MAX
    assert script.in_turn
    assert script.brief == len(questions)
    assert used(told(*questions)) == sum(map(sum, questions))


def test_who_goes_on_beside_a_script_is_not_forgotten() -> None:
    going_on = [(9000.0 + n, 500_000.0 + n) for n in range(4 * processes.PROCESSES_MAX)]
    questions = [(2000.0 - n, 90_000.0 - n) for n in range(len(going_on))]
    both = told(*(export for pair in zip(going_on, questions, strict=True) for export in pair))
    assert used(both) == sum(going_on[-1]) + sum(map(sum, questions))
