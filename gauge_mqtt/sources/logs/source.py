"""Claude Code's session logs, the embedded default source: no Node, no Docker, no network."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core import windows
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.core.reading import PACE_WINDOW, Reading, TokenCounts
from gauge_mqtt.sources.logs.file_reader import Followed
from gauge_mqtt.sources.logs.helper import Helper
from gauge_mqtt.sources.logs.listing import printable
from gauge_mqtt.sources.logs.logbook import Logbook
from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.logs.roots import present
from gauge_mqtt.sources.logs.watchers import Watchers

log = logging.getLogger(__name__)

SWEEP_ACTIVE_S, SWEEP_QUIET_S = 60.0, 240.0
"""Every file is compared with its size that often, while tokens flow and while they do not: heals lost events."""
POLL_ACTIVE_S, POLL_QUIET_S = 1.0, 5.0
"""The same where changes are not announced."""
SEARCH_S = 2.0
"""How often a log directory that is missing is looked for, and what could not be read is tried again."""
TIDY_S = 1.0
"""A file that is gone is forgotten after that pause, in one sweep for many of them."""
WARN_AGAIN_S = 600.0
"""What comes and goes is not warned of more often than that."""
SAVE_S = 600.0
ACTIVE_S = 120.0
PACE_AGAIN_S = 5.0
DEAF_AFTER = 2
"""Sweeps in a row that find what should have been announced; one may be a burst that overflowed its queue."""


class JsonlSource:
    """Reads `roots` and keeps current. `state_dir`: where the index is kept, `None` for nowhere.

    `windows` off: somebody else has the windows, and this is the tail beside it. `on_usage` is called for new usage
    after the first look. `on_plan` is called with a configuration directory and the official percentages in its logs.
    """

    name = "jsonl"

    def __init__(
        self,
        roots: Sequence[Path],
        state_dir: Path | None,
        progress: Progress | None = None,
        *,
        windows: bool = True,
    ) -> None:
        self.book = Logbook(roots, state_dir)
        self.book.tail.on_plan = self._on_plan
        self.on_plan: Callable[[str, list[Sample]], None] = lambda *_: None
        self.helper: Helper | None = None
        """Who has begun to read these roots; for the first look."""
        self.roots = list(roots)
        self.on_usage: Callable[[], None] = lambda: None
        self._seen_changes, self._with_windows = 0, windows
        self.failing_since: float | None = None
        self.failure: str | None = None
        """Why the logs cannot be read, in words."""
        self._progress = progress
        self._watchers = Watchers(self._on_change)
        self._changed_paths: dict[bytes, None] = {}
        self._read_changes: Callable[[], None] | None = None
        self._fault: Exception | None = None
        self._wakeup = asyncio.Event()
        self._sweep_at = self._save_at = self._look_at = 0.0
        self._missed_sweeps = 0
        self._warned: str | None = None
        self._warn_at = -inf
        self._save_warned: str | None = None
        self._busy: tuple[int, int | None] = (-1, None)
        self._pace: tuple[float, int | None] = (-inf, None)

    @property
    def observed_at(self) -> datetime | None:
        return _utc(self.book.observed_at)

    def tokens_between(self, after: float, upto: float) -> int | None:
        """Tokens after the first and up to the second unix second; `None` if not all of that is known."""
        return windows.tokens_between(self.book.ledger, after, upto)

    def counts_between(self, after: float, upto: float) -> TokenCounts | None:
        """As `tokens_between`, by class."""
        return windows.counts_between(self.book.ledger, after, upto)

    @property
    def health(self) -> Health:
        detail = self.failure or self._short() or self.polling or "watching"
        return Health(ok=self.failing_since is None, age_s=self.book.age(), detail=detail)

    def metrics(self) -> list[Metric]:
        counters, unreadable = self.book.tail.counters, self.book.unreadable
        return [
            Metric("source_files", "gauge", "session files known", len(self.book.files)),
            Metric("source_records_total", "counter", "usage records read", counters.records),
            Metric("source_refused_total", "counter", "lines whose usage was not believed", counters.refused),
            Metric(
                "source_reused_ids", "gauge", "message ids of several responses", len(self.book.ledger.reused_ids())
            ),
            Metric("source_oversize_total", "counter", "lines too long to read", counters.oversize),
            Metric("source_resets_total", "counter", "files that were truncated or rewritten", counters.resets),
            Metric("source_unreadable", "gauge", "files and directories that cannot be read now", len(unreadable)),
            Metric("source_unreadable_total", "counter", "how often one could not be read any more", unreadable.met),
        ]

    @property
    def polling(self) -> str | None:
        """Why changes are looked for instead of announced, in words; `None` while all of them are announced."""
        return self._watchers.polling

    @property
    def watching(self) -> bool:
        """Whether every change is noticed by now: announced, or looked for."""
        roots = self._listable()
        return bool(roots) and self._watchers.cover(roots)

    def read(self, now: datetime) -> Reading:
        reading = windows.read(self.book.ledger, now, self.name)
        turns = self.book.files.turns()
        ahead = now.timestamp() + windows.RATE_AHEAD_S  # what is further ahead has a wrong clock and hides nobody else
        newest = max((t.newest_at for t in turns if t.newest_at and t.newest_at <= ahead), default=None)
        waiting = max((t.waiting_since for t in turns if t.waiting_since and t.waiting_since <= ahead), default=None)
        failing, counters = self.failing_since is not None, self.book.tail.counters
        return replace(
            reading,
            window_5h=reading.window_5h if self._with_windows else None,
            window_7d=reading.window_7d if self._with_windows else None,
            pace_tokens=self._pace_tokens(now) if self._with_windows else None,  # of what the window holds
            account=reading.account if self._with_windows and self.observed_at else None,
            observed_at=self.observed_at,
            rate_tokens=None if failing else reading.rate_tokens,
            busy_minute_tokens=self._busy_minute(now),
            telemetry_at=max((at for at in (_utc(newest), reading.activity_at) if at), default=None),
            open_turn_at=_utc(waiting),
            failing_since=_utc(self.failing_since),
            failure=self.failure,
            refused=None if self.observed_at is None else counters.refused + counters.oversize,
        )

    def _pace_tokens(self, now: datetime) -> int | None:
        """Asked for every few seconds: what is made of it is rounded to minutes."""
        at = now.timestamp()
        if not 0 <= at - self._pace[0] < PACE_AGAIN_S or self._pace[1] is None:
            self._pace = (at, self.tokens_between(at - PACE_WINDOW.total_seconds(), at + windows.RATE_AHEAD_S))
        return self._pace[1]

    def _busy_minute(self, now: datetime) -> int | None:
        minute = int(now.timestamp() // 60)
        if self._busy[0] != minute or self._busy[1] is None:
            self._busy = (minute, windows.busy_minute(self.book.ledger, now))
        return self._busy[1]

    async def run(self, changed: Callable[[], None]) -> None:
        try:
            # The first look comes before the watches, which take longer to set; the sweep behind closes the gap.
            started = time.time()
            if await self._first_look(changed):
                ledger = self.book.ledger
                if ledger.order and (ledger.order[-1] + 1) * 60 > started:  # who asked beside us may have missed that
                    self.on_usage()
                self._seen_changes = ledger.changes
                changed()
            while True:
                if time.monotonic() >= self._sweep_at:
                    await self._sweep(changed)
                self._follow(changed)
                if time.monotonic() >= self._look_at:
                    self._look_again(changed)
                self._read_changes = partial(self._follow, changed)
                await self._rest()
                self._read_changes = None
                if self._fault:
                    raise self._fault
        finally:
            self._watchers.stop()
            self._save()

    async def load(self) -> None:
        """Read everything once, without watching: for a single look."""
        if await self._first_look(lambda: None):
            self._save()

    async def _first_look(self, changed: Callable[[], None]) -> bool:
        """Read what is new since the saved index. False if there is no log directory."""
        helper, self.helper = self.helper, None
        with closing(helper) if helper else nullcontext():
            self.book.restore()
            if not self._judge():
                return False
            await self.book.catch_up(changed, self._progress, helper)
            self._judge()
            changed()  # before the helper's end is waited for
            return True

    async def _sweep(self, changed: Callable[[], None]) -> None:
        self._changed_paths.clear()
        shut = self.book.unreadable.directories()
        new_watch = await self._watchers.watch(self._listable())
        there = self._judge()
        if there:
            missed = await self.book.catch_up(changed, None if self.book.observed_at else self._progress)
            if missed and not new_watch and not shut and not self.polling:
                self._missed_sweeps += 1
            if self._missed_sweeps >= DEAF_AFTER:
                self._watchers.give_up()
            if time.monotonic() >= self._save_at:
                self._save()
            self._judge()
        opened = shut - self.book.unreadable.directories()
        self._watchers.renew(opened)
        self._sweep_at = time.monotonic() + (0.0 if opened else self._sweep_interval() if there else SEARCH_S)
        self._tell(changed)

    def _follow(self, changed: Callable[[], None]) -> None:
        """Read the files whose change was announced."""
        if self._changed_paths:
            paths, self._changed_paths = self._changed_paths, {}
            self._take(self.book.follow(paths), changed)

    def _take(self, followed: Followed, changed: Callable[[], None]) -> None:
        if followed.more or followed.gone:
            self._sweep_at = min(self._sweep_at, 0.0 if followed.more else time.monotonic() + TIDY_S)
            self._wakeup.set()
        if followed.news:
            if self.failure or self._warned or self.book.unreadable:
                self._judge()
                self._wakeup.set()
            self._tell(changed)

    def _tell(self, changed: Callable[[], None]) -> None:
        if self.book.ledger.changes != self._seen_changes:
            self._seen_changes = self.book.ledger.changes
            self.on_usage()
        changed()

    def _sweep_interval(self) -> float:
        newest = self.book.ledger.order[-1] * 60 if self.book.ledger.order else 0
        active, quiet = (POLL_ACTIVE_S, POLL_QUIET_S) if self.polling else (SWEEP_ACTIVE_S, SWEEP_QUIET_S)
        return active if newest > time.time() - ACTIVE_S else quiet

    async def _rest(self) -> None:
        """Until the next sweep is due, or it is time to look for what is missing or could not be read."""
        self._wakeup.clear()
        missing = self.book.unreadable or not self._watchers.cover(self.roots)
        due = min(self._sweep_at, self._look_at) if missing else self._sweep_at
        with suppress(TimeoutError):
            async with asyncio.timeout(max(due - time.monotonic(), 0.0)):
                await self._wakeup.wait()

    def _look_again(self, changed: Callable[[], None]) -> None:
        self._look_at = time.monotonic() + SEARCH_S
        if self.book.unreadable:
            self._take(self.book.try_again(), changed)
        if not self._watchers.cover(self._listable()):
            self._sweep_at = 0.0

    def _listable(self) -> list[Path]:
        return [root for root in present(self.roots) if os.fsencode(root) not in self.book.unreadable]

    def _judge(self) -> list[Path]:
        """Say in `failure`, and in the log when it begins and ends, what cannot be read. Returns the roots found."""
        there = present(self.roots)
        self.failure = self._why_not(there)
        if self.failure is None:
            self.failing_since = None
        elif self.failing_since is None:
            self.failing_since = time.time()
        self._warn(self.failure or self._short(), there)
        return there

    def _why_not(self, there: Sequence[Path]) -> str | None:
        if not there:
            looked = ", ".join(map(printable, self.roots)) or "a home directory, which this user has not"
            return f"no Claude Code log directory: looked for {looked}; set CLAUDE_CONFIG_DIR if it is elsewhere"
        if self.book.blind:
            return f"no Claude Code log can be read ({self.book.unreadable.reason}): gauge-mqtt doctor says what helps"
        return None

    def _short(self) -> str | None:
        """What is missing in the account, without the names of projects: this goes to whoever may ask."""
        if not self.book.unreadable:
            return None
        found = f"{len(self.book.unreadable)} of the logs cannot be read ({self.book.unreadable.reason})"
        return f"{found}: what may be short is unknown, gauge-mqtt doctor names them"

    def _warn(self, why: str | None, there: Sequence[Path]) -> None:
        if why is None and self._warned:
            log.info("Claude Code logs are read again in %s", ", ".join(map(printable, there)))
            self._warned = None
        elif why and not self._warned and time.monotonic() >= self._warn_at:
            log.warning("%s", why)
            self._warned, self._warn_at = why, time.monotonic() + WARN_AGAIN_S

    def _on_plan(self, path: bytes, samples: list[Sample]) -> None:
        root = next((root for root in self.roots if path.startswith(os.fsencode(root) + b"/")), None)
        if root:
            self.on_plan(os.fspath(root.parent), samples)

    def _on_change(self, paths: Iterable[bytes]) -> None:
        self._changed_paths.update(dict.fromkeys(paths))
        self._missed_sweeps = 0
        if self._read_changes:  # Read in this callback; waking the task adds a loop iteration.
            try:
                self._read_changes()
            except Exception as error:  # noqa: BLE001 (raised again in the task, whose end is noticed)
                self._fault = error
                self._wakeup.set()

    def _save(self) -> None:
        self._save_at = time.monotonic() + SAVE_S
        try:
            self.book.save()
        except OSError as error:
            why = error.strerror or str(error)  # not with its file name, which differs each time
            if why != self._save_warned:
                log.warning("the index was not saved (%s): until it is, each start reads the logs anew", why)
            self._save_warned = why
        else:
            self._save_warned = None


def _utc(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
