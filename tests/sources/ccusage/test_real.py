"""The source with the real ccusage 20 against what that prints by itself, and against the truth."""

import json
import os
import shutil
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history import generate
from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.source import CcusageSource
from gauge_mqtt.sources.logs.source import JsonlSource
from tests.support.ccusage import ccusage_binary
from tests.support.ccusage_fake import FULL, log_usage, now, running, tokens
from tests.support.lines import answer, lines
from tests.support.waiting import eventually

HISTORY = Path(__file__).parents[2] / "fixtures" / "ccusage_history" / "history"
PRICED = "claude-sonnet-4-5-20250929"
pytestmark = pytest.mark.anyio


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A Claude directory."""
    path = tmp_path / "claude"
    (path / "projects" / "p").mkdir(parents=True)
    return path


def source_and_tail(home: Path, ttl_s: float = 60) -> tuple[CcusageSource, JsonlSource]:
    tail = JsonlSource([home / "projects"], None, windows=False)
    return CcusageSource(Program(ccusage_binary(), [home / "projects"], 60), tail, ttl_s), tail


async def loaded(home: Path) -> CcusageSource:
    source, tail = source_and_tail(home)
    await tail.load()
    await source.load()
    assert source.failure is None
    return source


def printed(home: Path) -> list[dict[str, Any]]:
    """The blocks that ccusage prints without us."""
    environ = {"CLAUDE_CONFIG_DIR": str(home), "HOME": str(home.parent), "PATH": os.environ["PATH"]}
    command = [ccusage_binary(), "claude", "blocks", "--json", "--offline"]
    done = subprocess.run(command, env=environ, cwd="/", capture_output=True, check=True, timeout=60)
    return [block for block in json.loads(done.stdout)["blocks"] if not block["isGap"]]


async def test_the_documented_history_gives_what_ccusage_prints(tmp_path: Path) -> None:
    home = shutil.copytree(HISTORY, tmp_path / "claude")
    at = datetime.fromisoformat(json.loads((HISTORY / "expected.json").read_text())["now"])
    source = await loaded(home)
    *_, before, last = printed(home)
    end = datetime.fromisoformat(last["endTime"])
    reading = source.read(at)
    assert reading.window_5h == Window(tokens=438849, ends_at=end, cost_usd=pytest.approx(last["costUSD"], abs=1e-6))
    assert reading.window_7d == Window(
        tokens=before["totalTokens"] + 438849, cost_usd=pytest.approx(before["costUSD"] + last["costUSD"], abs=1e-6)
    )
    assert last["totalTokens"] == 438849
    assert source.read(end).window_5h == Window(tokens=0, cost_usd=0)
    assert source.read(end + timedelta(days=7)).window_7d == Window(tokens=0, cost_usd=0)


@pytest.mark.parametrize(("seed", "pauses"), [(1, True), (2, False), (3, False)])
async def test_a_generated_history_gives_what_ccusage_prints_and_the_truth(
    seed: int,
    pauses: bool,  # noqa: FBT001
    home: Path,
) -> None:
    """Without pauses the edge of the week cuts a block."""
    truth = generate(home, seed=seed, size_mb=4, shape="A", pauses=pauses, end=now())
    source = await loaded(home)
    reading = source.read(truth.end)
    assert reading.window_5h == Window(tokens=truth.window_5h_tokens, ends_at=truth.block_end)
    assert reading.window_7d == Window(tokens=truth.window_7d_tokens)
    active = [(b["totalTokens"], datetime.fromisoformat(b["endTime"])) for b in printed(home) if b["isActive"]]
    if now() < truth.block_end:  # it may end while the test runs
        assert active == [(truth.window_5h_tokens, truth.block_end)]
    starts = [datetime.fromisoformat(b["startTime"]) for b in printed(home)]
    edge = truth.end - timedelta(days=7)
    assert pauses or any(start < edge < start + timedelta(hours=5) for start in starts)


async def test_the_cost_is_what_ccusage_prints_and_none_with_a_model_it_cannot_price(home: Path) -> None:
    log, at = home / "projects" / "p" / "s.jsonl", time.time()
    known = [answer(at - hours * 3600, message__model=PRICED) for hours in (100, 50, 0.01)]
    log.write_bytes(lines(*known))
    reading = (await loaded(home)).read(now())
    costs = [block["costUSD"] for block in printed(home)]
    assert reading.window_5h is not None
    assert reading.window_7d is not None
    assert reading.window_5h.cost_usd == pytest.approx(costs[-1], abs=1e-6)
    assert reading.window_7d.cost_usd == pytest.approx(sum(costs), abs=1e-6)
    assert min(costs) > 0
    log.write_bytes(lines(*known, answer(at - 30 * 3600, message__model="claude-of-tomorrow")))
    reading = (await loaded(home)).read(now())
    assert reading.window_5h is not None
    assert reading.window_5h.cost_usd == pytest.approx(costs[-1], abs=1e-6)
    assert reading.window_7d == Window(tokens=4 * FULL)
    log.write_bytes(lines(answer(at - 1, message__model=...)))
    reading = (await loaded(home)).read(now())
    assert reading.window_7d == Window(tokens=FULL)


async def test_a_line_that_is_appended_is_in_the_next_report(home: Path) -> None:
    log = home / "projects" / "p" / "s.jsonl"
    log.write_bytes(lines(answer(time.time() - 60)))
    source, tail = source_and_tail(home, ttl_s=0.1)
    async with running(source, tail):
        for number in (2, 3, 4):
            log_usage(log)
            await eventually(lambda expected=number: tokens(source) == expected * FULL)  # type: ignore[misc]


async def test_what_the_owner_has_set_for_ccusage_does_not_change_the_windows(home: Path) -> None:
    """`ccusage.json` beside the logs: with it the report has one block, of three hours."""
    at = time.time()
    (home / "projects" / "p" / "s.jsonl").write_bytes(lines(answer(at - 50 * 3600), answer(at)))
    (home / "ccusage.json").write_text('{"commands": {"blocks": {"active": true, "sessionLength": 3}}}')
    assert len(printed(home)) == 1
    reading = (await loaded(home)).read(now())
    assert reading.window_7d == Window(tokens=2 * FULL)
    assert reading.window_5h is not None
    assert reading.window_5h.tokens == FULL
    assert (reading.window_5h.ends_at or now()).timestamp() == at // 3600 * 3600 + 5 * 3600


@pytest.mark.parametrize(
    "timestamp",
    ["9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z"],
)
async def test_one_line_at_the_edge_of_the_calendar_blinds_nobody(home: Path, timestamp: str) -> None:
    lined = lines(answer(time.time()), answer(time.time(), timestamp=timestamp))
    (home / "projects" / "p" / "s.jsonl").write_bytes(lined)
    assert len(printed(home)) == 2
    reading = (await loaded(home)).read(now())
    assert reading.window_7d == Window(tokens=FULL)
