"""All session files below the roots and the ledger made of them: catches up newest first, then follows appends."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from math import inf
from pathlib import Path

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs import index
from gauge_mqtt.sources.logs.ahead import Told
from gauge_mqtt.sources.logs.completeness import Completeness, block_known
from gauge_mqtt.sources.logs.file_reader import SLACK_S, FileReader, Followed
from gauge_mqtt.sources.logs.helper import Helper
from gauge_mqtt.sources.logs.known_files import KnownFiles
from gauge_mqtt.sources.logs.listing import ListedFile, Listing, list_at_once
from gauge_mqtt.sources.logs.pauses import Pauses, Progress
from gauge_mqtt.sources.logs.peek import SETTLED_S, Estimates, estimates, turns_since
from gauge_mqtt.sources.logs.tail import SLICE, Tail
from gauge_mqtt.sources.logs.unread import Dated, unread
from gauge_mqtt.sources.logs.unreadable import UnreadablePaths

FEW_FILES = 256
"""So many with a few lines each are read without letting anybody else look: some milliseconds."""
LOOKS = 3
"""A history is listed anew that often at most because a file vanished between its listing and its reading."""


class Logbook:
    """Reads `roots` into `ledger`.

    `unreadable`: what is there and cannot be read now; what may be short for it is unknown, by `ledger.complete_since`.
    `blind`: there is something, and nothing of it can be read.
    """

    def __init__(self, roots: Sequence[Path], state_dir: Path | None = None) -> None:
        self.roots = list(roots)
        self.blind = False
        self.unsaved = False
        self._state_dir = state_dir
        self._reader = FileReader()
        self._complete = Completeness(self._reader.unreadable)

    @property
    def tail(self) -> Tail:
        return self._reader.tail

    @property
    def ledger(self) -> Ledger:
        return self._reader.tail.ledger

    @property
    def files(self) -> KnownFiles:
        return self._reader.files

    @property
    def unreadable(self) -> UnreadablePaths:
        return self._reader.unreadable

    @property
    def observed_at(self) -> float | None:
        """When the files were last looked at, unix seconds."""
        return self._reader.observed_at

    def age(self) -> float | None:
        """Seconds since the files were last looked at; `None` before the first time."""
        return None if self.observed_at is None else max(0.0, time.time() - self.observed_at)

    def restore(self) -> bool:
        """Take up the saved index. False if there is none. Nothing is known of the time since, before `catch_up`."""
        if self._state_dir is None:
            return False
        index.remove_abandoned(self._state_dir)
        saved = index.load(self._state_dir, self.roots)
        if saved is None:
            return False
        self.tail.ledger, files = saved
        self._reader.files = KnownFiles(files)
        return True

    def save(self) -> None:
        """Write the index if anything was read since. Raises `OSError`; the next call tries again."""
        if self._state_dir and self.unsaved:
            index.write(self._state_dir, index.encode(self.ledger, self.files.values(), self.roots))
            self.unsaved = False

    async def catch_up(
        self, changed: Callable[[], None], progress: Progress | None = None, helper: Helper | None = None
    ) -> int:
        """Compare every file with what was read of it and read the difference, newest first.

        Returns the bytes read of files that nobody has written to for `SETTLED_S`: what `follow` should have seen.

        The first time, `ledger.complete_since` moves back as the reading does, so that each window becomes known as
        soon as it can be. Files older than a week are opened only as far as the 5 h block needs them. `helper`: who has
        begun with it already.

        Whoever looks at the ledger meanwhile sees a sum that was the truth at one instant: each file is read as far as
        it had got when all were listed, and a small difference is read without letting anybody look in between.
        """
        missed = 0
        for _ in range(LOOKS):
            found, copies = await self._list(helper)
            missed += await self._catch_up(found, copies, changed, progress, helper)
            helper = None
            if not (self._reader.vanished and self.observed_at is None):
                break
        self.unreadable.keep_only(self._reader.met)
        self._complete.tell(self.ledger)
        self.ledger.evict(time.time())
        self._look_around()
        self._reader.observed_at = time.time()
        return missed

    async def _list(self, helper: Helper | None) -> tuple[Listing, Estimates]:
        """What is there, and how old the copies among it are that were not opened yet."""
        told = await helper.found() if helper else None
        found, copies = told or (await asyncio.to_thread(list_at_once, list(map(os.fsencode, self.roots))), None)
        return found, await asyncio.to_thread(estimates, found.files, self._is_dated) if copies is None else copies

    def _is_dated(self, item: ListedFile) -> bool:
        """Whether it is known how old the lines of this copy are."""
        file = self.files.get((item.device, item.inode))
        return file is not None and bool(file.offset or file.estimate[0] == item.changed_ns)

    async def _catch_up(
        self,
        found: Listing,
        copies: Estimates,
        changed: Callable[[], None],
        progress: Progress | None,
        helper: Helper | None,
    ) -> int:
        """Read what differs from the listing. Returns the bytes of settled files."""
        now, first = time.time(), self.observed_at is None
        self.tail.turns_since = turns_since(now)
        self._reader.listed(found.failed)
        self.ledger.evict(now)  # which records decide must be known before they are read
        if self.files:
            helper = None  # it does not know how far they are read
        fresh, todo, older, new = unread(found.files, self.files, copies, now)
        self.files.keep_only(found, new, self._reader.met)
        pauses = Pauses(self.tail.counters, todo, progress) if todo > SLICE or len(fresh) > FEW_FILES else None
        if first and pauses:  # what an index knew is no total of any instant until the rest is read
            self._complete.tell(self.ledger, inf)
        floor = older[0][0] + SLACK_S if older else -inf
        self.unsaved = self.unsaved or bool(fresh)

        def reached(written: float) -> None:
            if first and written < self._complete.since - 2 * SLACK_S:
                self._complete.tell(self.ledger, max(floor, written + SLACK_S))
                if self._complete.learned(self.ledger, now):
                    changed()

        missed = await self._read_all(fresh, now, pauses, reached, helper)
        if progress:
            progress(todo, todo)
        self._complete.tell(self.ledger, floor)
        await self._reach_back(older, now)
        return missed

    async def _read_all(
        self,
        fresh: Sequence[Dated],
        now: float,
        pauses: Pauses | None,
        reached: Callable[[float], None],
        helper: Helper | None,
    ) -> int:
        """Read these, the newest first: the bytes of those that are settled. `reached` is called with the time from
        which on all is read but for the file that is read next.

        While the helper is still at that file, the oldest is read instead: the two meet.
        """
        missed, settled, start, end = 0, (now - SETTLED_S) * 1e9, 0, len(fresh)
        counters = self.tail.counters
        these: Sequence[Dated]
        while start < end:
            reached(fresh[start][0])
            told = helper.told() if helper else None
            if told and len(told.files) <= end - start:
                these = self._take(told, fresh[start : start + len(told.files)], now)
                start += len(told.files)
            elif helper and not (told or helper.is_done):
                end -= 1
                these = fresh[end : end + 1]
            else:
                helper, these = None, fresh[start : start + 1]  # it is dead, or the two have met
                start += 1
            for written, item in these:
                before = counters.bytes
                more = self._reader.begin(item, now - written)
                size = await self._reader.read(item, now - written, pauses) if more else counters.bytes - before
                missed += size if item.mtime_ns < settled else 0
            if pauses and pauses.is_due:
                await pauses.rest()
        return missed

    def _take(self, told: Told, these: Sequence[Dated], now: float) -> list[Dated]:
        """What the helper has read of these files. Returns those that it could not read."""
        told.into(self.tail)
        left: list[Dated] = []
        for dated, file in zip(these, told.files, strict=True):
            written, item = dated
            if file.inode == item.inode and file.device == item.device:
                file.path = item.path
                self.files.note(file)
                self._reader.note_growing(item, now - written)
            else:
                left.append(dated)
        return left

    async def _reach_back(self, older: Sequence[Dated], now: float) -> None:
        """Where a 5 h block starts depends on all records back to a pause: read on until there is one."""
        for (written, item), following in zip_longest(older, older[1:]):
            if block_known(self.ledger, now) or self.unreadable.upto >= written:
                return
            self.unsaved = True
            if self._reader.begin(item, now - written):
                await self._reader.read(item, now - written)
            await asyncio.sleep(0)
            self._complete.tell(self.ledger, following[0] + SLACK_S if following else -inf)

    def follow(self, paths: Iterable[str | bytes]) -> Followed:
        """Read what was appended to these files, a slice of each."""
        return self._followed(len(self.unreadable), self._reader.follow(paths))

    def try_again(self) -> Followed:
        """Read what could not be read, as far as it can be now: a few of the files, and whether a directory opens."""
        return self._followed(len(self.unreadable), self._reader.try_again())

    def _followed(self, unreadable: int, followed: Followed) -> Followed:
        """`unreadable`: how many paths were before."""
        self.unsaved = self.unsaved or followed.size > 0
        if len(self.unreadable) != unreadable:
            self._look_around()
        self._complete.tell(self.ledger)
        return followed

    def _look_around(self) -> None:
        self.blind = bool(self.unreadable) and all(
            not file.path or self.unreadable.covers(file.path) for file in self.files.values()
        )
