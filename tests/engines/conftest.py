"""The collector of the stack, as a process of a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine_lab import Collector


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    with Collector(tmp_path / "collector") as collector:
        yield collector
