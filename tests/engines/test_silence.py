"""A session is silent for so long that the collector forgets it, then goes on: nothing is counted twice, nothing lost.

The collector's hour is 20 s here. Prometheus is told of an hour but a minute, as long ago as it takes anything.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engines.test_pipeline import ANSWERS, OPUS, telemetry
from tests.support.claude_code import print_mode, skip_without_claude_code
from tests.support.engine_lab import Collector, StackPrometheus, built, export, query
from tests.support.messages_api import MessagesApi
from tests.support.prom_lab import counted
from tests.support.waiting import until

TOKENS = "claude_code_token_usage_tokens_total"
FORGETS = {"metric_expiration: 1h": "metric_expiration: 20s"}
FORGETS_SUMS = FORGETS | {"max_stale: 24h": "max_stale: 20s"}
SILENT_S, PATIENT_S = 3540, 90.0
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


@pytest.fixture
def collector(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Collector]:
    with Collector(tmp_path / "collector", getattr(request, "param", FORGETS)) as collector:
        yield collector


@pytest.fixture
def server(tmp_path: Path, collector: Collector) -> Iterator[StackPrometheus]:
    with StackPrometheus(tmp_path / "prometheus", collector.exporter, built("prometheus")) as server:
        yield server


@pytest.mark.parametrize(
    ("collector", "second", "delta"),
    [(FORGETS, 140, False), (FORGETS, 40, False), (FORGETS, 40, True), (FORGETS_SUMS, 40, True)],
    ids=["lid", "resumed", "delta", "delta, forgotten"],
    indirect=["collector"],
)
async def test_an_hour(collector: Collector, server: StackPrometheus, second: int, *, delta: bool) -> None:
    now = time.time()
    export(collector, "desk", "one", 100, at=now - SILENT_S, delta=delta)
    until(lambda: query(server.url, f"last_over_time({TOKENS}[2h])"))
    until(lambda: TOKENS not in collector.page, PATIENT_S)
    export(collector, "desk", "one", second, at=time.time(), delta=delta)
    until(lambda: query(server.url, f"{TOKENS} and timestamp({TOKENS}) > {now}"))
    assert await counted(server.url) == 140


@pytest.mark.parametrize("temporality", [None, "cumulative"], ids=["delta", "cumulative"])
async def test_claude_code_itself(collector: Collector, server: StackPrometheus, temporality: str | None) -> None:
    """Silent until the collector has forgotten it, then resumed in another minute."""
    skip_without_claude_code()
    with ExitStack() as parts:
        api = parts.enter_context(MessagesApi(0.1, 0.1))
        environ = telemetry(collector, temporality)

        def ask(what: str, resume: str | None = None) -> str:
            api.usage = usage(ANSWERS[what])
            return str(print_mode(api.url, what, environ, model=OPUS, resume=resume)["session_id"])

        session = ask("first")
        until(lambda: query(server.url, TOKENS), PATIENT_S)
        until(lambda: TOKENS not in collector.page, PATIENT_S)
        minute = time.time() // 60
        until(lambda: time.time() // 60 > minute, PATIENT_S)
        began = time.time()
        ask("resumed", session)
        until(lambda: query(server.url, f"{TOKENS} and timestamp({TOKENS}) > {began}"), PATIENT_S)
        truth = sum(tokens for _, tokens in api.served)
    assert await counted(server.url) == truth


def usage(answer: Mapping[str, int]) -> dict[str, int]:
    return {
        "input_tokens": answer["input_tokens"],
        "output_tokens": answer["output_tokens"],
        "cache_read_input_tokens": answer["cache_read"],
        "cache_creation_input_tokens": answer["cache_creation"],
    }
