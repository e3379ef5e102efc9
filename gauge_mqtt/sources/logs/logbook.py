"""All session files below the roots and the ledger made of them: catches up newest first, then follows appends."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from math import inf
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import CACHE_WINDOW
from gauge_mqtt.sources.logs import index
from gauge_mqtt.sources.logs.ahead import Told
from gauge_mqtt.sources.logs.growing import GROWING_S, Growing
from gauge_mqtt.sources.logs.helper import Helper
from gauge_mqtt.sources.logs.listing import ListedFile, Listing, is_gone, list_at_once, look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.pauses import Pauses, Progress
from gauge_mqtt.sources.logs.peek import OPEN_S, SETTLED_S, WEEK_S, Estimates, estimates, turns_since
from gauge_mqtt.sources.logs.tail import SLICE, Tail
from gauge_mqtt.sources.logs.unreadable import UnreadablePaths, is_below

SLACK_S = 2.0
"""Some file systems keep times in steps of 2 s."""
GROWING_LOOKS = 16
"""Files that grow are looked at together, so often at most, until none did meanwhile."""
FEW_FILES = 256
"""So many with a few lines each are read without letting anybody else look: some milliseconds."""
LOOKS = 3
"""A history is listed anew that often at most because a file vanished between its listing and its reading."""
BLOCK_KNOWN, ASK_AGAIN_S = 2, 900.0
"""Whether the 5 h block is known is asked after each 15 min read back: without a pause the answer costs a walk."""
CACHE_S = CACHE_WINDOW.total_seconds()


class Followed(NamedTuple):
    """What `Logbook.follow` did. `size`: bytes read. `more`: a sweep is due, since there is more than one slice, or a
    directory. `gone`: a file is not there any more; the next sweep forgets it. `news`: the readings changed.
    """

    size: int
    more: bool
    gone: bool
    news: bool


class Logbook:
    """Reads `roots` into `ledger`. State is keyed by (device, inode): a renamed file is not a new one.

    `unreadable`: what is there and cannot be read now; what may be short for it is unknown, by `ledger.complete_since`.
    `blind`: there is something, and nothing of it can be read.
    """

    def __init__(self, roots: Sequence[Path], state_dir: Path | None = None) -> None:
        self.roots = list(roots)
        self.tail = Tail(Ledger())
        self.files: dict[tuple[int, int], LogFile] = {}
        self.unreadable = UnreadablePaths()
        self.blind = False
        self.observed_at: float | None = None
        self.unsaved = False
        self._state_dir = state_dir
        self._since = inf
        self._met: set[bytes] = set()
        self._growing = Growing()
        self._known, self._asked_at = 0, inf

    @property
    def ledger(self) -> Ledger:
        return self.tail.ledger

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
        self.files = {(file.device, file.inode): file for file in files}
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
            size, vanished = await self._catch_up(found, copies, changed, progress, helper)
            missed, helper = missed + size, None
            if not (vanished and self.observed_at is None):
                break
        self.unreadable.keep_only(self._met)
        self._complete_since(self._since)
        self.ledger.evict(time.time())
        self._look_around()
        self.observed_at = time.time()
        return missed

    async def _list(self, helper: Helper | None) -> tuple[Listing, Estimates]:
        """What is there, and how old the copies among it are that were not opened yet."""
        told = await helper.found() if helper else None
        found = told.listing if told else await asyncio.to_thread(list_at_once, list(map(os.fsencode, self.roots)))
        copies = told.copies if told else None
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
    ) -> tuple[int, bool]:
        """Read what differs from the listing: the bytes of settled files, and whether one had vanished meanwhile."""
        now, first = time.time(), self.observed_at is None
        self.tail.turns_since = turns_since(now)
        self._met = {failed.path for failed in found.failed}
        for failed in found.failed:
            self.unreadable.add(failed.path, failed.error, is_directory=failed.is_directory)
        self.ledger.evict(now)  # which records decide must be known before they are read
        if self.files:
            helper = None  # it does not know how far they are read
        fresh, older = self._unread(found.files, copies, now)
        self._forget(found)
        todo = sum(max(item.size - file.offset, 0) for _, item, file in fresh)
        pauses = Pauses(self.tail.counters, todo, progress) if todo > SLICE or len(fresh) > FEW_FILES else None
        if first and pauses:
            self._complete_since(inf)  # what a saved index knew is no total of any instant until the rest is read
        floor = older[0][0] + SLACK_S if older else -inf
        known, self.unsaved = len(self.files), self.unsaved or bool(fresh)

        def reached(written: float) -> None:
            if first and written < self._since - 2 * SLACK_S:
                self._complete_since(max(floor, written + SLACK_S))
                if self._learned(now):
                    changed()

        missed = await self._read_all(fresh, now, pauses, reached, helper)
        if progress:
            progress(todo, todo)
        self._complete_since(floor)
        await self._reach_back(older, now)
        return missed, len(self.files) < known

    async def _read_all(
        self,
        fresh: Sequence["_Unread"],
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
        these: Sequence[_Unread]
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
            for written, item, file in these:
                size, grown = await self._read(item, file, now - written, pauses)
                missed += min(size, grown) if item.mtime_ns < settled else 0
            if pauses and pauses.is_due:
                await pauses.rest()
        return missed

    def _take(self, told: Told, these: Sequence["_Unread"], now: float) -> list["_Unread"]:
        """What the helper has read of these files. Returns those that it could not read."""
        told.into(self.tail)
        left: list[_Unread] = []
        for unread, file in zip(these, told.files, strict=True):
            written, item, known = unread
            if file.inode == item.inode and file.device == item.device:
                file.path, file.estimate = item.path, known.estimate
                self.files[item.device, item.inode] = file
                self._note_growing(item, now - written)
            else:
                left.append(unread)
        return left

    def _note_growing(self, item: ListedFile, age: float) -> None:
        if age < GROWING_S and (self.observed_at or not self._growing.is_full):
            self._growing.add(item.path)  # the first time all come, the newest first

    def _unread(
        self, files: Iterable[ListedFile], copies: Estimates, now: float
    ) -> tuple[list["_Unread"], list["_Unread"]]:
        """The files with something new in them, and those of them that are older than a week and never were opened.

        Each with when it was written (unix s), the newest first. That is the later of its times, but of a copy what it
        says itself: after a restore everything is of today.
        """
        fresh: list[_Unread] = []
        older: list[_Unread] = []
        week_ago = now - WEEK_S
        for item in files:
            file = self._file(item)
            if file.changed_ns == item.changed_ns and file.offset == item.size:
                continue
            if not file.is_read(item.size) or (file.changed_ns != item.changed_ns and item.size):
                if copies and (estimate := copies.get((item.device, item.inode))):
                    file.estimate = item.changed_ns, estimate
                written = file.estimate[1] if file.estimate[0] == item.changed_ns else item.changed_at
                (fresh if file.offset or written >= week_ago else older).append((written, item, file))
        for unread in (fresh, older):
            unread.sort(key=itemgetter(0), reverse=True)
        return fresh, older

    def _complete_since(self, at: float) -> None:
        """Every record later than `at` is read, but for what cannot be read."""
        self._since = at
        self.ledger.complete_since = max(at, self.unreadable.upto)

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

    async def _reach_back(self, older: Sequence["_Unread"], now: float) -> None:
        """Where a 5 h block starts depends on all records back to a pause: read on until there is one."""
        for (written, item, file), following in zip_longest(older, older[1:]):
            if self._block_known(now) or self.unreadable.upto >= written:
                return
            self.unsaved = True
            await self._read(item, file, now - written)
            await asyncio.sleep(0)
            self._complete_since(following[0] + SLACK_S if following else -inf)

    def _block_known(self, now: float) -> bool:
        newest = max(self.ledger.order[-1] * 60 if self.ledger.order else -inf, self.ledger.complete_since)
        return newest < now - OPEN_S or self.ledger.latest_block(now) is not None

    async def _read(self, item: ListedFile, file: LogFile, age: float, pauses: Pauses | None = None) -> tuple[int, int]:
        """One file up to its listed size, a slice at a time. `age`: of what is in it, in s. Returns the bytes read, and
        by how many it had grown.
        """
        before, grown = self.tail.counters.bytes, max(item.size - file.offset, 0)
        turns, settled = age < OPEN_S, item.mtime < time.time() - SETTLED_S
        self._note_growing(item, age)
        try:
            if settled:
                self.tail.doubt(file, item)
            while self._advance(item, file, turns=turns, upto=item.size):
                if pauses and pauses.is_due:
                    await pauses.rest()
            if settled and not file.is_read(item.size):
                self.tail.finish(file, turns=turns)
        except OSError as error:
            self._failed(item, file, error)
        return self.tail.counters.bytes - before, grown

    def _advance(self, item: ListedFile, file: LogFile, *, turns: bool, upto: int | None = None) -> bool:
        more = self.tail.advance(file, turns=turns, upto=upto)
        if file.inode != item.inode or file.device != item.device:
            self.files.pop((item.device, item.inode), None)
            self.files[file.device, file.inode] = file
        return more

    def _failed(self, item: ListedFile, file: LogFile, error: OSError) -> None:
        """A file that was listed could not be read."""
        if is_gone(error):
            self.files.pop((item.device, item.inode), None)
            if self.observed_at is not None:
                return
        read = not item.size or (file.is_read(item.size) and item.mtime_ns <= file.changed_ns)
        self.unreadable.add(item.path, error, -inf if read else item.changed_at + SLACK_S)
        self._met.add(item.path)

    def follow(self, paths: Iterable[str | bytes]) -> Followed:
        """Read what was appended to these files, a slice of each."""
        size, known, more, gone = self.tail.counters.bytes, len(self.unreadable), False, False
        for path in map(os.fsencode, paths):
            if not path.endswith(b".jsonl"):
                more = True
                continue
            try:
                more |= self._follow(path)
            except OSError as error:
                if is_gone(error):
                    gone = True
                    self.unreadable.discard(path)
                else:
                    self.unreadable.add(path, error)
        more |= self._follow_others()
        return self._followed(size, known, more=more, gone=gone)

    def _follow_others(self) -> bool:
        """Read the other files that grow until none did meanwhile, so that the sum is that of one instant.

        Else a line could be counted while an older one of another file is still unread.
        """
        more, growing = False, self._growing.paths()
        for _ in range(GROWING_LOOKS if len(growing) > 1 else 0):
            before = self.tail.counters.bytes
            for path in growing:
                try:
                    more |= self._follow(path)
                except OSError:  # its own event will come
                    self._growing.discard(path)
            if self.tail.counters.bytes == before:
                break
        return more

    def _follow(self, path: bytes) -> bool:
        """One file. True if it has more than was read. Raises `OSError` if not even its size can be told."""
        item = look(path)
        if item is None:
            return False
        file = self._file(item)
        if file.is_read(item.size) and file.changed_ns == item.changed_ns and path not in self.unreadable:
            return False
        try:
            more = self._advance(item, file, turns=True)
        except OSError as error:
            self._failed(item, file, error)
            return False
        self.unreadable.discard(path)
        self._growing.add(path)
        return more

    def _followed(self, size: int, known: int, *, more: bool, gone: bool) -> Followed:
        size, news = self.tail.counters.bytes - size, len(self.unreadable) != known
        if size:
            self.unsaved, self.observed_at = True, time.time()
        if news:
            self._look_around()
        self._complete_since(self._since)
        return Followed(size, more, gone, size > 0 or news)

    def try_again(self) -> Followed:
        """Read what could not be read, as far as it can be now: a few of the files, and whether a directory opens."""
        tried = self.unreadable.to_try()
        followed = self.follow([path for path, found in tried if not found.is_directory])
        opened = any(_can_list(path) for path, found in tried if found.is_directory)
        return followed._replace(more=followed.more or opened)

    def _look_around(self) -> None:
        self.blind = bool(self.unreadable) and all(
            not file.path or self.unreadable.covers(file.path) for file in self.files.values()
        )

    def _file(self, item: ListedFile) -> LogFile:
        file = self.files.get((item.device, item.inode))
        if file is None:
            file = self.files[item.device, item.inode] = LogFile(item.path, item.device, item.inode)
        elif file.path != item.path:
            file.path = item.path
        return file

    def _forget(self, found: Listing) -> None:
        """Drop the files that are gone, and old turns. What lies below an unreadable directory may still be there."""
        if len(self.files) != len(found.files):
            there = {(item.device, item.inode) for item in found.files}
            self.files = {
                ident: file
                for ident, file in self.files.items()
                if ident in there or (is_below(file.path, self._met) if file.path else self._met)
            }
        old = time.time() - OPEN_S
        for file in self.files.values():
            if file.turn and (file.turn.newest_at or 0) < old:
                file.turn = None


_Unread = tuple[float, ListedFile, LogFile]


def _can_list(path: bytes) -> bool:
    try:
        with os.scandir(path) as entries:
            for _ in entries:
                pass
    except OSError as error:
        return is_gone(error)
    return True
