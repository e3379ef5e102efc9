"""Our reading of generated histories against their known truth and against the real ccusage 20."""

import json
import os
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil, inf
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history import generate
from benchmarks.truth import Truth, family
from gauge_mqtt.core import windows
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.models import family as our_family
from gauge_mqtt.sources.logs.listing import walk
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.logbook import Logbook
from gauge_mqtt.sources.logs.tail import Tail
from tests.support.ccusage import ccusage_binary

pytestmark = pytest.mark.anyio
SMALL = [(seed, 8.0, shape, pauses) for seed in (1, 2, 3) for shape in ("A", "B") for pauses in (True, False)]
LARGE = [(11, 110.0, "A", True)]


@pytest.fixture(
    scope="module",
    params=SMALL + LARGE,
    ids=lambda p: f"seed {p[0]}, {p[1]:g} MB, shape {p[2]}, {'nights' if p[3] else 'no pause'}",
)
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    seed, size, shape, pauses = request.param
    root = tmp_path_factory.mktemp("history")
    return root, generate(root, seed=seed, size_mb=size, shape=shape, pauses=pauses, end=datetime.now(UTC))


def whole(root: Path) -> Ledger:
    """Every record of every file, whatever its age."""
    tail = Tail(Ledger())
    for found in walk([bytes(root / "projects")]).files:
        file = LogFile(found.path, found.device, found.inode)
        while tail.advance(file, turns=False):
            pass
        tail.finish(file, turns=False)
    return tail.ledger


def ccusage(root: Path, report: str, neutral: Path) -> dict[str, Any]:
    environ = {"CLAUDE_CONFIG_DIR": str(root), "TZ": "UTC", "HOME": str(neutral), "PATH": os.environ["PATH"]}
    command = [ccusage_binary(), "claude", report, "--json", "--offline"]
    done = subprocess.run(command, env=environ, cwd=neutral, capture_output=True, check=True, timeout=120)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_whole_history_equals_the_truth_and_ccusage_daily(history: tuple[Path, Truth], tmp_path: Path) -> None:
    root, truth = history
    ledger = whole(root)
    entries = [entry for _, entry in ledger]
    assert {
        "input": sum(e.input for e in entries),
        "output": sum(e.output for e in entries),
        "thinking": sum(max(e.thinking, 0) for e in entries),
        "cacheRead": sum(e.cache_read for e in entries),
        "cacheCreation": sum(e.cache_creation for e in entries),
    } == {key: value for key, value in truth.total.items() if key != "responses"}
    days: Counter[str] = Counter()
    for entry in entries:
        days[datetime.fromtimestamp(entry.at, UTC).date().isoformat()] += entry.tokens
    days = +days
    assert dict(days) == truth.days
    rows = ccusage(root, "daily", tmp_path)["daily"]
    assert {row["date"]: row["totalTokens"] for row in rows if row["totalTokens"]} == dict(days)


async def test_windows_equal_the_truth_and_ccusage_blocks(history: tuple[Path, Truth], tmp_path: Path) -> None:
    root, truth = history
    book = Logbook([root / "projects"])
    await book.catch_up(lambda: None)
    reading = windows.read(book.ledger, truth.end, "jsonl")
    assert reading.window_7d is not None
    assert reading.window_7d.tokens == truth.window_7d_tokens
    assert reading.window_5h is not None
    assert (reading.window_5h.tokens, reading.window_5h.ends_at) == (truth.window_5h_tokens, truth.block_end)
    assert reading.rate_tokens == truth.last_minute_tokens
    recent = truth.last_5m
    assert reading.cache is not None
    assert reading.cache.part == recent["cacheRead"]
    assert reading.cache.whole == recent["cacheRead"] + recent["input"] + recent["cacheCreation"]
    assert reading.model == truth.last_model
    assert our_family(reading.model) == family(truth.last_model) == truth.last_family
    active = sorted(tokens for tokens in truth.minutes.values() if tokens)
    assert windows.busy_minute(book.ledger, truth.end) == active[ceil(len(active) * 0.95) - 1]
    blocks = [block for block in ccusage(root, "blocks", tmp_path)["blocks"] if block["isActive"]]
    now = datetime.now(UTC)
    if now < truth.block_end:  # a block may end while the test runs
        assert [(block["totalTokens"], datetime.fromisoformat(block["endTime"])) for block in blocks] == [
            (truth.window_5h_tokens, truth.block_end)
        ]


async def test_restart_from_the_index_gives_the_same(history: tuple[Path, Truth], tmp_path: Path) -> None:
    root, truth = history
    for restored in (False, True):
        book = Logbook([root / "projects"], tmp_path)
        assert book.restore() is restored
        await book.catch_up(lambda: None)
        reading = windows.read(book.ledger, truth.end, "jsonl")
        assert reading.window_7d is not None
        assert reading.window_5h is not None
        assert (reading.window_5h.tokens, reading.window_7d.tokens) == (truth.window_5h_tokens, truth.window_7d_tokens)
        book.save()


def test_documented_sample_gives_its_documented_totals() -> None:
    """The numbers worked out by hand in `fixtures/ccusage_history/history/expected.json`."""
    folder = Path(__file__).parents[2] / "fixtures" / "ccusage_history" / "history"
    expected = json.loads((folder / "expected.json").read_text())
    now = datetime.fromisoformat(expected["now"])
    ledger = whole(folder)
    ledger.complete_since = -inf
    reading = windows.read(ledger, now, "jsonl")
    assert sum(entry.tokens for _, entry in ledger) == expected["all_total"]
    assert reading.window_7d is not None
    assert reading.window_7d.tokens == expected["rolling_168h"]
    assert reading.window_5h is not None
    assert reading.window_5h.tokens == expected["active_block_total"]
    block = ledger.latest_block(now.timestamp())
    assert block is not None
    in_it = [entry for _, entry in ledger if entry.at >= block.first]
    assert len(in_it) == expected["active_block_entries"]
    assert sum(e.input + e.output for e in in_it) == expected["active_block_input_plus_output"]
    assert windows.read(ledger, now + timedelta(hours=5), "jsonl").window_5h == windows.Window(tokens=0)
