"""The dashboard, asked of a real Prometheus: no query is empty, and what the panels say is what happened.

There is no Grafana to be had as a package, so nothing is drawn (`tests/support/grafana.py` asks as it does).
"""

import json
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
import pytest

from gauge_mqtt.app.publisher import _metrics
from gauge_mqtt.contract import insights
from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.sinks.http.metrics import exposition
from tests.support.grafana import BOARD, EVERYTHING, FILE, GROUPS, PANELS, ROWS, Page, Row, named, seconds
from tests.support.prom_history import DAY, NAMES, OPUS, History, Run, Samples, Series, Turn, pushed
from tests.support.prom_lab import RULES, Prometheus, prometheus_server, record
from tests.support.stack import prometheus3, read_yaml

TOKENS, COST = NAMES["collector"]
SESSIONS, ACTIVE = "claude_code_session_count_total", "claude_code_active_time_seconds_total"
LINES, DECISIONS = "claude_code_lines_of_code_count_total", "claude_code_code_edit_tool_decision_total"
COMMITS, PULLS = "claude_code_commit_count_total", "claude_code_pull_request_count_total"
DOCUMENTED = {TOKENS, COST, SESSIONS, ACTIVE, LINES, DECISIONS, COMMITS, PULLS}
"""https://code.claude.com/docs/en/monitoring-usage, as the collector and Prometheus' own receiver spell them."""
OURS = 'instance="publisher:8080",job="gauge-mqtt"'
ALL = {"host_name": ".*", "model": ".*", "step": "1m"}
ONE = {"host_name": "(desk|laptop)", "model": OPUS, "step": "5m"}
DOWN = range(60, 70)
"""Minutes before the end in which the source could not be read."""


def doings(turn: Turn, start: str) -> Iterator[tuple[Series, float]]:
    """What is counted beside tokens and cost: made up, so that every metric and label occurs."""
    of = f'host_name="{turn.machine}",job="claude-code",session_id="{turn.session}",terminal_type="tmux",user_id="u1"'
    if start:
        yield (SESSIONS, f'{of},start_type="{start}"'), 1
    yield (ACTIVE, f'{of},type="cli"'), 7.5
    yield (ACTIVE, f'{of},type="user"'), 2.5
    yield (LINES, f'{of},type="added",model="{turn.model}"'), 12
    yield (LINES, f'{of},type="removed",model="{turn.model}"'), 3
    lucky = turn.kinds[0]
    edit = ('"Edit",decision="accept",language="Python"', '"Write",decision="reject"')[lucky % 2]
    yield (DECISIONS, f'{of},source="user_temporary",tool_name={edit}'), 1
    if lucky % 5 == 0:
        yield (COMMITS, of), 1
    if lucky % 11 == 0:
        yield (PULLS, of), 1


class Truth(NamedTuple):
    """What was counted, when (unix seconds)."""

    history: History
    counted: dict[str, list[tuple[float, float]]]

    def of(self, metric: str, after: float, upto: float) -> float:
        sums = {TOKENS: self.history.truth.tokens, COST: self.history.truth.usd}
        if metric in sums:
            return sums[metric](after, upto)
        return sum(amount for at, amount in self.counted[metric] if after < at <= upto)


def done(history: History) -> tuple[Samples, Truth]:
    samples: Samples = defaultdict(list)
    truth, known = Truth(history, defaultdict(list)), set[str]()
    for run in history.runs:
        session = run.turns[0].session
        _count(run, "resume" if session in known else "fresh", samples, truth)
        known.add(session)
    return samples, truth


def _count(run: Run, start: str, samples: Samples, truth: Truth) -> None:
    values, turns = Counter[Series](), list(run.turns)
    for at in run.exports:
        while turns and turns[0].at <= at:
            turn = turns.pop(0)
            for series, amount in doings(turn, start):
                values[series] += amount  # type: ignore[assignment]
                truth.counted[series[0]].append((turn.at, amount))
            start = ""
        for series, value in values.items():
            samples[series].append((at, value))


def shut(history: History) -> None:
    """A lid that was closed for three hours and a half: 5,055,015 tokens before, 41,105 after."""
    turns = [
        Turn(history.end - ago, "desk", "lid", OPUS, "main", kinds)
        for ago, kinds in ((36_000, (15, 5000, 5_000_000, 50_000)), (23_000, (5, 100, 40_000, 1000)))
    ]
    exports = [history.end - ago for ago in (*range(35_990, 35_600, -15), *range(23_070, 22_000, -15))]
    history.runs.append(Run(turns, exports))
    history.truth.turns += turns


def told(minutes: int, end: float) -> Samples:
    """What our own `/metrics` said, minute by minute."""
    samples: Samples = defaultdict(list)
    for ago in range(minutes):
        at = end - 60 * ago
        for line in metrics(datetime.fromtimestamp(at, UTC), up=ago not in DOWN).splitlines():
            if found := re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line):
                name, labels, value = found.groups()
                samples[name, ",".join(filter(None, (OURS, labels)))].append((at, float(value)))
        samples["up", OURS].append((at, 1))
        samples["up", 'instance="otel-collector:8889",job="otel-collector"'].append((at, 1))
    return {series: sorted(points) for series, points in samples.items()}


def metrics(now: datetime, *, up: bool = True) -> str:
    """As `GET /metrics` gives it."""
    source: Any = SimpleNamespace(name="jsonl", health=Health(up, "", 2.5), metrics=list)
    mqtt: Any = SimpleNamespace(health=SimpleNamespace(ok=True), published=now.timestamp() // 10, refused=0)
    usage = Usage(
        rate_1m=4200, window_5h_tokens=41_000_000, window_7d_tokens=300_000_000, window_5h_pct=0.41, window_7d_pct=0.85,
        thinking_ratio=0.3, cache_hit_rate=0.93, last_model="opus", hot=False, warn=True, stall=False, idle=False,
        updated_at=now, instance="desk", source="jsonl", window_5h_source="official", window_7d_source="calibrated",
        window_5h_resets_at=now + timedelta(hours=2), window_7d_resets_at=now + timedelta(days=3),
        window_5h_asof=now - timedelta(minutes=3), window_7d_asof=now - timedelta(minutes=3), cost_5h_usd=12.5,
        cost_7d_usd=99, last_model_id=OPUS, needle_5h=410, needle_tach=336, needle_7d=850, warn_reasons=("fuel_7d",),
        stall_reason="none", redline=10_000, redline_source="history", model_week_pct=0.3, model_week_name="opus",
    )  # fmt: skip
    values: dict[str, Any] = {
        key: {"counts": {"Bash": 5}, "profile": (3,) * 24}.get(kind, 0.5) for key, (kind, _) in insights.KEYS.items()
    }
    today = insights.Insights(now.date(), now.date(), now, values)
    return exposition(usage, _metrics([source], mqtt), "1.0", today).decode()


class Grafana:
    """Asks what a panel asks, with a page that shows a day."""

    def __init__(self, client: httpx.Client, truth: Truth) -> None:
        self.truth, self.end, self.client = truth, truth.history.end, client
        self.found = Page(client, self.end).found()
        self.by_rules = self.found["account"] == "rules"
        self.told = self.end - 180 if self.by_rules else self.end
        """Up to when everything has been counted: rules are late."""

    def get(self, path: str, **form: Any) -> Any:
        return Page(self.client, self.end).get(path, **form)

    def rows(self, panel: Any, target: Any, variables: dict[str, str], at: float | None = None) -> list[Row]:
        return Page(self.client, at or self.end).rows(panel, target, variables | self.found)

    def value(self, title: str, at: float | None = None) -> float:
        """What a panel with one figure shows, or the sum of all it shows."""
        panel = named(title)
        return sum(sum(values) for _, values in self.rows(panel, panel["targets"][0], ALL, at))

    def empty(self, panels: Iterable[Any], variables: dict[str, str]) -> list[str]:
        """Those that find nothing; the zero that some say instead does not count."""
        bare = [
            (panel, {**t, "expr": t["expr"].replace(" or vector(0)", "")}) for panel in panels for t in panel["targets"]
        ]
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(lambda pair: self.rows(*pair, variables), bare)
        return [
            f"{panel['title']}: {target['legendFormat']}: {target['expr']}"
            for (panel, target), rows in zip(bare, answers, strict=True)
            if not rows
        ]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, Truth]]:
    """Eight days of everybody's samples, in the files of a Prometheus that does not run yet."""
    end = time.time() // 60 * 60
    history = History(3, end, sessions=10)
    shut(history)
    others, truth = done(history)
    samples = pushed(history) | others | told(120, end)
    effort = {name: 'effort="high",' if n % 3 else "" for n, name in enumerate(dict.fromkeys(samples))}
    spent = {(n, effort[n, labels] + labels if n == COST else labels): p for (n, labels), p in samples.items()}
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(spent)
        yield server, truth


@pytest.fixture(scope="module", params=["here", "the stack's 3", "with rules"])
def grafana(kept: tuple[Prometheus, Truth], request: pytest.FixtureRequest) -> Iterator[Grafana]:
    """Two majors, which differ in whether a range holds both of its ends; and one whose rules began a day ago."""
    server, truth = kept
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "the stack's 3":
            newer = prometheus3("prometheus") or pytest.skip("no Prometheus 3 here, nor to be had as Debian's package")
            patch.setenv("PATH", os.pathsep.join((str(Path(newer).parent), os.environ["PATH"])))
        server.start()
        try:
            if request.param == "with rules":
                record(server, truth.history.end - DAY - 3600, truth.history.end)
            with httpx.Client(base_url=f"{server.url}/api/v1/", timeout=30) as client:
                yield Grafana(client, truth)
        finally:
            server.stop()


@pytest.mark.parametrize("variables", [ALL, ONE], ids=["all", "one"])
def test_no_query_of_any_panel_is_empty(grafana: Grafana, variables: dict[str, str]) -> None:
    assert grafana.empty(PANELS, variables) == []


def test_a_query_with_a_word_that_nobody_says_is_found(grafana: Grafana) -> None:
    text = json.dumps(PANELS)
    for word, other in {"cacheRead": "cache_read", "_5h_asof_": "_5h_as_of_", "_pull_request_": "_pr_"}.items():
        text = text.replace(word, other)
    titles = [line.split(": ")[0] for line in grafana.empty(json.loads(text), ALL)]
    assert titles == [
        "Cache hit rate", "Commits and PRs", "Cache hit rate over time", "Commits and pull requests per hour",
        "Last heard", "Series in the last day",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "metric"),
    [("Tokens", TOKENS), ("Cost", COST), ("Sessions started", SESSIONS), ("Commits and PRs", COMMITS)],
)
def test_a_sum_is_the_truth(grafana: Grafana, title: str, metric: str) -> None:
    """Resumed and one-shot sessions, closed lids. What `increase()` makes of them is not."""
    true = grafana.truth.of(metric, grafana.told - DAY, grafana.told)
    assert grafana.value(title, grafana.told) == pytest.approx(true, rel=0.005)
    (row,) = grafana.get("query", query=f"sum(increase({metric}[1d]))", time=grafana.told)["result"]
    assert float(row["value"][1]) < 0.97 * true


def test_the_bars_are_the_sum(grafana: Grafana) -> None:
    hour = grafana.end // 3600 * 3600
    hours = grafana.value("Cost per hour by model")
    assert hours == pytest.approx(grafana.truth.of(COST, hour - DAY - 3600, hour), rel=0.02)
    today = grafana.end // DAY * DAY
    days = grafana.value("Cost per day by model")
    assert days == pytest.approx(grafana.truth.of(COST, today - 7 * DAY, grafana.end), rel=0.02)


def test_the_tokens_per_minute_are_a_rate(grafana: Grafana) -> None:
    end = grafana.end // 300 * 300
    true = grafana.truth.of(TOKENS, end - DAY - 300, end)
    panel = named("Tokens per minute by type")
    values = [value for _, values in grafana.rows(panel, panel["targets"][0], ALL) for value in values]
    assert 5 * sum(values) == pytest.approx(true, rel=0.02)
    assert min(values) >= 0


def test_rules_are_asked_where_they_told_of_all_that_is_shown(grafana: Grafana, request: pytest.FixtureRequest) -> None:
    recorded = "with rules" in request.node.name
    assert grafana.found == {"account": "rules" if recorded else ".*", "account_7d": ".*"}
    seen = [Page(grafana.client, grafana.end, shown).found()["account"] for shown in (900, 7 * 86_400)]
    assert seen == ["rules" if recorded else ".*", ".*"]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_lid_that_was_opened_about_the_begin_of_the_range_adds_nothing(grafana: Grafana, minutes: int) -> None:
    """`minutes` after the page's first: the rules count the session anew, and take that off half an hour later."""
    at = grafana.end - 23_000 + DAY - 60 * minutes
    least, most = (grafana.truth.of(TOKENS, at - DAY, upto) for upto in (grafana.told, grafana.end))
    assert 0.995 * least <= grafana.value("Tokens", at) <= 1.005 * most


def test_the_meter_is_broken_when_a_part_is_or_nobody_speaks(grafana: Grafana) -> None:
    ages = {"now": 0, "source down": 60 * DOWN[3], "before it was there": 86_400}
    assert [grafana.value("The meter", grafana.end - age) for age in ages.values()] == [1, 0, 0]


def test_the_variables_have_values(grafana: Grafana) -> None:
    found = {}
    for variable in BOARD["templating"]["list"]:
        if variable["name"] in grafana.found:
            assert (variable["multi"], variable["includeAll"], variable["type"]) == (False, False, "query")
        elif variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
            found[variable["name"]] = grafana.get(f"label/{label}/values", **{"match[]": metric})
            assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".*")
        elif variable["type"] == "datasource":
            assert (variable["name"], variable["query"]) == ("datasource", "prometheus")
    assert BOARD["templating"]["list"][0]["name"] == "datasource", "the others are asked of it"
    assert set(found) == {"host_name", "model"}
    assert all(len(values) == 3 for values in found.values())


def test_an_alert_can_be_drawn(grafana: Grafana) -> None:
    for note in BOARD["annotations"]["list"]:
        grafana.get("query", query=note["expr"], time=grafana.end)


def test_only_what_is_documented_is_asked_for_and_nothing_documented_is_left_out() -> None:
    ours = {line.split("{")[0].split()[0] for line in metrics(datetime.now(UTC)).splitlines() if line[0] != "#"}
    asked = {
        n for p in PANELS for t in p["targets"] for n in re.findall(r"\b(?:(?:\w+:)?claude_[\w:]+|up\b)", t["expr"])
    }
    recorded = {rule["record"] for group in read_yaml(RULES)["groups"] for rule in group["rules"]}
    assert asked - ours - {"up"} - recorded == DOCUMENTED
    increments = [t["expr"] for p in PANELS for t in p["targets"] if "claude_code" in t["expr"]]
    assert [expr for expr in increments if re.search(r"\b(increase|i?rate|i?delta)\(", expr)] == []


def test_each_panel_can_be_read() -> None:
    for panel in PANELS:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert all(t["datasource"] == panel["datasource"] for t in panel["targets"])
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]
        assert all(target["instant"] != target["range"] for target in panel["targets"])
    titles = [panel["title"] for panel in EVERYTHING]
    assert all(titles)
    assert len(titles) == len(set(titles)) == len({panel["id"] for panel in EVERYTHING})
    text = next(panel["options"]["content"] for panel in EVERYTHING if panel["type"] == "text")
    assert all(number in text for number in ("25255", "24993", "25052"))


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_no_panel_lies_upon_another(number: int) -> None:
    cells = Counter(
        (x, y)
        for place in (panel["gridPos"] for panel in GROUPS[number])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    assert max(cells.values()) == 1
    assert max(x for x, _ in cells) == 23


def test_rows_that_are_seldom_needed_are_closed_and_ask_nothing() -> None:
    assert [row["title"] for row in ROWS if row["collapsed"]] == [
        "Sessions, users and effort, one by one",
        "Meter health",
        "About",
    ]
    assert [row["title"] for row in ROWS][:2] == ["Plan and tach", "Plan windows and quota"]
    assert all(bool(row["panels"]) == row["collapsed"] for row in ROWS)


UNIT_OF = {
    "tokens": r"_tokens(?!_stops)|rate_1m|redline",
    "USD": r"(?i)_usd|_cost_",
    "share": r"_pct_ratio|hit_rate|_ratio|_index|_share",
    "time": r"_timestamp_seconds|active_time|_age_seconds|_minutes|_days",
}
"""What the name of a metric says of its unit; else it is a count."""


def unit_of(expression: str) -> str:
    """Of the first metric in it; the others narrow it down, or divide it. What is compared, or counted, has none."""
    if re.search(r"[<>=] bool|^count\(", expression):
        return "count"
    if "timestamp(" in expression:
        return "time"
    names = re.findall(r"\bclaude_\w+|\bup\b", expression)
    return next((unit for unit, name in UNIT_OF.items() if re.search(name, names[0])), "count")


def test_no_panel_mixes_units() -> None:
    for panel in PANELS:
        assert len({unit_of(target["expr"]) for target in panel["targets"]}) == 1, panel["title"]
        changed = [one for o in panel["fieldConfig"]["overrides"] for one in o["properties"] if one["id"] == "unit"]
        assert changed == [], panel["title"]


def test_the_page_is_the_last_day_and_a_bar_holds_whole_steps() -> None:
    assert (BOARD["uid"], BOARD["refresh"], BOARD["time"]) == ("claude-gauge", "5m", {"from": "now-24h", "to": "now"})
    (step,) = (v for v in BOARD["templating"]["list"] if v["name"] == "step")
    longest = max(seconds(word) for word in step["query"].split(","))
    summed = [p for p in PANELS if any("$__interval:$step" in t["expr"] for t in p["targets"])]
    assert len(summed) > 5
    assert all(seconds(panel["interval"]) % longest == 0 for panel in summed)


def test_the_file_is_written_as_it_would_be_again() -> None:
    assert FILE.read_text() == json.dumps(BOARD, indent=2, ensure_ascii=False) + "\n"
