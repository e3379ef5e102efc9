"""The windows, proven on a real Prometheus that holds eight made-up days whose truth is known."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import mean

import pytest

from gauge_mqtt.core.reading import Reading, Window
from gauge_mqtt.sources.prometheus import acquaintance, recorded
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus import source as prometheus
from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.facts import Facts, session, total
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.prom_history import DAY, MACHINES, NAMES, OPUS, SONNET, History, Samples, pushed, scraped
from tests.support.prom_lab import Prometheus, prometheus_server, source_on

HOUR = 3600.0
FIVE, WEEK = 5 * HOUR, 7 * DAY
TOKENS, COST = NAMES["collector"]
pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Case:
    """One series: (age, value) of its samples, and the tokens that they mean in 5 h and in 7 d."""

    name: str
    points: list[tuple[float, float]]
    in_5h: int
    in_7d: int
    session: str = "s"
    model: str = OPUS

    def samples(self, now: float) -> Samples:
        labels = (
            f'case="{self.name}",model="{self.model}",query_source="main",session_id="{self.session}",type="output"'
        )
        return {(TOKENS, labels): sorted((now - age, value) for age, value in self.points)}


NAN = float("nan")
CASES = [
    Case("one-shot", [(3 * HOUR, 700)], 700, 700),
    Case("its first sample counts", [(3 * HOUR, 700), (3 * HOUR - 15, 1000)], 1000, 1000),
    Case("resumed", [(3 * HOUR, 900), (2 * HOUR, 100), (2 * HOUR - 15, 250)], 1150, 1150),
    Case("resumed at once", [(3 * HOUR, 900), (3 * HOUR - 90, 100)], 1000, 1000),
    Case("closed lid", [(4 * HOUR, 5000), (2 * HOUR, 5000), (2 * HOUR - 15, 5010)], 5010, 5010),
    Case("lid closed for days", [(3 * DAY, 5000), (2 * HOUR, 5000), (2 * HOUR - 15, 5010)], 10, 5010),
    Case("lid opened just now", [(DAY, 5000), (30, 5000), (20, 5010)], 10, 5010),
    Case("nothing for a week", [(7.9 * DAY, 100)], 0, 0),
    Case("not a number", [(3 * HOUR, NAN)], 40, 40),
    Case("not a number", [(3 * HOUR, 40)], 40, 40, session="other"),
    Case("strange session", [(DAY, 20), (3 * HOUR, 30)], 10, 30, session=r"\"|.*[\\"),
    Case("two models", [(3 * HOUR, 10)], 20, 20),
    Case("two models", [(2 * HOUR, 10)], 20, 20, model=SONNET),
]


def steady(now: float) -> Samples:
    """10 tokens each 15 s, from 20 minutes ago to 20 minutes from now."""
    return {(TOKENS, 'case="steady"'): [(now + 15 * n, 10.0 * (81 + n)) for n in range(-80, 81)]}


def on_the_minute(now: float) -> Samples:
    """Increments that come exactly where a minute ends and the next one begins."""
    return {(TOKENS, 'case="on the minute"'): [(now // 60 * 60 - 60 * n, 100.0) for n in range(60, 0, -1)]}


@dataclass(frozen=True)
class Lab:
    server: Prometheus
    history: History
    small: History
    seen: dict[str, tuple[PrometheusSource, Reading]] = field(default_factory=dict)

    def source(self, selector: str) -> PrometheusSource:
        return source_on(self.server.url, selector)

    async def look(self, selector: str) -> Reading:
        """One look for all tests."""
        if selector not in self.seen:
            source = self.source(selector)
            await source.load()
            assert source.failure is None
            self.seen[selector] = (source, source.read(datetime.now(UTC)))
        return self.seen[selector][1]

    async def increase(self, seconds: float, at: float) -> float:
        """What everybody would ask."""
        api = PromApi(Server(url=self.server.url))
        rows = await api.query(f'sum(increase({TOKENS}{{way="pushed"}}[{seconds:.0f}s]))', at)
        await api.close()
        return rows[0].value


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Several ways of telemetry in one server, told apart as their owner would: by a label."""
    now = time.time()
    history, small = History(7, now, sessions=16), History(8, now, sessions=3)
    ways = {
        "pushed": pushed(history),
        "scraped": scraped(small, 15, 900),
        "builtin": scraped(small, 15, 60, "builtin"),
        "plain": pushed(small, "plain"),
        "delta": pushed(small, delta=True),
        "twice": pushed(small) | pushed(small, "builtin"),
    }
    samples: Samples = {}
    for way, found in ways.items():
        samples |= {(name, f'way="{way}",{labels}'): points for (name, labels), points in found.items()}
    for case in CASES:
        samples |= case.samples(now)
    samples |= steady(now) | on_the_minute(now)
    samples[TOKENS, 'case="moved"'] = [(now - 2 * DAY, 100)]
    samples[NAMES["builtin"][0], 'case="moved"'] = [(now - 2 * HOUR, 7)]
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(samples)
        yield Lab(server.start(), history, small)


def windows(reading: Reading) -> tuple[Window, Window]:
    """The two of them; the short one is never above the long one."""
    five, week = reading.window_5h, reading.window_7d
    assert five
    assert week
    assert five.tokens <= week.tokens
    assert (five.cost_usd or 0) <= (week.cost_usd or 0)
    return five, week


def when(reading: Reading) -> float:
    assert reading.observed_at
    return reading.observed_at.timestamp()


def off(found: float | None, true: float) -> float:
    return abs((found or 0) - true) / true


async def test_windows_and_costs_are_true_where_increase_is_not(lab: Lab) -> None:
    reading, truth = await lab.look('way="pushed"'), lab.history.truth
    at = when(reading)
    for window, seconds in zip(windows(reading), (FIVE, WEEK), strict=True):
        true = truth.tokens(at - seconds, at)
        assert off(window.tokens, true) < 0.05
        assert off(window.tokens, true) < off(await lab.increase(seconds, at), true)
        assert off(window.cost_usd, truth.usd(at - seconds, at)) < 0.05


async def test_so_are_the_windows_of_every_hour_of_the_week(lab: Lab) -> None:
    await lab.look('way="pushed"')
    source, truth = lab.seen['way="pushed"'][0], lab.history.truth
    ours, naive = [], []
    for hour in range(1, 150):
        at = time.time() // 60 * 60 - hour * HOUR
        if (true := truth.tokens(at - FIVE, at)) > 1_000_000:
            found = sum(count for minute, count in source.minutes.tokens.items() if at - FIVE < minute <= at)
            ours.append(off(found, true))
            naive.append(off(await lab.increase(FIVE, at), true))
    assert len(ours) > 100
    assert mean(ours) < 0.01
    assert sorted(ours)[int(len(ours) * 0.95)] < 0.05
    assert mean(naive) > 5 * mean(ours)
    assert max(naive) > 2 * max(ours)


@pytest.mark.parametrize("machine", MACHINES)
async def test_a_selector_narrows_it_to_a_machine(lab: Lab, machine: str) -> None:
    reading = await lab.look(f'way="pushed",host_name="{machine}",')
    at = when(reading)
    assert off(windows(reading)[1].tokens, lab.history.truth.tokens(at - WEEK, at, machine)) < 0.05


@pytest.mark.parametrize("way", ["scraped", "builtin", "plain", "delta"])
async def test_every_way_of_telemetry_is_found_and_told_apart(lab: Lab, way: str) -> None:
    reading = await lab.look(f'way="{way}"')
    at = when(reading)
    week = windows(reading)[1]
    assert off(week.tokens, lab.small.truth.tokens(at - WEEK, at)) < 0.05
    assert off(week.cost_usd, lab.small.truth.usd(at - WEEK, at)) < 0.05


async def test_increments_that_are_said_to_be_a_counter_are_counted_as_one(lab: Lab) -> None:
    """It can be told what it would find out; here it is told the wrong thing."""
    source = source_on(lab.server.url, 'way="delta"', temporality="cumulative")
    await source.load()
    found = windows(source.read(datetime.now(UTC)))[1].tokens
    assert found < 0.9 * lab.small.truth.tokens(time.time() - WEEK, time.time())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.session}-{case.model}")
async def test_each_case_is_counted_to_the_token(lab: Lab, case: Case) -> None:
    found = windows(await lab.look(f'case="{case.name}"'))
    assert [window.tokens for window in found] == [case.in_5h, case.in_7d]
    assert found[0].cost_usd is None


async def test_every_minute_is_counted_once(lab: Lab) -> None:
    source = lab.source('case="steady"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    true = 10 * (81 + (when(reading) - lab.history.end) // 15)
    assert [abs(window.tokens - true) <= 10 for window in windows(reading)] == [True, True]
    assert reading.rate_tokens == 40


@pytest.mark.parametrize("second", [0, 1, 30, 58, 59])
@pytest.mark.parametrize("seconds", [1, 17, 60, 300])
async def test_one_look_at_a_series_tells_what_two_tell_at_each_second_of_the_minute(
    lab: Lab, second: int, seconds: int
) -> None:
    """A subquery steps by the clock."""
    facts, series = Facts(PromApi(Server(url=lab.server.url))), promql.Series(TOKENS, 'way="pushed"')
    now, before = promql.shown(series), promql.shown(series, seconds)
    two = [
        ("grown", f"sum(({now} - {before} >= 0) or ({now} + 0 and {now} < {before}))"),
        ("new", f"count by (session_id) (({now} unless {before}) or ({before} unless {now}))"),
    ]
    moved = 0.0
    for turn in lab.history.truth.turns[:: len(lab.history.truth.turns) // 12]:
        at = int(turn.at) // 60 * 60 + 60 + second
        one = [
            ("grown", f"sum({promql.grown_upto(series, seconds, at)})"),
            ("new", promql.new_or_gone(series, seconds, at)),
        ]
        there, here = [await facts.ask(promql.united(parts), at) for parts in (two, one)]
        moved += total(there, "grown")
        assert total(here, "grown") == pytest.approx(total(there, "grown"))
        assert {session(row) for row in here.get("new", [])} == {session(row) for row in there.get("new", [])}
    assert moved or seconds < 300
    await facts.api.close()


def test_who_came_up_or_fell_is_told_by_a_quarter_of_the_series() -> None:
    tokens = promql.Series(TOKENS)
    everything, at = f"{TOKENS}{{}}", 1_800_000_000
    for question in (promql.new_or_gone(tokens, 60, at), promql.fell_lately(tokens), recorded.came_up("", 600)):
        assert everything not in question
        assert 'type="output"' in question
    assert promql.tach(tokens, (), at).count(everything) == 1
    assert promql.tail(tokens, None, at - 120, at, tokens).count(everything) == 1


def test_which_targets_there_are_is_not_asked_of_the_series() -> None:
    asked = acquaintance.acquaintance(promql.Series(TOKENS), ["collector:8889"])
    assert asked.count(TOKENS) == asked.count(f'{TOKENS}{{instance=""}}') == 1
    assert 'up{instance=~"collector:8889"}' in asked


async def test_every_increment_is_counted_once(lab: Lab) -> None:
    source = source_on(lab.server.url, 'case="on the minute"', temporality="delta")
    await source.load()
    assert [window.tokens for window in windows(source.read(datetime.now(UTC)))] == [6000, 6000]


async def test_two_metrics_of_the_same_tokens_are_counted_once_and_it_says_so(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    reading = await lab.look('way="twice"')
    at = when(reading)
    assert off(windows(reading)[1].tokens, lab.small.truth.tokens(at - WEEK, at)) < 0.05
    assert f"not counting {NAMES['builtin'][0]}: {TOKENS} comes in too" in caplog.text


async def test_of_two_metrics_the_one_in_use_is_taken(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever went from a collector to the built-in exporter has both names for as long as Prometheus keeps them."""
    assert windows(await lab.look('case="moved"'))[0].tokens == 7
    assert "not counting" not in caplog.text


async def test_the_last_model_is_the_one_that_spoke_last_in_a_main_turn(lab: Lab) -> None:
    reading, last = await lab.look('way="pushed"'), lab.history.truth.last_main(lab.history.end)
    assert reading.model == last.model
    assert reading.model_at
    assert abs(reading.model_at.timestamp() - last.at) < 90
    assert (await lab.look('case="two models"')).model == SONNET
    assert (await lab.look('case="nothing for a week"')).model is None


async def test_the_busy_minute_is_that_of_the_history(lab: Lab) -> None:
    reading, by_minute = await lab.look('way="scraped"'), dict[int, int]()
    for turn in lab.small.truth.turns:
        if turn.at > when(reading) - WEEK:
            by_minute[int(turn.at // 60)] = by_minute.get(int(turn.at // 60), 0) + turn.tokens
    true = sorted(by_minute.values())[int(len(by_minute) * 0.95)]
    assert off(reading.busy_minute_tokens, true) < 0.2, "a percentile: an export puts tokens into the next minute"
    assert reading.thinking is None


async def test_no_such_metric_is_unknown_and_never_zero(lab: Lab) -> None:
    source = lab.source('way="none"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert "no token counter of Claude Code with way=" in (reading.failure or "")
    assert (reading.rate_tokens, reading.window_5h, reading.window_7d) == (None, None, None)
    assert reading.failing_since


async def test_a_refresh_is_one_request(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first look has the week to read, in slices; after it one question each, one more if a session has just come up.
    The tach asks the time before, as what it asks depends on it.
    """
    source = lab.source('case="one-shot"')
    await source.load()
    first = source.facts.requests
    assert first < 80
    for kind, asked in (("tach", {2}), ("fuels", {1}), ("names", {10, 11, 12})):
        before = source.facts.requests
        monkeypatch.setitem(source._due, kind, 0.0)  # noqa: SLF001
        await source.load()
        assert source.facts.requests - before in asked, "names that the last hour has not are looked for again"
    assert prometheus.PERIODS["fuels"] == 30
    assert logging.getLogger("httpx").level == logging.WARNING
