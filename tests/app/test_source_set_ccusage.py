"""Which sources are put together: `auto` takes ccusage where a good one is installed."""

import re
import time
from pathlib import Path

import pytest

from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import SourceSet, make_sources
from gauge_mqtt.sources.ccusage import program as ccusage_program
from tests.support.ccusage import VERSION, ccusage_binary
from tests.support.ccusage_fake import FULL, now, script, session

EMPTY = """echo '{"blocks": [], "daily": []}'"""
pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _a_machine_without_ccusage_and_with_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccusage_program, "LIBRARIES", ())
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    session(tmp_path)


def names(source_set: SourceSet) -> list[str]:
    return [source.name for source in source_set.sources]


async def test_auto_without_ccusage_is_the_tail_alone() -> None:
    source_set = await make_sources(Settings())
    assert names(source_set) == ["jsonl"]
    assert source_set.why.startswith("auto: the session logs alone, since ccusage is not installed: npm install")
    await source_set.load()
    reading, _ = source_set.read(now())
    assert reading.window_7d is not None
    assert reading.window_7d.tokens == FULL


async def test_auto_with_ccusage_has_its_windows_and_the_rest_from_the_tail() -> None:
    source_set = await make_sources(Settings(ccusage=ccusage_binary()))
    assert names(source_set) == ["ccusage", "jsonl"]
    assert source_set.why == f"auto: ccusage {VERSION} ({ccusage_binary()}) is installed"
    await source_set.load()
    windows, rest, _ = source_set.read(now())
    assert windows.window_7d is not None
    assert (windows.window_7d.tokens, windows.rate_tokens, windows.model) == (FULL, None, None)
    assert (rest.window_5h, rest.window_7d, rest.rate_tokens, rest.model) == (None, None, 0, "claude-opus-5-5")


async def test_auto_finds_the_one_on_path(tmp_path: Path) -> None:
    script(tmp_path / "bin" / "ccusage", EMPTY)
    assert names(await make_sources(Settings())) == ["ccusage", "jsonl"]
    assert names(await make_sources(Settings(source="jsonl"))) == ["jsonl"]


@pytest.mark.parametrize(
    ("says", "why"),
    [("ccusage 18.0.11", "ccusage 18.0.11 .* counts less exactly"), ("ccusage 0.4.4", "is another program, or older")],
)
async def test_auto_takes_no_ccusage_that_counts_otherwise(tmp_path: Path, says: str, why: str) -> None:
    script(tmp_path / "bin" / "ccusage", EMPTY, says)
    source_set = await make_sources(Settings())
    assert names(source_set) == ["jsonl"]
    assert source_set.why.startswith("auto: the session logs alone, since ")
    assert re.search(why, source_set.why)


async def test_an_older_ccusage_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    script(tmp_path / "bin" / "ccusage", EMPTY, "18.0.11")
    source_set = await make_sources(Settings(source="ccusage"))
    await source_set.load()
    assert (names(source_set), source_set.read(now())[0].failure) == (["ccusage", "jsonl"], None)


async def test_a_single_look_begins_with_the_tail_which_the_windows_build_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source_set, looked = await make_sources(Settings(source="ccusage", ccusage=ccusage_binary())), []
    for source in source_set.sources:

        async def load(name: str = source.name) -> None:
            looked.append(name)

        monkeypatch.setattr(source, "load", load)
    await source_set.load()
    assert looked == ["jsonl", "ccusage"]


async def test_a_ccusage_that_is_asked_for_and_missing_fails_and_the_tail_does_not(tmp_path: Path) -> None:
    before = time.time()
    source_set = await make_sources(Settings(source="ccusage", ccusage=tmp_path / "gone"))
    assert (names(source_set), source_set.why) == (["ccusage", "jsonl"], "as set")
    await source_set.load()
    failing, rest, _ = source_set.read(now())
    assert failing.failure == f"there is no program {tmp_path}/gone: {ccusage_program.HOW_TO}"
    assert failing.failing_since is not None
    assert failing.failing_since.timestamp() >= before
    assert (failing.window_5h, failing.window_7d) == (None, None)
    assert (rest.failure, rest.rate_tokens) == (None, 0)


async def test_a_linked_projects_directory_is_read_by_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session(tmp_path / "disk")
    (tmp_path / "disk" / "projects").rename(tmp_path / "sessions")
    config = tmp_path / "claude"
    config.mkdir()
    (config / "projects").symlink_to(tmp_path / "sessions")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(config))
    source_set = await make_sources(Settings(source="ccusage", ccusage=ccusage_binary()))
    await source_set.load()
    reading, tail, _ = source_set.read(now())
    assert reading.failure is None
    assert reading.window_7d is not None
    assert reading.window_7d.tokens == FULL
    assert tail.activity_at is not None
