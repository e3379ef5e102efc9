"""The engines are what they say they are, and the stack runs the same releases."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.engine_lab import VictoriaMetrics, built, query
from tests.support.engines import COLLECTOR, PROMETHEUS, THANOS, VICTORIAMETRICS

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("collector", COLLECTOR),
        ("prometheus", PROMETHEUS),
        ("victoria-metrics", VICTORIAMETRICS),
        ("vmalert", VICTORIAMETRICS),
        ("thanos", THANOS),
    ],
)
def test_an_engine_says_the_release_that_was_built(name: str, version: str) -> None:
    done = subprocess.run([built(name), "--version"], capture_output=True, text=True, check=False, timeout=30)
    assert re.search(rf"(?<![\d.]){re.escape(version)}(?![\d.])", done.stdout + done.stderr)


def test_victoriametrics_gives_back_what_it_was_loaded_with(tmp_path: Path) -> None:
    with VictoriaMetrics(tmp_path / "victoria") as server:
        at = float(round(time.time() - 3600))
        server.load({("claude_code_token_usage_tokens_total", 'session_id="a",type="output"'): [(at, 7.0)]})
        (row,) = query(server.url, "claude_code_token_usage_tokens_total", time=f"{at}")
        assert (row["metric"]["session_id"], row["value"][1]) == ("a", "7")
