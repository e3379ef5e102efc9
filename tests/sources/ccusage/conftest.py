"""A session log and a ccusage whose answers a test writes."""

from pathlib import Path

import pytest

from tests.support.ccusage_fake import FakeCcusage, session


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return session(tmp_path)


@pytest.fixture
def fake(tmp_path: Path) -> FakeCcusage:
    return FakeCcusage(tmp_path / "bin")
