"""The windows from ccusage, beside a real tail: when it is asked, and for what."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.ccusage import source as ccusage
from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.source import CcusageSource
from tests.support.ccusage import VERSION
from tests.support.ccusage_fake import FakeCcusage, FakeTail, block, log_usage, now, running, source_and_tail, tokens
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_while_nothing_is_used_it_is_not_asked_again(fake: FakeCcusage, log: Path) -> None:
    source, tail = source_and_tail(fake, log)
    async with running(source, tail):
        await asyncio.sleep(0.5)  # ten times as long as it has to wait
        assert (source.runs, fake.asked("blocks"), fake.asked("daily")) == (1, 1, 1)
        assert tokens(source) == 1000


async def test_new_usage_is_one_more_run(fake: FakeCcusage, log: Path) -> None:
    source, tail = source_and_tail(fake, log)
    async with running(source, tail):
        for runs in (2, 3):
            fake.prints(block(time.time() - 60, runs))
            log_usage(log)
            await eventually(lambda expected=runs: tokens(source) == expected)  # type: ignore[misc]
            await asyncio.sleep(0.2)
            assert (source.runs, fake.asked("blocks")) == (runs, runs)


async def test_much_usage_is_no_more_runs_than_one_a_period(fake: FakeCcusage, log: Path) -> None:
    source, tail = source_and_tail(fake, log, ttl_s=0.3)
    started = time.monotonic()
    async with running(source, tail):
        for _ in range(80):
            last = time.time()
            log_usage(log)
            await asyncio.sleep(0.01)
        assert source.runs <= (time.monotonic() - started) / 0.3 + 1
        await eventually(lambda: (source.read(now()).observed_at or now()).timestamp() > last)
        assert fake.asked("blocks") >= 3


async def test_a_slow_one_runs_half_of_the_time_at_most_and_never_twice_at_once(
    fake: FakeCcusage, log: Path, tmp_path: Path
) -> None:
    """Each run writes when it began and when it ended; the price list comes once, before the second."""
    fake.does(f"date +%s.%N >> {tmp_path}/times; sleep 0.15; date +%s.%N >> {tmp_path}/times")
    source, tail = source_and_tail(fake, log, ttl_s=0.01)
    async with running(source, tail):
        while source.runs < 5:
            log_usage(log)
            await asyncio.sleep(0.01)
    times = [float(at) for at in (tmp_path / "times").read_text().split()][:10]
    assert times == sorted(times)
    _, prices, *reports = zip(times[::2], times[1::2], strict=True)
    assert len(reports) == 3
    for (began, ended), (again, _) in pairwise(reports):
        assert again - began >= 2 * (ended - began)
    assert reports[0][0] - prices[1] >= prices[1] - times[0] - 0.01


async def test_when_a_block_ends_it_is_asked_once(
    fake: FakeCcusage, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ccusage, "BLOCK_OVER_S", 0.05)
    fake.prints(block(time.time() - 5 * 3600 + 4, last=time.time() - 60))  # ends well after the first report
    source, tail = source_and_tail(fake, log)
    async with running(source, tail):
        assert (source.runs, tokens(source)) == (1, 1000)
        await eventually(lambda: tokens(source) == 0)
        await eventually(lambda: source.runs == 2)
        await asyncio.sleep(0.3)
        assert source.runs == 2


async def test_prices_are_asked_for_once_per_new_model_and_release(fake: FakeCcusage, log: Path) -> None:
    source, _ = source_and_tail(fake, log)
    start = time.time() - 60
    fake.prints(block(start), priced=["a"])

    async def after(asked: int) -> Window | None:
        await source.load()
        assert fake.asked("daily") == asked
        return source.read(now()).window_5h

    end = datetime.fromtimestamp(start + 5 * 3600, UTC)
    for _ in range(3):
        assert (await after(1)) is not None
    fake.prints(block(start, models=["a", "b"]))
    for _ in range(2):
        found = await after(2)
        assert found is not None
        assert (found.tokens, found.cost_usd) == (1000, 1.5)
        assert abs(((found.ends_at or now()) - end).total_seconds()) < 0.001
    fake.prints(block(start, models=["a", "new"]))
    for _ in range(2):  # ccusage has never heard of it: not asked at each run
        found = await after(3)
        assert found is not None
        assert (found.tokens, found.cost_usd) == (1000, None)
    fake.prints(block(start, models=["a", "new"]), priced=["a", "new"], says="20.0.99")
    for _ in range(2):
        found = await after(4)
        assert found is not None
        assert found.cost_usd == 1.5


async def test_an_answer_is_true_for_as_long_as_the_tail_sees_nothing_new(fake: FakeCcusage, log: Path) -> None:
    tail = FakeTail()
    source = CcusageSource(Program(fake.path, [log.parents[1]], 30), tail, 60)
    assert (source.read(now()).observed_at, source.health.age_s) == (None, None)
    before = now()
    await source.load()
    asked_at = source.read(now()).observed_at
    assert asked_at is not None
    assert before <= asked_at <= now()
    tail.observed_at = asked_at - timedelta(minutes=1)
    assert source.read(now()).observed_at == asked_at
    tail.observed_at = asked_at + timedelta(minutes=1)
    assert source.read(now()).observed_at == tail.observed_at
    assert source.health == (True, f"ccusage {VERSION} ({fake.path})", 0)  # a clock that was set back is no age
    tail.on_usage()
    assert source.read(now()).observed_at == asked_at
    await source.load()
    assert source.read(now()).observed_at == tail.observed_at
    fake.does("exit 1")
    await source.load()
    assert asked_at < (source.read(now()).observed_at or asked_at) < tail.observed_at
