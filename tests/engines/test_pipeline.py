"""The real Claude Code exports to the real collector, a real Prometheus scrapes that, and the needle shows the number.

All run as the stack's files and `gauge-mqtt telemetry-env` say; only the Messages API, that knows the truth, is a mock.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from gauge_mqtt.app.telemetry_env import variables
from tests.support.brokers import HOST, Mosquitto, RecordingClient
from tests.support.claude_code import print_mode, skip_without_claude_code
from tests.support.engine_lab import Collector, StackPrometheus
from tests.support.messages_api import MessagesApi
from tests.support.program import Daemon, url
from tests.support.waiting import until

HOST_NAME = "desk"
CEILING = 200_000
PATIENT_S = 90.0
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
ANSWERS = {
    "first": {"input_tokens": 41, "output_tokens": 977, "cache_read": 52_003, "cache_creation": 9_001},
    "resumed": {"input_tokens": 17, "output_tokens": 313, "cache_read": 21_007, "cache_creation": 511},
    "other": {"input_tokens": 5, "output_tokens": 701, "cache_read": 12_011, "cache_creation": 2_003},
}
pytestmark = pytest.mark.engines
TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"


@pytest.fixture(scope="module", autouse=True)
def _claude_code() -> None:
    skip_without_claude_code()


@pytest.fixture
def prometheus(tmp_path: Path, collector: Collector) -> Iterator[StackPrometheus]:
    with StackPrometheus(tmp_path / "prometheus", collector.exporter) as server:
        yield server


def telemetry(collector: Collector, temporality: str | None) -> Mapping[str, str]:
    """What `telemetry-env` prints; without a temporality the CLI has its own default, delta."""
    told = {
        one.name: one.value for one in variables("collector", HOST_NAME, f"http://{HOST}:{collector.http}/v1/metrics")
    }
    del told[TEMPORALITY]
    return told | ({TEMPORALITY: temporality} if temporality else {})


@pytest.mark.parametrize("temporality", [None, "cumulative"], ids=["delta", "cumulative"])
def test_what_the_api_served_is_what_the_needle_shows(
    mosquitto: Mosquitto, collector: Collector, prometheus: StackPrometheus, temporality: str | None
) -> None:
    mosquitto.start()
    environ = telemetry(collector, temporality)
    with ExitStack() as parts:
        api = parts.enter_context(MessagesApi(0.1, 0.1))
        client = parts.enter_context(RecordingClient(mosquitto.port))
        cost: dict[str, float] = {}  # of each session, the resumed one's first run included

        def value(key: str) -> str:
            return client.latest.get(f"claude_gauge/lab/{key}", b"").decode()

        def ask(what: str, model: str, resume: str | None = None) -> str:
            answer = ANSWERS[what]
            api.usage = {
                "input_tokens": answer["input_tokens"],
                "output_tokens": answer["output_tokens"],
                "cache_read_input_tokens": answer["cache_read"],
                "cache_creation_input_tokens": answer["cache_creation"],
            }
            said = print_mode(api.url, what, environ, model=model, resume=resume)
            cost[said["session_id"]] = said["total_cost_usd"]
            return str(said["session_id"])

        session = ask("first", OPUS)
        given = ("--source", "prometheus", "--prom-url", prometheus.url, "--5h-ceiling", str(CEILING))
        parts.enter_context(Daemon("--mqtt-url", url(mosquitto), *given))
        until(lambda: value("window_5h_tokens") == str(sum(tokens for _, tokens in api.served)), PATIENT_S)
        until(lambda: value("last_model_id") == OPUS, PATIENT_S)

        if temporality == "cumulative":  # of two runs of one session in one minute the counters show the second alone
            minute = time.time() // 60
            until(lambda: time.time() // 60 > minute, PATIENT_S)
        ask("resumed", OPUS, resume=session)
        ask("other", SONNET)
        truth = sum(tokens for _, tokens in api.served)
        assert len(api.served) == len(ANSWERS)
        until(lambda: value("window_5h_tokens") == str(truth), PATIENT_S)
        until(lambda: value("window_7d_tokens") == str(truth))
        until(lambda: float(value("cost_5h_usd")) == pytest.approx(sum(cost.values()), abs=1e-6))
        until(lambda: value("needle_5h") == str(round(1000 * truth / CEILING)))
        until(lambda: value("last_model_id") == SONNET, PATIENT_S)
