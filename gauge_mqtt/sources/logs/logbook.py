"""All session files below the roots and the ledger made of them: catches up newest first, then follows appends."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from math import inf
from pathlib import Path

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import CACHE_WINDOW, OPEN_WINDOW, WEEK
from gauge_mqtt.sources.logs import index
from gauge_mqtt.sources.logs.roots import ListedFile, look, walk
from gauge_mqtt.sources.logs.tail import LogFile, Tail

SETTLED_S = 2.0
"""A last line without a newline is taken once its file is that old."""
MTIME_SLACK_S = 2.0
"""Some file systems keep times in steps of 2 s."""
BLOCK_KNOWN, ASK_AGAIN_S = 2, 900.0
"""Whether the 5 h block is known is asked after each 15 min read back: without a pause the answer costs a walk."""
CACHE_S = CACHE_WINDOW.total_seconds()
OPEN_S = OPEN_WINDOW.total_seconds()
WEEK_S = WEEK.total_seconds() + 3600

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes to do while a history is read."""


class Logbook:
    """Reads `roots` into `ledger`. State is keyed by (device, inode): a renamed file is not a new one."""

    def __init__(self, roots: Sequence[Path], state_dir: Path | None = None) -> None:
        self.roots = list(roots)
        self.tail = Tail(Ledger())
        self.files: dict[tuple[int, int], LogFile] = {}
        self.observed_at: float | None = None
        self.unsaved = False
        self._state_dir = state_dir
        self._known, self._asked_at = 0, inf

    @property
    def ledger(self) -> Ledger:
        return self.tail.ledger

    def age(self) -> float | None:
        """Seconds since the files were last looked at; `None` before the first time."""
        return None if self.observed_at is None else max(0.0, time.time() - self.observed_at)

    def restore(self) -> bool:
        """Take up the saved index. False if there is none."""
        saved = index.load(self._state_dir, self.roots) if self._state_dir else None
        if saved is None:
            return False
        self.tail.ledger, files = saved
        self.files = {(file.device, file.inode): file for file in files}
        return True

    def save(self) -> None:
        """Write the index if anything was read since. Raises `OSError`."""
        if self._state_dir and self.unsaved:
            self.unsaved = False
            index.write(self._state_dir, index.encode(self.ledger, self.files.values(), self.roots))

    async def catch_up(self, changed: Callable[[], None], progress: Progress | None = None) -> int:
        """Compare every file with what was read of it and read the difference, newest first.

        Returns the bytes read of files that nobody has written to for `SETTLED_S`: what `follow` should have seen.

        The first time, `ledger.complete_since` moves back as the reading does, so that each window becomes known as
        soon as it can be. Files older than a week are opened only as far as the 5 h block needs them.
        """
        now, first = time.time(), self.observed_at is None
        found = await asyncio.to_thread(lambda: sorted(walk(self.roots), key=lambda item: item.mtime, reverse=True))
        self._forget({(item.device, item.inode) for item in found})
        fresh: list[ListedFile] = []
        older: list[ListedFile] = []
        for item in found:
            file = self._file(item)
            if item.size not in (file.offset, file.remainder_at):
                (fresh if file.offset or item.mtime >= now - WEEK_S else older).append(item)
        todo = sum(item.size - self._file(item).offset for item in fresh)
        start, missed = self.tail.counters.bytes, 0

        def step() -> None:
            if progress:
                progress(min(self.tail.counters.bytes - start, todo - 1), todo)

        floor = older[0].mtime + MTIME_SLACK_S if older else -inf
        for item in fresh:
            if first:
                self.ledger.complete_since = max(floor, item.mtime + MTIME_SLACK_S)
                if self._learned(now):
                    changed()
            size = await self._read(item, now, step)
            missed += size if item.mtime < now - SETTLED_S else 0
        if progress:
            progress(todo, todo)
        self.ledger.complete_since = floor
        await self._reach_back(older, now)
        self.ledger.evict(now)
        self.observed_at = time.time()
        return missed

    def _learned(self, now: float) -> bool:
        """Whether a value has become known since the last time: worth a word while the rest is still being read."""
        since = self.ledger.complete_since
        if since > now - CACHE_S:
            known = 0
        elif self._known < BLOCK_KNOWN and since <= self._asked_at - ASK_AGAIN_S:
            self._asked_at = since
            known = BLOCK_KNOWN if self._block_known(now) else 1
        else:
            known = max(self._known, 1)
        learned, self._known = known > self._known, known
        return learned

    async def _reach_back(self, older: Sequence[ListedFile], now: float) -> None:
        """Where a 5 h block starts depends on all records back to a pause: read on until there is one."""
        for item, following in zip_longest(older, older[1:]):
            if self._block_known(now):
                return
            await self._read(item, now)
            self.ledger.complete_since = following.mtime + MTIME_SLACK_S if following else -inf

    def _block_known(self, now: float) -> bool:
        newest = max(self.ledger.order[-1] * 60 if self.ledger.order else -inf, self.ledger.complete_since)
        return newest < now - OPEN_S or self.ledger.latest_block(now) is not None

    async def _read(self, item: ListedFile, now: float, step: Callable[[], None] = lambda: None) -> int:
        """One file to its end, a slice at a time so that the loop stays free. Returns the bytes read."""
        file, before = self._file(item), self.tail.counters.bytes
        recent = item.mtime > now - OPEN_S
        try:
            more = True
            while more:
                more = self.tail.advance(file, turns=recent)
                step()
                await asyncio.sleep(0)
            if item.mtime < now - SETTLED_S:
                self.tail.finish(file, turns=recent)
        except OSError:  # gone since it was listed
            del self.files[item.device, item.inode]
        self.unsaved = True
        return self.tail.counters.bytes - before

    def follow(self, paths: Iterable[str]) -> tuple[int, bool]:
        """Read what was appended to these files, a slice of each: the bytes, and whether it is time for a sweep.

        It is when one of them is a directory, or gone, or has more to read than may hold up the loop.
        """
        before, lost = self.tail.counters.bytes, False
        for path in paths:
            item = look(path) if path.endswith(".jsonl") else None
            try:
                lost |= item is None or self.tail.advance(self._file(item), turns=True)
            except OSError:
                lost = True
        size = self.tail.counters.bytes - before
        if size:
            self.unsaved, self.observed_at = True, time.time()
        return size, lost

    def _file(self, item: ListedFile) -> LogFile:
        file = self.files.get((item.device, item.inode))
        if file is None:
            file = self.files[item.device, item.inode] = LogFile(item.path, item.device, item.inode)
        file.path = item.path
        return file

    def _forget(self, present: set[tuple[int, int]]) -> None:
        old = time.time() - OPEN_S
        self.files = {ident: file for ident, file in self.files.items() if ident in present}
        for file in self.files.values():
            if file.turn and (file.turn.newest_at or 0) < old:
                file.turn = None


def present(roots: Iterable[Path]) -> list[Path]:
    """The roots that are there and can be listed."""
    return [root for root in roots if root.is_dir() and os.access(root, os.R_OK | os.X_OK)]
