"""The account of the recording rules is the account of the counters, minute for minute, on a real Prometheus."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.account import whole
from gauge_mqtt.sources.prometheus.facts import NOISE
from gauge_mqtt.sources.prometheus.queries import Series
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.prom_history import DAY, History, Samples, pushed
from tests.support.prom_lab import RULES, Prometheus, prometheus_server, record, source_on
from tests.support.stack import read_yaml

HOUR = 3600.0
COUNTERS = 'user_id=~".*"'
"""A label that the rules do not keep: who asks by it is answered from the counters."""
pytestmark = pytest.mark.anyio


def series(session: str, points: list[tuple[float, float]], host: str = "lid") -> Samples:
    labels = f'host_name="{host}",team="web",model="claude-opus-5-5",query_source="main",session_id="{session}"'
    return {(recorded.COUNTED, f'{labels},type="output"'): points}


def lids(now: float) -> Samples:
    """A lid that was closed for three hours, and a session that was resumed after as long: 5,010 and 5,300 tokens."""
    return series("lid", [(now - 10 * HOUR, 5000.0), (now - 7 * HOUR, 5000.0), (now - 7 * HOUR + 15, 5010.0)]) | series(
        "resumed", [(now - 10 * HOUR, 5000.0), (now - 7 * HOUR, 100.0), (now - 7 * HOUR + 15, 300.0)]
    )


def beside(now: float) -> Samples:
    """A session that exports each minute, and a question beside it, of 100 tokens, that stands at the end of one."""
    began = (now - 9 * HOUR) // 60 * 60 + 20
    points = [(began + 60 * n, 5000.0 + n) for n in range(120)]
    return series("beside", sorted([*points, (began + 60 * 30 + 30, 100.0)]), "beside")


@dataclass
class Lab:
    server: Prometheus
    history: History
    gap: tuple[float, float]

    async def look(self, selector: str = "") -> PrometheusSource:
        source = source_on(self.server.url, selector)
        await source.load()
        assert source.failure is None
        return source


def without(failed: str | None, rules: Path) -> Path:
    """The rules but for those with `failed` in their names: as if these took too long. When a group is evaluated hangs
    on the name of its file, so that it has to be the same one each time.
    """
    page = read_yaml(RULES)
    for group in page["groups"]:
        group["rules"] = [rule for rule in group["rules"] if failed is None or failed not in rule["record"]]
    rules.write_text(json.dumps(page))
    return rules


def long_pauses(history: History) -> int:
    """How many series were away for more than an hour."""
    series = pushed(history).values()
    return sum(any(b - a > HOUR - 60 for (a, _), (b, _) in pairwise(points)) for points in series)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A day of three machines, recorded but for two of its hours, and but for its last minutes. In three more hours a
    rule failed, each time another one.
    """
    now = time.time()
    history = History(7, now - 600, days=1, interval=15)
    gap = (now - 16 * HOUR, now - 14 * HOUR)
    rules = tmp_path_factory.mktemp("rules") / "rules.yml"
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(pushed(history) | lids(now) | beside(now))
        server.start()
        record(server, now - DAY - HOUR, gap[0], without(None, rules))
        for number, failed in enumerate(("tokens:increase1m", "cost_usd:increase1m", "tokens:returned30m")):
            at = gap[1] + 3 * HOUR * number
            record(server, at, at + 1.5 * HOUR, without(failed, rules))
            record(server, at + 1.5 * HOUR, at + 3 * HOUR, without(None, rules))
        record(server, gap[1] + 9 * HOUR, now - 300, rules)
        yield Lab(server, history, gap)


async def test_each_recorded_minute_is_the_minute_of_the_counters(lab: Lab) -> None:
    others = 'host_name!~"lid|beside"'
    by_rules, by_counters = await lab.look(others), await lab.look(f"{others},{COUNTERS}")
    assert by_rules.minutes.tokens
    told, counted = (Counter(dict(source.minutes.tokens)) for source in (by_rules, by_counters))
    apart = [end for end in told.keys() | counted.keys() if abs(told[end] - counted[end]) > NOISE]
    # A pause of more than an hour is counted anew, and taken off at the end of its half an hour.
    assert len(apart) <= 2 * long_pauses(lab.history)
    assert sum(told.values()) == pytest.approx(sum(counted.values()))
    assert sum(told.values()) == pytest.approx(lab.history.truth.tokens(0, lab.history.end), rel=0.002)
    assert sum(by_rules.minutes.usd.values()) == pytest.approx(sum(by_counters.minutes.usd.values()))
    seen = [source.read(datetime.now(UTC)) for source in (by_rules, by_counters)]
    assert seen[0].model == seen[1].model


async def test_a_lid_costs_nothing_and_a_resumed_session_what_it_used(lab: Lab) -> None:
    by_rules = await lab.look('host_name="lid"')
    window = by_rules.read(datetime.now(UTC)).window_7d
    assert window is not None
    assert window.tokens == 5010 + 5300


async def test_a_question_beside_a_session_does_not_count_that_twice(lab: Lab) -> None:
    by_rules = await lab.look('host_name="beside"')
    window = by_rules.read(datetime.now(UTC)).window_7d
    assert window is not None
    assert window.tokens == 5119 + 100


async def test_lids_that_were_opened_in_this_half_an_hour_cost_nothing_either(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """One every two minutes; the rules take them off at the end of the half hour. One begins anew, one is new."""
    now = time.time()
    samples = Samples()
    for number in range(3, 16):
        at = now - 120 * number
        samples |= series(f"lid-{number}", [(now - 10 * HOUR, 5000.0), (at, 5000.0), (at + 15, 5001.0)])
    samples |= series("anew", [(now - 10 * HOUR, 5000.0), (now - 600, 100.0), (now - 585, 300.0)])
    samples |= series("new", [(now - 600, 7.0), (now - 585, 9.0)])
    samples |= series("bridged", [(now - 4000, 5000.0), (now - 600, 5000.0), (now - 585, 5001.0)])
    truth = 13 * 5001 + 5300 + 9 + 5001
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(samples)
        server.start()
        record(server, now - DAY, now - 120)
        source = source_on(server.url)
        await source.load()
        window = source.read(datetime.now(UTC)).window_7d
        assert window is not None
        assert window.tokens == truth


async def test_the_rules_are_asked_and_say_so(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        source = await lab.look()
    assert "minutes are read as recording rules count them (team:claude_code_tokens:increase1m)" in caplog.text
    assert source.health.detail.endswith(", by the minutes of its recording rules")
    by_counters = await lab.look(COUNTERS)
    assert by_counters.health.detail == lab.server.url


@pytest.mark.parametrize(
    ("selector", "level"),
    [
        ("", "team"),
        ('team="web"', "team"),
        ('team=~"a,b|c=\\"d\\"", model!="x"', "team"),
        ('host_name="desk"', "host"),
        ('team="web",host_name=~"desk|lap"', "host"),
        ('user_email="me@example.org"', None),
        ('host_name="desk",session_id="a"', None),
        ('host_name=~"(', None),
    ],
)
def test_an_account_answers_what_it_has_the_labels_for(selector: str, level: str | None) -> None:
    found = recorded.level_for(Series(recorded.COUNTED, selector))
    assert (found and found.name) == level


def test_no_account_is_taken_for_other_counters_or_other_copies() -> None:
    assert recorded.level_for(Series("claude_code_token_usage_total")) is None
    assert recorded.level_for(Series(recorded.COUNTED, delta=True)) is None
    assert recorded.level_for(Series(recorded.COUNTED, copies=("instance",))) is None
    assert recorded.level_for(Series(recorded.COUNTED, copies=("replica",))) is not None


def test_half_an_hour_is_whole_or_not_unless_it_goes_on_still() -> None:
    first, second, third = (set(range(begin + 60, begin + 1860, 60)) for begin in (0, 1800, 3600))
    every, now = first | second | third, 100_000
    assert whole(every, {1800, 3600, 5400}, now) == every
    assert whole(every - {2400}, {1800, 3600, 5400}, now) == first | third
    assert whole(every, {1800, 5400}, now) == first | third
    assert whole(every, {1800, 3600}, now) == first | second
    assert whole(every - {4800}, {1800, 3600}, 5100) == first | second | set(range(3660, 4800, 60))
    assert whole(every, set(), 5100) == set()


def test_promtool_takes_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert "SUCCESS: 6 rules found" in done.stdout, done.stdout + done.stderr
    assert Path(RULES).read_text().count("record:") == 6
