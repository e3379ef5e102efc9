"""Whatever a server answers, each fact of it: nothing ends the source, and nothing impossible is shown."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.reading import Limits
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.sources.prometheus.api import VALUE_MAX, PromApi, PromError, Server
from gauge_mqtt.sources.prometheus.faults import seconds
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.prom_history import NAMES

pytestmark = pytest.mark.anyio
FACT = re.compile(r'"fact", "(\w+)"')
KINDS = ("input", "cacheRead", "cacheCreation")
WILD = ["-5", "1e300", "-1e300", "1e16", "9" * 400, "NaN", "-Inf", "-1e12", "253402300800", "many", "0", "12"]
INSTANTS = [0.0, -1e12, 1e300, 253402300800.0, -0.5]


class Wild(PromApi):
    """The server of a test: `answer(fact)` is a value as text, `at(asked)` the instant it is given for."""

    def __init__(self, answer: Any, at: Any = lambda asked: asked) -> None:
        super().__init__(Server(url="http://nowhere.invalid"))
        self.answer, self.at = answer, at

    async def _exchange(self, method: str, path: str, form: dict[str, str]) -> tuple[int, bytes]:  # noqa: ARG002
        if path.endswith("/values"):
            return 200, json.dumps({"status": "success", "data": list(NAMES["collector"])}).encode()
        if "query" not in form:
            return 404, b""
        facts = dict.fromkeys(FACT.findall(form["query"]))
        result = []
        for fact in facts:
            labels = {"fact": fact, "model": "claude-opus-5-5", "session_id": "a", "instance": "x"}
            for kind in KINDS if fact == "cache" else ("output",):
                metric = labels | {"type": kind}
                value = f"{time.time():.3f}" if fact == "now" and self.answer("now") is None else self.answer(fact)
                if "start" in form:
                    points = [[self.at(float(form["end"])), value]]
                    result.append({"metric": metric, "values": points})
                else:
                    result.append({"metric": metric, "value": [self.at(float(form.get("time", time.time()))), value]})
        return 200, json.dumps({"status": "success", "data": {"resultType": "x", "result": result}}).encode()


def tame(fact: str) -> str | None:
    """What an honest server says."""
    return {"now": None, "newest": f"{time.time():.3f}", "model": f"{time.time():.3f}", "down": "0"}.get(fact, "3")


async def looked(api: PromApi) -> PrometheusSource:
    """One look; whatever stands then fits the contract, now and in an hour."""
    source = PrometheusSource(api)
    await source.load()
    for later in (0, 3600):
        now = datetime.now(UTC) + timedelta(seconds=later)
        usage = snapshot([source.read(now)], Limits(ceiling_5h=10, ceiling_7d=10), "lab", now)
        for number in (usage.rate_1m, usage.window_5h_tokens, usage.window_7d_tokens, usage.cost_5h_usd):
            assert number is None or 0 <= number <= 1e4 * VALUE_MAX
        usage.to_json()
    return source


@pytest.mark.parametrize("value", WILD)
@pytest.mark.parametrize(
    "fact",
    ["rate", "model", "newest", "new", "tokens", "cost", "cost_back", "cache", "now", "lively", "falling", "fallen"],
)
async def test_one_wild_fact_ends_nothing(fact: str, value: str) -> None:
    source = await looked(Wild(lambda name: value if name == fact else tame(name)))
    if value in {"NaN", "-Inf", "many", "1e300", "9" * 400}:
        assert source.failure, "what cannot be is said"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.dictionaries(st.sampled_from(["rate", "model", "newest", "new", "tokens", "cost", "cache", "now"]),
                               st.one_of(st.sampled_from(WILD), st.floats().map(repr))))  # fmt: skip
async def test_any_wild_facts_end_nothing(answers: dict[str, str]) -> None:
    await looked(Wild(lambda fact: answers.get(fact, tame(fact))))


@pytest.mark.parametrize("at", INSTANTS)
async def test_an_answer_for_an_instant_that_is_none_is_refused(at: float) -> None:
    source = await looked(Wild(tame, lambda _asked: at))
    if at:
        assert "that cannot be" in (source.failure or "")


async def test_an_answer_for_times_that_were_not_asked_for_is_refused() -> None:
    api = Wild(tame, lambda asked: asked + 86_400)
    with pytest.raises(PromError, match="times that were not asked for"):
        await api.query_range('label_replace(x, "fact", "tokens", "", "")', 1_800_000_000, 1_800_003_600, 60)


def test_a_duration_without_end_is_none() -> None:
    assert seconds("9" * 5000 + "d") is None
    assert seconds("15d") == 15 * 86_400
