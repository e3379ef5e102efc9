"""Five releases of ccusage on one history: where all agree with our own account, and where they disagree by rule."""

import time
from datetime import datetime
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.source import CcusageSource
from gauge_mqtt.sources.logs.source import JsonlSource
from tests.support.ccusage import IN_JAVASCRIPT, VERSION, ccusage_binary, ccusage_command
from tests.support.ccusage_fake import FULL, now
from tests.support.lines import answer, lines

HOUR, WEEK = 3600.0, 168 * 3600.0
ALL = pytest.mark.parametrize("version", [*IN_JAVASCRIPT, VERSION])
pytestmark = pytest.mark.anyio


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "projects" / "p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    return path


async def both(version: str, log: Path, at: datetime) -> tuple[Reading, Reading]:
    """The readings of source=jsonl and of source=ccusage."""
    root = log.parents[1]
    command = ccusage_binary() if version == VERSION else ccusage_command(version)
    tail = JsonlSource([root], None)
    source = CcusageSource(Program(command, [root], 60), tail, 60)
    await tail.load()
    await source.load()
    assert source.failure is None
    assert f"ccusage {version} (" in source.health.detail
    return tail.read(at), source.read(at)


def counted(reading: Reading) -> tuple[int, int]:
    assert reading.window_5h is not None
    assert reading.window_7d is not None
    return reading.window_5h.tokens, reading.window_7d.tokens


@ALL
async def test_all_releases_and_our_own_account_agree(version: str, log: Path) -> None:
    """Without streamed duplicates and replays. The edge of the week cuts a block; the last record is a copy."""
    at = now()
    ago = [300 * HOUR, WEEK + HOUR, WEEK + 1, WEEK - 1, WEEK - HOUR, 100 * HOUR, 99.5 * HOUR, 7 * HOUR, 2 * HOUR, HOUR]
    records = [answer(at.timestamp() - gone, 1000 + 2**number) for number, gone in enumerate([*ago, 10.0])]
    (log.parent / "t.jsonl").write_bytes(lines(*records[-3:]))
    log.write_bytes(lines(*records))
    ours, theirs = await both(version, log, at)
    assert counted(ours) == counted(theirs) == (3000 + 256 + 512 + 1024, 8000 + 2**11 - 2**3)
    assert ours.window_5h is not None
    assert theirs.window_5h is not None
    assert theirs.window_5h.ends_at == ours.window_5h.ends_at


@ALL
async def test_where_they_disagree_each_source_shows_its_own_rule(version: str, log: Path) -> None:
    """source=jsonl has our rule: a response is one message id, by its largest line, whoever repeats it.

    source=ccusage has what that release prints, because its owner compares the dial with it. Before 20 a streamed
    response counts by its first line, a placeholder. A side chain that repeats a response under another request id at
    another instant counts once more, in the `blocks` of all of them (20.0.20 left it out).
    """
    at = time.time()
    streamed = answer(at - 50, FULL, message__usage__output_tokens=1)
    final = streamed | {
        "message": streamed["message"] | {"usage": streamed["message"]["usage"] | {"output_tokens": 20}}
    }
    said = answer(at - 40)
    replay = answer(at - 30, 50_000, isSidechain=True, message__id=said["message"]["id"])
    log.write_bytes(lines(streamed, final, said, replay))
    ours, theirs = await both(version, log, now())
    assert counted(ours) == (2 * FULL, 2 * FULL)
    streamed_as = FULL if version == VERSION else FULL - 19
    assert counted(theirs) == (streamed_as + FULL + 50_000,) * 2
