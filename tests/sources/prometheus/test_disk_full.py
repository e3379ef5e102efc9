"""A Prometheus whose disk is full answers, and stores nothing: what it does not know any more is null, and said."""

import contextlib
import random
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.prometheus import queries as prom_queries
from gauge_mqtt.sources.prometheus import targets
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.engine_lab import query
from tests.support.prom_history import NAMES, OPUS
from tests.support.prom_lab import Exporter, prometheus_server, running, short_periods, source_on
from tests.support.waiting import eventually, until

__all__ = ["short_periods"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_periods")]
NAME = NAMES["collector"][0]
LABELS = f'model="{OPUS}",query_source="main",session_id="a",type="output"'
DISK_MB = 32


class Busy(Exporter):
    """With so much else in each scrape that what was begun of the disk, some 64 kB, is full at once."""

    def page(self) -> bytes:
        others = "".join(f'other{{number="{number}"}} {random.random()}\n' for number in range(2000))
        return super().page() + others.encode()


@pytest.fixture(autouse=True)
def _can_mount() -> None:
    """In a name space of its own; some containers forbid even that."""
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if not shutil.which("unshare") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here, not even in a name space of its own")


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(ballast).free == 0
    return ballast


async def test_a_full_disk_is_said_once_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(prom_queries, "RATE_S", 6)
    monkeypatch.setattr(targets, "SCRAPED_S", 14.0)
    with Busy() as exporter, prometheus_server(tmp_path / "prometheus") as server:
        exporter.values[NAME, LABELS] = 1000
        server.start(scrapes=[exporter.port], disk_mb=DISK_MB)
        until(lambda: query(server.url, NAME))
        async with running(source := source_on(server.url)):
            await eventually(lambda: tokens(source) == 1000 and read(source).rate_tokens is not None)
            filled = time.monotonic()  # it is full at some time while this is at work
            ballast = fill(server.disk)
            exporter.values[NAME, LABELS] = 5000
            await eventually(lambda: read(source).rate_tokens is None)
            assert time.monotonic() - filled > prom_queries.RATE_S
            await eventually(lambda: "stores nothing more of 127.0.0.1" in (read(source).failure or ""))
            assert read(source).failing_since
            assert tokens(source) in {1000, 5000}  # what was begun of the disk may have had room for a scrape
            ballast.unlink()
            await eventually(lambda: source.failure is None and read(source).rate_tokens is not None)
            await eventually(lambda: tokens(source) == 5000)
        assert caplog.text.count("stores nothing more") == 1


def read(source: PrometheusSource) -> Reading:
    return source.read(datetime.now(UTC))


def tokens(source: PrometheusSource) -> int | None:
    window = read(source).window_5h
    return window.tokens if window else None
