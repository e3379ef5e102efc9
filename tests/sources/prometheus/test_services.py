"""Other programs under Claude Code's names, on a real Prometheus."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.prom_history import NAMES, OPUS, Samples
from tests.support.prom_lab import Prometheus, prometheus_server, source_on

pytestmark = pytest.mark.anyio
TOKENS = NAMES["collector"][0]
WAYS = {
    "pushed": ('job="claude-code"', 'job="claude-code-desktop"', 'job="opencode"'),
    "scraped": (
        'job="otel",instance="c:8889",exported_job="claude-code"',
        'job="otel",instance="c:8889",exported_job="claude-code"',
        'job="otel",instance="c:8889",exported_job="opencode"',
    ),
    "honoured": (
        'job="claude-code",instance="c:8889"',
        'job="claude-code",instance="d:8889"',
        'job="some-tool",instance="c:8889"',
    ),
    "named": ('job="x",service_name="claude-code"', 'service_name="claude-code"', 'job="x",service_name="some-tool"'),
}
"""How a service's name arrives: Claude Code's 100 and 20 tokens, another program's 3,000."""
KEPT = {
    "two collectors": ('job="otel",instance="c:8889"', 'job="otel-b",instance="d:8889"'),
    "mixed": ('job="claude-code"', 'job="otel",instance="c:8889",exported_job="claude-code"'),
    "renamed": ('job="our-claude"', 'job="our-claude",instance=""'),
}
"""Where nobody says that a job is another program."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    now, samples = time.time(), Samples()
    for case, ways in (WAYS | KEPT).items():
        for number, (way, tokens) in enumerate(zip(ways, (100, 20, 3000), strict=False)):
            labels = f'case="{case}",{way},model="{OPUS}",query_source="main",session_id="{number}",type="output"'
            samples[TOKENS, labels] = [(now - 3600, tokens), (now - 3000, tokens)]
    only = f'case="only",job="opencode",model="{OPUS}",query_source="main",session_id="o",type="output"'
    samples[TOKENS, only] = [(now - 3600, 5)]
    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as server:
        server.backfill(samples)
        yield server.start()


async def tokens(source: PrometheusSource) -> int | None:
    await source.load()
    window = source.read(datetime.now(UTC)).window_5h
    return window.tokens if window else None


@pytest.mark.parametrize("case", WAYS)
async def test_only_claude_code_counts_and_doctor_names_the_others(server: Prometheus, case: str) -> None:
    source = source_on(server.url, f'case="{case}"')
    assert await tokens(source) == 120
    (fault,) = [fault for fault in source.known_faults if fault.about == "services"]
    other = "opencode" if case in {"pushed", "scraped"} else "some-tool"
    assert fault.fact.startswith(f"{other} exports under Claude Code's names")
    assert fault.fix.startswith(f"export CLAUDE_GAUGE_PROM_SERVICES='claude-code*,{other}'")
    both = source_on(server.url, f'case="{case}"', services=["claude-code*", other])
    assert await tokens(both) == 3120
    assert both.known_faults == []


@pytest.mark.parametrize("case", KEPT)
async def test_what_may_be_claude_code_counts(server: Prometheus, case: str) -> None:
    source = source_on(server.url, f'case="{case}"')
    assert await tokens(source) == 120
    assert source.known_faults == []


async def test_another_program_alone_is_not_claude_code(server: Prometheus) -> None:
    source = source_on(server.url, 'case="only"')
    assert await tokens(source) is None
    assert "has no token counter of Claude Code, only of opencode" in (source.failure or "")
