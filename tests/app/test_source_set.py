"""Which sources `auto` and `hybrid` come to, and that either may die without the other."""

from pathlib import Path

import pytest

from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import make_sources
from tests.support import brokers
from tests.support.ccusage_fake import now, session

pytestmark = pytest.mark.anyio
NOBODY = f"http://127.0.0.1:{brokers.free_port()}"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    return session(tmp_path / "claude")


async def names(settings: Settings) -> tuple[list[str], str]:
    source_set = await make_sources(settings)
    return [source.name for source in source_set.sources], source_set.why


async def test_auto_with_an_address_is_prometheus_and_with_logs_a_hybrid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    found = await names(Settings(prom_url=NOBODY))
    assert found == (["prometheus"], "auto: prom_url is set, and there are no logs here")
    session(tmp_path / "claude")
    found = await names(Settings(prom_url=NOBODY))
    assert found == (["jsonl", "prometheus"], "auto: prom_url is set, and there are logs here")


@pytest.mark.usefixtures("logs")
async def test_a_dead_prometheus_does_not_stop_the_tail_of_a_hybrid() -> None:
    source_set = await make_sources(Settings(source="hybrid", prom_url=NOBODY))
    await source_set.load()
    tail, prometheus, _ = source_set.read(now())
    assert tail.failure is None
    assert tail.activity_at is not None
    assert tail.window_7d is None, "the windows are left to Prometheus, which sees every machine"
    assert "connection refused" in (prometheus.failure or "")
    assert prometheus.window_7d is None, "unknown, not 0"


@pytest.mark.parametrize("source", ["prometheus", "hybrid"])
def test_prometheus_needs_an_address(source: str) -> None:
    with pytest.raises(ValueError, match="needs prom_url"):
        Settings.model_validate({"source": source})
