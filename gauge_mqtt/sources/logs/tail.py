"""Session files read from where they were left, whole lines only. Knows offsets and bytes, nothing of windows."""

import os
import stat
import zlib
from dataclasses import dataclass, field

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.turns import Step, Turn, settles
from gauge_mqtt.sources.logs.records import BROKEN, SYNTHETIC_MARK, USAGE_MARKS, turn_steps, usage_record

SLICE = 1 << 20
"""Bytes read in one go: about 3 ms of work, so that the event loop stays responsive."""
LINE_MAX = 1 << 24
"""A longer line is skipped and counted; real ones carry images and reach some MB."""
TURN_TAILS = (1 << 15, 1 << 18)
"""How far back from the end of a file the open turn is looked for: the second only if the first does not tell."""
HEAD = 256
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


@dataclass(slots=True)
class LogFile:
    """One session file: identity, how far it was read, and a checksum of its first bytes against recycled inodes."""

    path: str
    device: int
    inode: int
    offset: int = 0
    head_size: int = 0
    head_crc: int = 0
    skipping: bool = False
    turn: Turn | None = None
    remainder_at: int = 0

    def reset(self, device: int, inode: int) -> None:
        self.device, self.inode = device, inode
        self.offset = self.head_size = self.head_crc = self.remainder_at = 0
        self.skipping, self.turn = False, None


@dataclass(slots=True)
class ReadCounters:
    """What was met on the way. `refused`: lines with a usage that could not be believed; `oversize`: too long."""

    bytes: int = 0
    records: int = 0
    refused: int = 0
    oversize: int = 0
    resets: int = 0


@dataclass(slots=True)
class Tail:
    """Reads session files into a ledger."""

    ledger: Ledger
    counters: ReadCounters = field(default_factory=ReadCounters)

    def advance(self, file: LogFile, *, turns: bool) -> bool:
        """Read at most one slice more of `file`. True if there is more to read. Raises `OSError` if it is gone.

        `turns`: also follow the open turn, needed only for files that were written in the last 5 h.
        """
        with _opened(file) as fd:
            if fd is None:
                return False
            status = os.fstat(fd)
            self._verify(file, fd, status)
            if status.st_size <= file.offset:
                return False
            data = self._read(fd, file.offset)
            end = data.rfind(b"\n") + 1
            if not end:
                if len(data) >= LINE_MAX:
                    self._skip(file, len(data))
                    return True
                return False
            start = 0
            if file.skipping:
                start, file.skipping = data.find(b"\n") + 1, False
            self._take(data, start, end)
            if turns:
                self._follow(file, data, start, end)
            file.offset += end
            self.counters.bytes += end
            if file.head_size < HEAD:
                self._remember_head(file, fd)
            return file.offset < status.st_size and len(data) >= SLICE

    def finish(self, file: LogFile, *, turns: bool) -> bool:
        """Take a last line that never got its newline, once nobody writes any more. True if it was a record.

        The offset stays: should the line be completed after all, it is read again and counted once by its id.
        """
        with _opened(file) as fd:
            if fd is None or file.skipping:
                return False
            size = os.fstat(fd).st_size
            if size <= file.offset or size == file.remainder_at or size - file.offset > LINE_MAX:
                return False
            file.remainder_at = size
            line = os.pread(fd, size - file.offset, file.offset)
        if b"\n" in line:
            return False
        before = self.counters.refused
        changed = self._take(line, 0, len(line))
        self.counters.refused = before  # a torn line is no fault
        if turns:
            self._follow(file, line, 0, len(line))
        return changed

    def _verify(self, file: LogFile, fd: int, status: os.stat_result) -> None:
        same = (status.st_dev, status.st_ino) == (file.device, file.inode) and status.st_size >= file.offset
        if same and file.head_size:
            same = zlib.crc32(os.pread(fd, file.head_size, 0)) == file.head_crc
        if not same:
            if file.offset:
                self.counters.resets += 1
            file.reset(status.st_dev, status.st_ino)

    def _read(self, fd: int, offset: int) -> bytes:
        """One slice; more of it only while it has no complete line."""
        want = SLICE
        while True:
            data = os.pread(fd, want, offset)
            if len(data) < want or want >= LINE_MAX or b"\n" in data:
                return data
            want *= 4

    def _skip(self, file: LogFile, size: int) -> None:
        if not file.skipping:
            self.counters.oversize += 1
        file.skipping = True
        file.offset += size

    def _remember_head(self, file: LogFile, fd: int) -> None:
        head = os.pread(fd, min(HEAD, file.offset), 0)
        file.head_size, file.head_crc = len(head), zlib.crc32(head)

    def _take(self, data: bytes, start: int, end: int) -> bool:
        changed = False
        for mark in USAGE_MARKS:
            found = data.find(mark, start, end)
            if found != -1:
                break
        while found != -1:
            first = data.rfind(b"\n", start, found) + 1 or start
            last = data.find(b"\n", found, end)
            last = end if last == -1 else last
            line = data[first:last]
            try:
                record = usage_record(line)
            except BROKEN:
                self.counters.refused += SYNTHETIC_MARK not in line
            else:
                if record:
                    self.counters.records += 1
                    changed |= self.ledger.add(*record)
            found = data.find(mark, last, end)
        return changed

    def _follow(self, file: LogFile, data: bytes, start: int, end: int) -> None:
        steps: list[Step] = []
        for size in TURN_TAILS:
            first = start if end - start <= size else data.find(b"\n", end - size, end) + 1 or end
            steps = list(turn_steps(data[first:end]))
            if first == start or settles(steps):
                break
        if file.turn is None:
            file.turn = Turn()
        file.turn.feed(steps)


class _opened:  # noqa: N801, reads as a verb where it is used
    """The file, open; `None` for what is not a regular file."""

    __slots__ = ("_fd",)

    def __init__(self, file: LogFile) -> None:
        self._fd = os.open(file.path, OPEN_FLAGS)

    def __enter__(self) -> int | None:
        return self._fd if stat.S_ISREG(os.fstat(self._fd).st_mode) else None

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
