"""More sessions than are looked at for copies, on the newest Prometheus: it warns of a limit that we set ourselves."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.prometheus.copies import SERIES_MAX
from tests.support.engine_lab import PlainPrometheus
from tests.support.prom_history import NAMES, OPUS, write
from tests.support.prom_lab import make_blocks, source_on

SESSIONS = SERIES_MAX + 200
pytestmark = [pytest.mark.engines, pytest.mark.anyio]


async def test_more_sessions_than_we_look_at_for_copies_are_counted(tmp_path: Path) -> None:
    now, server, text = time.time(), PlainPrometheus(tmp_path), tmp_path / "text"
    text.mkdir()
    labels = f'model="{OPUS}",query_source="main",type="output"'
    points = [(now - 3600, 7.0), (now - 3540, 10.0)]
    sessions = {(NAMES["collector"][0], f'session_id="{n:08x}-4000-8000",{labels}'): points for n in range(SESSIONS)}
    make_blocks(write(sessions, text), tmp_path / "tsdb")
    with server:
        source = source_on(server.url)
        await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert (source.failure, window and window.tokens) == (None, 10 * SESSIONS)
