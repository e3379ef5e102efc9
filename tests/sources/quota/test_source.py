"""The source of the official percentages: real files, real inotify."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.core.quota import Sample
from gauge_mqtt.core.reading import Quota
from gauge_mqtt.sources.quota import source as quota_source
from gauge_mqtt.sources.quota.cache import SIZE_MAX, state_file
from gauge_mqtt.sources.quota.command import UsageCommand
from gauge_mqtt.sources.quota.source import QuotaSource
from tests.support.ccusage_fake import script
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
HOUR = 3600.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def dropped(
    state: Path,
    percent: float = 23.5,
    *,
    session: str = "a",
    config: str = "/home/user/.claude",
    ago: float = 0,
    **told: Any,
) -> Path:
    """A file as `gauge-mqtt-statusline` leaves it."""
    now, folder = time.time(), state / "quota"
    folder.mkdir(parents=True, exist_ok=True)
    windows = {"five_hour": {"used_percentage": percent, "resets_at": int(now + 2 * HOUR)}}
    drop = {
        "version": 1,
        "session_id": session,
        "config_dir": config,
        "seen_at": now - ago,
        "called_at": now,
        "rate_limits": windows,
    }
    temporary = folder / f".{session}.1"
    temporary.write_text(json.dumps(drop | told))
    return temporary.replace(folder / f"{session}.json")


def shown(source: QuotaSource) -> float | None:
    quota = source.read(datetime.now(UTC)).quota_5h
    return quota and quota.used_percent


@contextlib.asynccontextmanager
async def running(source: QuotaSource) -> AsyncIterator[list[float | None]]:
    """The source at work; what it showed at each of its announcements."""
    seen: list[float | None] = []
    task = asyncio.create_task(source.run(lambda: seen.append(shown(source))))
    await eventually(lambda: source.health.age_s is not None, tasks=[task])
    yield seen
    assert not task.done(), task
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_drop_is_shown_at_once(state: Path) -> None:
    source = QuotaSource(state, {})
    async with running(source) as seen:
        assert shown(source) is None
        for percent in (10.0, 20.0, 30.0):
            dropped(state, percent)
            await eventually(
                lambda expected=percent: shown(source) == expected
            )  # before the look that is due each minute
    assert seen == [10.0, 20.0, 30.0]


async def test_what_was_dropped_before_the_start_is_known(state: Path) -> None:
    dropped(state, 20.0, ago=60)
    source = QuotaSource(state, {})
    await source.load()
    quota = source.read(datetime.now(UTC)).quota_5h
    assert quota == Quota(used_percent=20.0, resets_at=quota.resets_at, seen_at=quota.seen_at) if quota else False
    assert 59 < time.time() - quota.seen_at.timestamp() < 70
    assert (state / "quota").stat().st_mode & 0o777 == 0o755, "that of the test; the source changes nothing of others"


async def test_a_redraw_announces_nothing(state: Path) -> None:
    source = QuotaSource(state, {})
    async with running(source) as seen:
        path = dropped(state, 20.0)
        await eventually(lambda: seen)
        os.utime(path)
        dropped(state, 10.0, session="b", ago=100)
        await eventually(lambda: len(seen) > 2 or source.book.quota("/home/user/.claude", "5h", time.time()))
        await asyncio.sleep(0.2)
        assert set(seen) == {20.0}


async def test_the_folder_may_vanish_and_come_back(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_source, "LOOK_S", 0.2)
    source = QuotaSource(state, {})
    async with running(source):
        await eventually((state / "quota").is_dir)
        assert (state / "quota").stat().st_mode & 0o777 == 0o700
        (state / "quota").rmdir()
        await eventually((state / "quota").is_dir)
        dropped(state, 40.0)
        await eventually(lambda: shown(source) == 40.0)


async def test_where_nothing_can_be_watched_it_is_looked_at(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("gauge_mqtt.sources.quota.watch.FolderWatch.start", refuse)
    monkeypatch.setattr(quota_source, "LOOK_UNWATCHED_S", 0.05)
    source = QuotaSource(state, {})
    async with running(source):
        dropped(state, 40.0)
        await eventually(lambda: shown(source) == 40.0)


async def test_no_state_directory_is_no_fault() -> None:
    source = QuotaSource(None, {})
    async with running(source):
        assert shown(source) is None
    await source.load()


async def test_a_state_directory_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source = QuotaSource(tmp_path / "file", {})
    async with running(source):
        assert shown(source) is None


JUNK = [b"", b"{", b"\xff", b"null", b"[" * 60_000, b'{"session_id": 1}', b"x" * (1 << 17), b'{"session_id":"\\ud800"}']


async def test_junk_is_counted_and_nothing_else(state: Path) -> None:
    dropped(state, 20.0)
    for number, junk in enumerate(JUNK):
        (state / "quota" / f"{number}.json").write_bytes(junk)
    os.mkfifo(state / "quota/fifo.json")
    (state / "quota/folder.json").mkdir()
    (state / "quota/link.json").symlink_to("/dev/zero")
    source = QuotaSource(state, {})
    async with running(source):
        assert shown(source) == 20.0
        metrics = {metric.name: metric.value for metric in source.metrics()}
        assert metrics["quota_refused_total"] == len(JUNK)
        (state / "quota/new.json").write_bytes(b"{")
        await eventually(lambda: {m.name: m.value for m in source.metrics()}["quota_refused_total"] > len(JUNK))
        dropped(state, 30.0)
        await eventually(lambda: shown(source) == 30.0)


@pytest.mark.parametrize(
    "limits",
    [
        None, {}, {"five_hour": {}}, {"five_hour": {"used_percentage": None, "resets_at": None}},
        {"five_hour": {"used_percentage": 5}}, {"spend_limit": {"used_percentage": 5, "resets_at": 9e9}},
    ],
)  # fmt: skip
async def test_a_drop_without_percentages_says_nothing(state: Path, limits: Any) -> None:
    dropped(state, rate_limits=limits)
    source = QuotaSource(state, {})
    await source.load()
    assert (shown(source), source.book.refused) == (None, 0)


async def test_percentages_that_cannot_be_are_counted(state: Path) -> None:
    for name, percent in (("a", -1), ("b", 101), ("c", 1_795_866_668)):
        dropped(state, percent, session=name)
    source = QuotaSource(state, {})
    await source.load()
    assert (shown(source), source.book.refused) == (None, 3)


async def test_old_files_are_pruned_and_others_stay(state: Path) -> None:
    old, fresh = dropped(state, session="old"), dropped(state, session="fresh")
    (state / "quota/.killed.77").touch()
    (state / "quota/.now.78").touch()
    (state / "quota/notes.txt").touch()
    os.utime(old, (0, time.time() - 9 * 86_400))
    os.utime(state / "quota/.killed.77", (0, time.time() - 7_200))
    await QuotaSource(state, {}).load()
    assert sorted(path.name for path in (state / "quota").iterdir()) == [".now.78", fresh.name, "notes.txt"]


async def test_the_account_that_is_set_or_the_one_used_last(state: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    dropped(state, 10.0, session="a", config=str(tmp_path / "link"), ago=60)
    dropped(state, 20.0, session="b", config="/other")
    last, set_ = QuotaSource(state, {}), QuotaSource(state, {}, account=str(tmp_path / "real"))
    for source in (last, set_):
        await source.load()
    assert (shown(last), shown(set_)) == (20.0, 10.0)


async def test_a_directory_of_another_name_is_the_one_there_is(state: Path, tmp_path: Path) -> None:
    """As in a container, where the host's ~/.claude is /claude."""
    dropped(state, 50.0, config="/home/of/the/host/.claude", ago=60)
    source = QuotaSource(state, {str(tmp_path): tmp_path / ".claude.json"})
    await source.load()
    source.add(str(tmp_path), [report(40.0)])
    assert (shown(source), source.book.accounts) == (40.0, [str(tmp_path)])
    two = QuotaSource(state, {"/a": tmp_path / "a", "/b": tmp_path / "b"})
    await two.load()
    assert "/home/of/the/host/.claude" in two.book.accounts


async def test_what_is_known_is_not_counted_again(state: Path) -> None:
    dropped(state, 50.0)
    (state / "quota/junk.json").write_bytes(b"{")
    source = QuotaSource(state, {})
    for _ in range(3):
        await source.load()
    assert [metric.value for metric in source.metrics()] == [1, 1, 1]


async def test_what_cannot_be_removed_hides_nothing(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = dropped(state, session="old")
    os.utime(old, (0, time.time() - 9 * 86_400))
    for number in range(20):
        dropped(state, 20.0, session=f"fresh{number}")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    source = QuotaSource(state, {})
    await source.load()
    assert (shown(source), old.exists()) == (20.0, True)
    assert next(metric.value for metric in source.metrics()) == 20


def cached(path: Path, percent: float, ago: float = 0) -> None:
    at = datetime.fromtimestamp(time.time() + 2 * HOUR, UTC).isoformat()
    told = {"five_hour": {"utilization": percent, "resets_at": at}, "seven_day": None, "limits": []}
    entry = {"fetchedAtMs": int(1000 * (time.time() - ago)), "accountUuid": "x", "utilization": told}
    path.write_text(json.dumps({"numStartups": 3, "oauthAccount": {"x": 1}, "cachedUsageUtilization": entry}))


async def test_the_cache_of_claude_code_counts_for_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_source, "LOOK_S", 0.1)
    path = tmp_path / ".claude.json"
    source = QuotaSource(None, {"/a": path})
    async with running(source):
        for junk in (b"", b"{", b'{"cachedUsageUtilization": 3}', b'{"cachedUsageUtilization": {"fetchedAtMs": NaN}}'):
            path.write_bytes(junk)
            await asyncio.sleep(0.12)
        cached(path, 50.0, ago=3_601)
        await asyncio.sleep(0.3)
        assert shown(source) is None
        cached(path, 40.0, ago=3_500)
        await eventually(lambda: shown(source) == 40.0)
    assert path.read_text().startswith('{"numStartups": 3')


async def test_a_cache_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / ".claude.json"
    cached(path, 40.0)
    source = QuotaSource(None, {"/a": path})
    await source.load()
    await source.load()
    assert [metric.value for metric in source.metrics() if metric.labels] == [1]
    path.write_text(" " * 10)
    os.truncate(path, SIZE_MAX + 1)
    await source.load()


@pytest.mark.parametrize(
    ("config", "environ", "expected"),
    [
        ("/home/me/.claude", {}, "/home/me/.claude.json"),
        ("/home/me/.claude", {"CLAUDE_CONFIG_DIR": "/home/me/.claude"}, "/home/me/.claude/.claude.json"),
        ("/home/me/.config/claude", {}, "/home/me/.config/claude/.claude.json"),
    ],
)
def test_where_claude_code_keeps_its_cache(config: str, environ: dict[str, str], expected: str) -> None:
    assert state_file(Path(config), environ, Path("/home/me")) == Path(expected)


def report(percent: float, ago: float = 0) -> Sample:
    return Sample("5h", percent, time.time() + 2 * HOUR, time.time() - ago, "report")


async def test_a_report_of_the_logs_lowers_and_is_known_after_a_restart(state: Path) -> None:
    dropped(state, 50.0, ago=60)
    source = QuotaSource(state, {})
    async with running(source) as seen:
        assert shown(source) == 50.0
        source.add("/home/user/.claude", [report(40.0)])
        assert seen[-1] == 40.0
    again = QuotaSource(state, {})
    await again.load()
    assert shown(again) == 40.0
    assert (state / "quota-samples.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("junk", [b"", b"{", b"[[1]]", b'[["a",["5h",NaN,1,1,"report",""]]]', b"[" * 99_999])
async def test_a_broken_memory_costs_nothing(state: Path, junk: bytes) -> None:
    state.mkdir()
    (state / "quota-samples.json").write_bytes(junk)
    source = QuotaSource(state, {})
    await source.load()
    source.add("/a", [report(40.0)])
    assert shown(source) == 40.0


async def test_a_memory_that_cannot_be_written_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    source = QuotaSource(tmp_path / "file", {})
    source.add("/a", [report(40.0)])
    assert shown(source) == 40.0
    assert "not kept over a restart" in caplog.text


def answering(tmp_path: Path, does: str) -> Callable[..., QuotaSource]:
    program = script(tmp_path / "claude", f"echo x >> {tmp_path}/asked; {does}")

    def make(**options: Any) -> QuotaSource:
        command = UsageCommand(program, None)
        return QuotaSource(tmp_path / "state", {}, command=command, command_account="/a", **options)

    return make


def asked(tmp_path: Path) -> int:
    path = tmp_path / "asked"
    return len(path.read_text().splitlines()) if path.exists() else 0


def usage(percent: int) -> str:
    at = datetime.fromtimestamp(time.time() + 2 * HOUR, UTC)
    return f"echo 'Current session: {percent}% used · resets {at:%b %-d, %-I:%M%p} (UTC)'"


async def test_claude_code_is_asked_at_the_start_and_then_every_so_often(tmp_path: Path) -> None:
    make = answering(tmp_path, usage(23))
    source = make(poll_s=0.3)
    async with running(source):
        await eventually(lambda: shown(source) == 23.0)
        await eventually(lambda: asked(tmp_path) >= 3)
    again = make(poll_s=1000)
    async with running(again):
        await asyncio.sleep(0.3)
        assert asked(tmp_path) == 3, "a restart does not ask before its time"
        assert shown(again) == 23.0


async def test_a_single_look_asks_if_it_is_due(tmp_path: Path) -> None:
    make = answering(tmp_path, usage(23))
    for _ in range(2):
        await make(poll_s=1000).load()
    assert asked(tmp_path) == 1


async def test_failures_are_said_once_and_asked_ever_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    source = answering(tmp_path, f"test -e {tmp_path}/good && {usage(23)}")(poll_s=0.1)
    async with running(source):
        await eventually(lambda: asked(tmp_path) >= 2)
        assert "failed with exit code 1" in source.health.detail
        assert source.health.ok, "the other channels go on"
        (tmp_path / "good").touch()
        await eventually(lambda: shown(source) == 23.0)
    assert caplog.text.count("official percentages:") == 2
    assert "tells them again" in caplog.text


async def test_one_that_costs_is_never_asked_again(tmp_path: Path) -> None:
    source = answering(tmp_path, f"{usage(23)}; echo 'Estimated cost: $0.01'")(poll_s=0.05)
    async with running(source):
        await eventually(lambda: source.failure)
        await asyncio.sleep(0.4)
        assert (asked(tmp_path), shown(source)) == (1, None)
