"""The same on a real VictoriaMetrics, which keeps Claude Code's own names and hides the newest 30 s if it is let."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from gauge_mqtt.sources.prometheus.api import PromApi, Server
from tests.support.engine_lab import VictoriaMetrics
from tests.support.prom_history import NAMES, OPUS, History, Samples, pushed
from tests.support.prom_lab import source_on

pytestmark = pytest.mark.anyio
HOUR = 3600.0
DOTTED = {name: name.replace("_", ".") for name in ("session_id", "host_name", "terminal_type", "user_id")}
METRICS = dict(zip(NAMES["plain"], ("claude_code.token.usage", "claude_code.cost.usage"), strict=True))


def dotted(samples: Samples) -> Samples:
    """As VictoriaMetrics stores what comes by OTLP, unless told otherwise."""
    found = Samples()
    for (name, labels), points in samples.items():
        for plain, own in DOTTED.items():
            labels = labels.replace(f"{plain}=", f"{own}=")  # noqa: PLW2901
        found[METRICS.get(name, name), labels] = points
    return found


def namespaced(samples: Samples) -> Samples:
    """Of a collector with `namespace: team`."""
    return {(f"team_{name}", f'way="namespace",{labels}'): points for (name, labels), points in samples.items()}


@dataclass(frozen=True)
class Lab:
    server: VictoriaMetrics
    history: History


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    history = History(21, time.time(), sessions=4)
    two = f'model="{OPUS}",query_source="main",session.id="two",type="output",way="two",job="claude-code"'
    now = time.time()
    alternating = [(now - 7200 + 15 * n, 40_000.0 + n if n % 2 else 900.0 + n) for n in range(400)]
    samples = {
        (name, f'way="otlp",{labels}'): points for (name, labels), points in dotted(pushed(history, "plain")).items()
    }
    of_yesterday = two.replace("two", "yesterday")
    samples[METRICS[NAMES["plain"][0]], of_yesterday] = [(now - 108_000 + 60 * n, 1000.0 * n) for n in range(61)]
    samples |= namespaced(pushed(history)) | {(METRICS[NAMES["plain"][0]], two): alternating}
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria-metrics")) as server:
        server.load(samples)
        yield Lab(server, history)


@pytest.mark.parametrize(
    ("way", "name"), [("otlp", "claude_code.token.usage"), ("namespace", "team_claude_code_token")]
)
async def test_windows_costs_and_model(lab: Lab, way: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    source = source_on(lab.server.url, f'way="{way}"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert source.failure is None
    assert f"counting {name}" in caplog.text
    assert reading.observed_at
    at, truth = reading.observed_at.timestamp(), lab.history.truth
    for window, hours in ((reading.window_5h, 5), (reading.window_7d, 168)):
        assert window
        after = at - hours * HOUR
        assert window.tokens == pytest.approx(truth.tokens(after, at), rel=0.02, abs=150_000)
        assert window.cost_usd == pytest.approx(truth.usd(after, at), rel=0.02, abs=0.2)
    assert reading.model in {None, truth.last_main(at).model}
    assert [fault.about for fault in await source.usual_faults()] == []


async def test_names_are_looked_for_before_midnight(lab: Lab) -> None:
    """By itself it answers for the present day only: each night a fleet at rest would have been unknown."""
    source = source_on(lab.server.url, 'way="yesterday"')
    await source.load()
    reading = source.read(datetime.now(UTC))
    assert source.failure is None
    assert reading.window_5h
    assert reading.window_7d
    assert (reading.window_5h.tokens, reading.window_7d.tokens) == (0, 60_000)


async def test_a_session_in_two_terminals(lab: Lab) -> None:
    source = source_on(lab.server.url, 'way="two"')
    await source.load()
    window = source.read(datetime.now(UTC)).window_5h
    assert source.failure is None
    assert window
    assert window.tokens == pytest.approx(40_399 + 1298, rel=0.01)


async def test_what_came_just_now_is_seen(lab: Lab) -> None:
    """VictoriaMetrics would hide it for 30 s."""
    labels = f'model="{OPUS}",query_source="main",session.id="fresh",type="output",way="fresh"'
    lab.server.load({("claude_code.token.usage", labels): [(time.time() - 3, 500.0)]})
    question = 'last_over_time({"claude_code.token.usage",way="fresh"}[1m])'
    async with httpx.AsyncClient() as client:
        hidden = (await client.post(f"{lab.server.url}/api/v1/query", data={"query": question})).json()
    api = PromApi(Server(url=lab.server.url))
    assert [row.value for row in await api.query(question)] == [500]
    await api.close()
    source = source_on(lab.server.url, 'way="fresh"')
    await source.load()
    assert source.read(datetime.now(UTC)).rate_tokens == 500
    assert hidden["data"]["result"] == []
