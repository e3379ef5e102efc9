"""Session files read into the ledger: those of a listing as far as they were listed, those that grow as they do."""

import os
import stat
import time
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.growing import GROWING_S, Growing
from gauge_mqtt.sources.logs.known_files import KnownFiles
from gauge_mqtt.sources.logs.listing import Failed, ListedFile, is_gone, look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.pauses import Pauses
from gauge_mqtt.sources.logs.peek import OPEN_S, SETTLED_S
from gauge_mqtt.sources.logs.tail import Tail
from gauge_mqtt.sources.logs.unreadable import UnreadablePaths

SLACK_S = 2.0
"""Some file systems keep times in steps of 2 s."""
GROWING_LOOKS = 16
"""Files that grow are looked at together, so often at most, until none did meanwhile."""


class Followed(NamedTuple):
    """What `follow` did. `size`: bytes read. `more`: a sweep is due, since there is more than one slice, or a
    directory. `gone`: a file is not there any more; the next sweep forgets it. `news`: the readings changed.
    """

    size: int
    more: bool
    gone: bool
    news: bool


class FileReader:
    """`unreadable`: what is there and cannot be read now. `met`: the paths that were so since the last `listed`.
    `vanished`: since then a file was not there any more. `observed_at`: when the files were last looked at, unix s.
    """

    def __init__(self) -> None:
        self.tail = Tail(Ledger())
        self.files = KnownFiles()
        self.unreadable = UnreadablePaths()
        self.observed_at: float | None = None
        self.met: set[bytes] = set()
        self.vanished = False
        self._growing = Growing()

    def listed(self, failed: Iterable[Failed]) -> None:
        """All files are looked at anew; these could not be."""
        self.met, self.vanished = set(), False
        for path, error, is_directory in failed:
            self.unreadable.add(path, error, is_directory=is_directory)
            self.met.add(path)

    def note_growing(self, item: ListedFile, age: float) -> None:
        if age < GROWING_S and (self.observed_at or not self._growing.is_full):
            self._growing.add(item.path)  # the first time all come, the newest first

    def begin(self, item: ListedFile, age: float) -> bool:
        """Read the first slice of a file that was never read. `age`: of what is in it, in s. True if there is more to
        read, as of any other file.
        """
        file, turns = self.files.of(item), age < OPEN_S
        if file.changed_ns:
            return True
        self.note_growing(item, age)
        try:
            more = self.tail.begin(file, item, turns=turns)
            if not more and file.offset != item.size and item.mtime < time.time() - SETTLED_S:
                self.tail.finish(file, turns=turns)
        except OSError as error:
            self._failed(item, file, error)
            return False
        if file.turn:
            self.files.note(file)
        return more

    async def read(self, item: ListedFile, age: float, pauses: Pauses | None = None) -> int:
        """One file up to its listed size, a slice at a time. Returns the bytes read of those by which it had grown."""
        before, grown = self.tail.counters.bytes, max(item.size - self.files.of(item).offset, 0)
        file, turns, settled = self.files.of(item), age < OPEN_S, item.mtime < time.time() - SETTLED_S
        self.note_growing(item, age)
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
        return min(self.tail.counters.bytes - before, grown)

    def _advance(self, item: ListedFile, file: LogFile, *, turns: bool, upto: int | None = None) -> bool:
        more = self.tail.advance(file, turns=turns, upto=upto)
        if file.inode != item.inode or file.device != item.device:
            self.files.pop((item.device, item.inode), None)
        self.files.note(file)
        return more

    def _failed(self, item: ListedFile, file: LogFile, error: OSError) -> None:
        """A file that was listed could not be read."""
        if is_gone(error):
            self.files.pop((item.device, item.inode), None)
            self.vanished = True
            if self.observed_at is not None:
                return
        read = not item.size or (file.is_read(item.size) and item.mtime_ns <= file.changed_ns)
        self.unreadable.add(item.path, error, -inf if read else item.changed_at + SLACK_S)
        self.met.add(item.path)

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
        size = self.tail.counters.bytes - size
        if size:
            self.observed_at = time.time()
        return Followed(size, more, gone, size > 0 or len(self.unreadable) != known)

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
        """One file. True if there is more than was read. Raises `OSError` if not even its size can be told."""
        item = look(path)
        if item is None:  # a directory may be called so, too
            self._growing.discard(path)
            return stat.S_ISDIR(os.lstat(path).st_mode)
        file = self.files.of(item)
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

    def try_again(self) -> Followed:
        """Read what could not be read, as far as it can be now: a few of the files, and whether a directory opens."""
        tried = self.unreadable.to_try()
        followed = self.follow([path for path, found in tried if not found.is_directory])
        opened = any(_can_list(path) for path, found in tried if found.is_directory)
        return followed._replace(more=followed.more or opened)


def _can_list(path: bytes) -> bool:
    try:
        with os.scandir(path) as entries:
            for _ in entries:
                pass
    except OSError as error:
        return is_gone(error)
    return True
