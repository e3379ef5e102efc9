"""A long history is read by a process of its own: the same counts, the progress told, and nothing left of it."""

import asyncio
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.logs.insights import feed as feed_module
from gauge_mqtt.sources.logs.insights import history
from gauge_mqtt.sources.logs.insights.feed import Feed
from gauge_mqtt.sources.logs.place import INSIGHTS
from tests.support.insight_diary import Diary
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Diary(tmp_path, 5).live([NOON - 40_000 * n for n in range(6)]).write()
    return tmp_path / "projects"


def feed_of(root: Path, state: Path) -> Feed:
    return Feed([root], state, ["Dude, chill"], clock=lambda: NOON)


def week(feed: Feed) -> dict[str, object]:
    values = dict(feed.insights("week", datetime.fromtimestamp(NOON, UTC)).values)
    return values | {"projects": sorted(values["projects"].values())}  # type: ignore[union-attr]


def read_at_once(root: Path, state: Path) -> dict[str, object]:
    feed = feed_of(root, state)
    feed.catch_up()
    feed.close()
    return week(feed)


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_it_counts_as_this_one_does_and_tells_how_far_it_is(root: Path, tmp_path: Path) -> None:
    told = list[tuple[int, int]]()
    assert await history.read([root], tmp_path / "apart", ["Dude, chill"], lambda *at: told.append(at))
    size = sum(path.stat().st_size for path in root.rglob("*.jsonl"))
    assert told[-1] == (size, size)
    assert len(told) > len([*root.rglob("*.jsonl")])
    feed = feed_of(root, tmp_path / "apart")
    feed.catch_up(lambda *at: told.append(at))
    feed.close()
    assert told[-1] == (0, 0)
    assert week(feed) == read_at_once(root, tmp_path / "here")
    assert week(feed)["phrase_hits"]


async def test_one_that_follows_lets_it_read_what_is_long(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "APART_BYTES", 1)
    size, told, said = sum(path.stat().st_size for path in root.rglob("*.jsonl")), list[int](), list[object]()
    feed, before = feed_of(root, tmp_path / "state"), children()
    running = asyncio.create_task(
        feed.run(lambda: True, lambda found: said.append(found["week"].values["tokens"]), lambda _, n: told.append(n))
    )
    await eventually(lambda: said, tasks=(running,))
    running.cancel()
    await asyncio.wait({running})
    assert {size, 0} <= {*told}  # first the other one, and then there is nothing more
    assert said == [read_at_once(root, tmp_path / "here")["tokens"]]
    assert children() == before


async def test_cancelled_it_ends_and_the_rest_is_read_later(root: Path, tmp_path: Path) -> None:
    before = children()
    reading = asyncio.create_task(history.read([root], tmp_path / "state", ["Dude, chill"]))
    await eventually(lambda: children() - before)
    await eventually(lambda: INSIGHTS.path_in(tmp_path / "state").exists())
    reading.cancel()
    await asyncio.wait({reading})
    assert children() == before
    assert read_at_once(root, tmp_path / "state") == read_at_once(root, tmp_path / "here")


async def test_one_that_fails_says_so_and_nothing_else(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with sqlite3.connect(INSIGHTS.path_in(state)) as db:
        db.execute("PRAGMA user_version = 99")
    assert not await history.read([root], state, [])


async def test_where_no_process_starts_nothing_is_lost(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    assert not await history.read([root], tmp_path / "state", [])
