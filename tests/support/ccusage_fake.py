"""Scripts that behave like a good or a broken ccusage, and what the tests of that source share."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.source import CcusageSource
from gauge_mqtt.sources.logs.source import JsonlSource
from tests.support.ccusage import VERSION
from tests.support.lines import answer, line
from tests.support.waiting import eventually

FULL = 43_120
"""Tokens of one `answer`."""


def script(path: Path, does: str, says: str = f"ccusage {VERSION}") -> Path:
    """A program that says its version as ccusage does, and for everything else `does` what is written in sh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{says}"; exit; fi\n{does}\n')
    new.chmod(0o755)
    return new.replace(path)


def block(start: float, tokens: int = 1000, *, last: float | None = None, **changes: Any) -> dict[str, Any]:
    """A block as `blocks --json` prints it. Unix seconds."""
    return {"startTime": _iso(start), "endTime": _iso(start + 5 * 3600), "isGap": False, "totalTokens": tokens,
            "actualEndTime": _iso(start if last is None else last), "costUSD": 1.5, "models": ["a"],
            **changes}  # fmt: skip


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


class FakeCcusage:
    """A ccusage in `folder` that prints the reports it was given, and counts how often it is asked for each."""

    def __init__(self, folder: Path) -> None:
        self.path, self._folder = folder / "ccusage", folder
        folder.mkdir(exist_ok=True)
        self.prints(block(time.time() - 3600, last=time.time()))

    def prints(self, *blocks: dict[str, Any], priced: Iterable[str] = ("a", "b"), says: str = VERSION) -> None:
        rows = [{"modelName": name, "inputTokens": 10, "cost": 0.5} for name in priced]
        self._put("blocks", {"blocks": blocks})
        self._put("daily", {"daily": [{"date": "2026-11-22", "modelBreakdowns": rows}]})
        self.does("", says)

    def does(self, first: str, says: str = VERSION) -> None:
        """What it does before it answers; the name of the report is `$report`."""
        which = 'case "$*" in *daily*) report=daily;; *) report=blocks;; esac'
        account = f'{which}\necho "$report" >> {self._folder}/asked'
        script(self.path, f"{account}\n{first}\ncat {self._folder}/$report.json", f"ccusage {says}")

    def asked(self, report: str) -> int:
        account = self._folder / "asked"
        return account.read_text().split().count(report) if account.exists() else 0

    def _put(self, report: str, answer: dict[str, Any]) -> None:
        new = self._folder / f"{report}.new"
        new.write_text(json.dumps(answer))
        new.replace(self._folder / f"{report}.json")


def session(folder: Path) -> Path:
    """A session log with one response, ten minutes old."""
    log = folder / "projects" / "p" / "s.jsonl"
    log.parent.mkdir(parents=True)
    log.write_bytes(line(answer(time.time() - 600)))
    return log


def log_usage(log: Path) -> None:
    with log.open("ab") as file:
        file.write(line(answer(time.time())))


def source_and_tail(
    fake: FakeCcusage, log: Path, ttl_s: float = 0.05, timeout_s: float = 30
) -> tuple[CcusageSource, JsonlSource]:
    """The ccusage source, and the log tail that tells it when to run."""
    root = log.parents[1]
    tail = JsonlSource([root], None, windows=False)
    return CcusageSource(Program(fake.path, [root], timeout_s), tail, ttl_s), tail


def now() -> datetime:
    return datetime.now(UTC)


def tokens(source: CcusageSource) -> int | None:
    window = source.read(now()).window_5h
    return window.tokens if window else None


class FakeTail:
    """In place of the log tail: `used` is what it says about any span of time."""

    def __init__(self, used: int | None = 0) -> None:
        self.observed_at: datetime | None = None
        self.on_usage = lambda: None
        self.used = used

    def tokens_between(self, after: float, upto: float) -> int | None:
        assert 0 <= upto - after <= 168 * 3600
        return self.used


@asynccontextmanager
async def running(source: CcusageSource, tail: JsonlSource) -> AsyncIterator[None]:
    """Both run; the first report and the first sweep of the logs are done."""
    tasks = [asyncio.create_task(part.run(lambda: None)) for part in (tail, source)]
    try:
        await eventually(lambda: tail.watching and source.seconds > 0, tasks=tasks)
        await asyncio.sleep(0.05)  # the sweep behind the new watches
        yield
        assert not any(task.done() for task in tasks), tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
