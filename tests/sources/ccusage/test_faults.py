"""What is shown while ccusage cannot answer, or says what is not to be believed."""

import asyncio
import time
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.ccusage.source import CcusageSource
from tests.support.ccusage_fake import (
    FULL,
    FakeCcusage,
    FakeTail,
    block,
    log_usage,
    now,
    running,
    source_and_tail,
    tokens,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_while_it_fails_the_last_window_stays_with_its_age(
    fake: FakeCcusage, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, tail = source_and_tail(fake, log)
    async with running(source, tail):
        good = source.read(now())
        fake.does("echo the disk is full >&2; exit 3")
        broken_at = now()
        log_usage(log)
        await eventually(lambda: source.failures >= 1)
        since, age = source.read(now()).failing_since, source.health.age_s
        await eventually(lambda: source.failures >= 4)  # without any more usage
        bad = source.read(now())
        assert (bad.window_5h, bad.window_7d) == (good.window_5h, good.window_7d)
        assert bad.window_5h is not None
        assert bad.window_5h.tokens == 1000
        assert "failed with exit code 3: the disk is full" in (bad.failure or "")
        assert bad.failing_since == since
        assert since is not None
        assert since >= broken_at > (bad.observed_at or now())
        assert (source.health.ok, source.health.detail) == (False, bad.failure)
        assert (source.health.age_s or 0) > (age or 0) > 0
        assert caplog.text.count("the disk is full") == 1
        fake.prints(block(time.time() - 60, 7))
        await eventually(lambda: source.failure is None)
        mended = source.read(now())
        assert (tokens(source), mended.failing_since, mended.failure) == (7, None, None)
        assert source.health.ok
        runs, failures = source.runs, source.failures
        await asyncio.sleep(0.2)
        assert (source.runs, source.failures) == (runs, failures)
    metrics = {metric.name: metric.value for metric in source.metrics()}
    assert (metrics["ccusage_runs_total"], metrics["ccusage_failures_total"]) == (runs, failures)
    assert metrics["ccusage_seconds_total"] > 0


async def test_while_it_hangs_the_tail_reads_on(fake: FakeCcusage, log: Path) -> None:
    source, tail = source_and_tail(fake, log, timeout_s=4)
    async with running(source, tail):
        fake.does("sleep 1000")
        for lines in (1, 2, 3):
            log_usage(log)
            await eventually(lambda expected=lines: tail.read(now()).rate_tokens == expected * FULL)  # type: ignore[misc]
        await eventually(lambda: source.runs == 2)
        assert (source.failures, tokens(source)) == (0, 1000)
        await eventually(lambda: source.failures == 1)
        assert "gave no answer within 4 s" in (source.failure or "")
        fake.does("")
        await eventually(lambda: source.failure is None)


async def test_one_that_is_installed_later_is_found(fake: FakeCcusage, log: Path) -> None:
    fake.path.rename(fake.path.with_name("elsewhere"))
    source, tail = source_and_tail(fake, log)
    async with running(source, tail):
        reading = source.read(now())
        assert (reading.window_5h, reading.window_7d, reading.observed_at) == (None, None, None)
        assert "there is no program" in (reading.failure or "")
        assert (source.health.ok, source.health.age_s) == (False, None)
        fake.path.with_name("elsewhere").rename(fake.path)
        await eventually(lambda: tokens(source) == 1000)


async def test_without_prices_the_tokens_are_known_and_the_cost_is_not(fake: FakeCcusage, log: Path) -> None:
    source, tail = source_and_tail(fake, log)
    fake.does('[ "$report" = daily ] && exit 9')
    async with running(source, tail):
        reading = source.read(now())
        assert reading.window_5h is not None
        assert (reading.window_5h.tokens, reading.window_5h.cost_usd) == (1000, None)
        assert "failed with exit code 9" in (reading.failure or "")
        fake.does("")
        await eventually(lambda: source.failure is None)
        assert source.read(now()).window_5h == Window(tokens=1000, cost_usd=1.5, ends_at=(reading.window_5h.ends_at))


class Vague:
    """Says "nothing" both when there is nothing and when it cannot look."""

    vague = True

    async def report(self, name: str) -> bytes:
        return b'{"%s": []}' % name.encode()


@pytest.mark.parametrize(("used", "believed"), [(0, True), (1, False), (None, False)])
async def test_nothing_is_believed_of_a_vague_one_only_if_the_tail_knows_it_too(
    used: int | None,
    believed: bool,  # noqa: FBT001
) -> None:
    source = CcusageSource(Vague(), FakeTail(used), 60)
    await source.load()
    reading = source.read(now())
    if believed:
        assert reading.window_5h == reading.window_7d == Window(tokens=0, cost_usd=0)
        assert reading.failure is None
    else:
        assert (reading.window_5h, reading.window_7d, reading.observed_at) == (None, None, None)
        assert "it says that nothing was used" in (reading.failure or "")


async def test_a_vague_one_does_not_wipe_out_what_it_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    source = CcusageSource(Vague(), tail := FakeTail(0), 60)
    await source.load()
    tail.used = 5
    await source.load()
    assert source.read(now()).window_5h == Window(tokens=0, cost_usd=0)
    assert source.failure is not None

    async def down(*_: object) -> bytes:
        raise CcusageError("down")

    monkeypatch.setattr(Vague, "report", down)
    await source.load()
    assert source.failure == "down"
