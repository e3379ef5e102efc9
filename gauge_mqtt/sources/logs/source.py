"""Claude Code's session logs, the embedded default source: no Node, no Docker, no network."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core import windows
from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.logs.logbook import Logbook, Progress, present
from gauge_mqtt.sources.logs.watch import Watcher

log = logging.getLogger(__name__)

SWEEP_ACTIVE_S, SWEEP_QUIET_S = 60.0, 240.0
"""Every file is compared with its size that often, while tokens flow and while they do not: heals lost events."""
POLL_ACTIVE_S, POLL_QUIET_S = 1.0, 5.0
"""The same where inotify cannot be had."""
SEARCH_S = 2.0
"""How often a log directory that is missing is looked for."""
SAVE_S = 600.0
ACTIVE_S = 120.0
DEAF_AFTER = 2
"""Sweeps in a row that find what inotify should have announced; one may be a burst that overflowed its queue."""


class JsonlSource:
    """Reads `roots` and keeps current. `state_dir`: where the index is kept, `None` for nowhere.

    `windows` off: somebody else has the windows, and this is the tail beside it. `on_usage` is called for new usage
    after the first look.
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
        self.roots = list(roots)
        self.on_usage: Callable[[], None] = lambda: None
        self._seen_changes, self._with_windows = 0, windows
        self.failing_since: float | None = None
        self._progress = progress
        self._watchers: dict[Path, Watcher] = {}
        self._changed_paths: dict[str, None] = {}
        self._read_changes: Callable[[], None] | None = None
        self._fault: Exception | None = None
        self._wakeup = asyncio.Event()
        self._sweep_at = self._save_at = 0.0
        self._missed_sweeps = 0
        self._busy: tuple[int, int | None] = (-1, None)

    @property
    def failure(self) -> str | None:
        """Why the logs cannot be read, in words."""
        if self.failing_since is None:
            return None
        if not self.roots:
            return "no Claude Code log directory: this user has no home directory; set CLAUDE_CONFIG_DIR"
        looked = ", ".join(map(str, self.roots))
        return f"no Claude Code log directory: looked for {looked}; set CLAUDE_CONFIG_DIR if it is elsewhere"

    @property
    def observed_at(self) -> datetime | None:
        return _utc(self.book.observed_at)

    def tokens_between(self, after: float, upto: float) -> int | None:
        """Tokens after the first and up to the second unix second; `None` if not all of that is known."""
        return windows.tokens_between(self.book.ledger, after, upto)

    @property
    def health(self) -> Health:
        return Health(
            ok=self.failing_since is None, age_s=self.book.age(), detail=self.failure or self.polling or "watching"
        )

    def metrics(self) -> list[Metric]:
        counters = self.book.tail.counters
        return [
            Metric("source_files", "gauge", "session files known", len(self.book.files)),
            Metric("source_records_total", "counter", "usage records read", counters.records),
            Metric("source_refused_total", "counter", "lines whose usage was not believed", counters.refused),
            Metric("source_oversize_total", "counter", "lines too long to read", counters.oversize),
            Metric("source_resets_total", "counter", "files that were truncated or replaced", counters.resets),
        ]

    @property
    def polling(self) -> str | None:
        """Why changes are looked for instead of announced, in words; `None` while inotify rings for every root."""
        return next((w.polling for w in self._watchers.values() if w.polling), None)

    @property
    def watching(self) -> bool:
        """Whether every change is noticed by now: announced, or looked for."""
        return bool(self._watchers) and all(w.polling or w.alive for w in self._watchers.values())

    def read(self, now: datetime) -> Reading:
        reading = windows.read(self.book.ledger, now, self.name)
        turns = [file.turn for file in self.book.files.values() if file.turn]
        seen = [t.newest_at for t in turns if t.newest_at and t.newest_at <= now.timestamp() + windows.RATE_AHEAD_S]
        newest = max((datetime.fromtimestamp(at, UTC) for at in seen), default=None)
        waiting = max((t.waiting_since for t in turns if t.waiting_since), default=None)
        failing, counters = self.failing_since is not None, self.book.tail.counters
        return replace(
            reading,
            window_5h=reading.window_5h if self._with_windows else None,
            window_7d=reading.window_7d if self._with_windows else None,
            observed_at=self.observed_at,
            rate_tokens=None if failing else reading.rate_tokens,
            busy_minute_tokens=self._busy_minute(now),
            telemetry_at=max((at for at in (newest, reading.activity_at) if at), default=None),
            open_turn_at=_utc(waiting),
            failing_since=_utc(self.failing_since),
            failure=self.failure,
            refused=None if self.observed_at is None else counters.refused + counters.oversize,
        )

    def _busy_minute(self, now: datetime) -> int | None:
        minute = int(now.timestamp() // 60)
        if self._busy[0] != minute or self._busy[1] is None:
            self._busy = (minute, windows.busy_minute(self.book.ledger, now))
        return self._busy[1]

    async def run(self, changed: Callable[[], None]) -> None:
        self.book.restore()
        try:
            if self._note_roots():
                # The first look comes before the watches, which take longer to set; the sweep behind closes the gap.
                started, ledger = time.time(), self.book.ledger
                await self.book.catch_up(changed, self._progress)
                if ledger.order and (ledger.order[-1] + 1) * 60 > started:  # who asked beside us may have missed that
                    self.on_usage()
                self._seen_changes = ledger.changes
                changed()
            while True:
                if time.monotonic() >= self._sweep_at:
                    await self._sweep(changed)
                self._follow(changed)
                self._read_changes = partial(self._follow, changed)
                await self._rest()
                self._read_changes = None
                if self._fault:
                    raise self._fault
        finally:
            for watcher in self._watchers.values():
                watcher.stop()
            self._save()

    async def load(self) -> None:
        """Read everything once, without watching: for a single look."""
        self._note_roots()
        self.book.restore()
        if self.failing_since is None:
            await self.book.catch_up(lambda: None, self._progress)
            self._save()

    async def _sweep(self, changed: Callable[[], None]) -> None:
        self._changed_paths.clear()
        new_watch = await self._watch()
        if self.failing_since is None:
            missed = await self.book.catch_up(changed, None if self.book.observed_at else self._progress)
            if missed and not new_watch and not self.polling:
                self._missed_sweeps += 1
            if self._missed_sweeps >= DEAF_AFTER:
                for watcher in self._watchers.values():
                    watcher.give_up()
            if time.monotonic() >= self._save_at:
                self._save()
        self._sweep_at = time.monotonic() + self._sweep_interval()
        self._tell(changed)

    def _follow(self, changed: Callable[[], None]) -> None:
        """Read what was paths for."""
        if self._changed_paths:
            paths, self._changed_paths = self._changed_paths, {}
            size, lost = self.book.follow(paths)
            if lost:
                self._sweep_at = 0.0
                self._wakeup.set()
            if size:
                self._tell(changed)

    def _tell(self, changed: Callable[[], None]) -> None:
        if self.book.ledger.changes != self._seen_changes:
            self._seen_changes = self.book.ledger.changes
            self.on_usage()
        changed()

    def _sweep_interval(self) -> float:
        if self.failing_since is not None:
            return SEARCH_S
        newest = self.book.ledger.order[-1] * 60 if self.book.ledger.order else 0
        active, quiet = (POLL_ACTIVE_S, POLL_QUIET_S) if self.polling else (SWEEP_ACTIVE_S, SWEEP_QUIET_S)
        return active if newest > time.time() - ACTIVE_S else quiet

    async def _rest(self) -> None:
        """Until the next sweep is due; a missing root is looked for in between."""
        self._wakeup.clear()
        pause = max(self._sweep_at - time.monotonic(), 0.0)
        if len(self._watchers) < len(self.roots) or not all(w.polling or w.alive for w in self._watchers.values()):
            pause = min(pause, SEARCH_S)
        try:
            async with asyncio.timeout(pause):
                await self._wakeup.wait()
        except TimeoutError:
            if set(present(self.roots)) != {root for root, w in self._watchers.items() if w.polling or w.alive}:
                self._sweep_at = 0.0

    def _note_roots(self) -> list[Path]:
        there = present(self.roots)
        if not there and self.failing_since is None:
            self.failing_since = time.time()
            log.warning("%s", self.failure)
        elif there and self.failing_since is not None:
            self.failing_since = None
            log.info("Claude Code logs found in %s", ", ".join(map(str, there)))
        return there

    async def _watch(self) -> bool:
        """Have a live watcher on every root that is there. True if one is new: nothing before it was announced."""
        there = self._note_roots()
        for root, watcher in list(self._watchers.items()):
            if root not in there or not (watcher.polling or watcher.alive):
                watcher.stop()
                del self._watchers[root]
        new = [root for root in there if root not in self._watchers]
        for root in new:
            watcher = self._watchers[root] = Watcher(root, asyncio.get_running_loop(), self._on_change)
            await asyncio.to_thread(watcher.start)
        return bool(new)

    def _on_change(self, path: str) -> None:
        self._changed_paths[path] = None
        self._missed_sweeps = 0
        if self._read_changes:  # here and now: to wake the task first would cost a round of the loop
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
            log.warning("the index was not saved, the next start reads the logs anew: %s", error)


def _utc(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
