"""Session files read from where they were left, whole lines only. Knows offsets and bytes, nothing of windows."""

import os
import re
import stat
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.core.turns import Step, Turn, settles
from gauge_mqtt.core.windows import WINDOW_AHEAD_S
from gauge_mqtt.sources.logs.decode import BROKEN
from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.records import (
    REPORT_MARK,
    SYNTHETIC_MARK,
    USAGE_MARKS,
    UsageLine,
    response,
    turn_steps,
    usage_line,
    usage_report,
)

SLICE = 1 << 20
"""Bytes read in one go: about 3 ms of work, so that the event loop stays responsive."""
LINE_MAX = 1 << 24
"""A longer line is skipped and counted; real ones carry images and reach some MB."""
TURN_TAILS = (1 << 15, 1 << 18)
"""How far back from the end of a file the open turn is looked for: the second only if the first does not tell."""
HEAD, TAIL = 256, 2048
"""Bytes by which a file is recognised: its first, and those before the offset. A few hundred would not do at the end:
where a line ends with its counts, many lines end alike.
"""
TIMESTAMP_MARK = b'"timestamp":"'
TIMESTAMP = re.compile(rb'"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z"')
"""In UTC, as Claude Code writes it."""
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


class ReadCounters(Struct, array_like=True, gc=False):
    """What was met on the way. `refused`: lines with a usage that could not be believed; `oversize`: too long."""

    bytes: int = 0
    records: int = 0
    refused: int = 0
    oversize: int = 0
    resets: int = 0

    def add(self, other: "ReadCounters") -> None:
        self.bytes += other.bytes
        self.records += other.records
        self.refused += other.refused
        self.oversize += other.oversize
        self.resets += other.resets


@dataclass(slots=True)
class Tail:
    """Reads session files into a ledger. `on_plan` gets the path of a file and the official percentages met in it.

    `turns_since` (`2026-11-28T12:00:00`, UTC): a session whose last records are older awaits nothing any more.
    """

    ledger: Ledger
    counters: ReadCounters = field(default_factory=ReadCounters)
    on_plan: Callable[[bytes, list[Sample]], None] = lambda *_: None
    turns_since: bytes = b""
    on_lines: Callable[[LogFile, bytes, int], None] | None = None
    """Called with a file, what was just read of it and from which offset; whole lines, unless one was too long."""

    def begin(self, file: LogFile, item: ListedFile, *, turns: bool) -> bool:
        """Read the first slice of a file of which nothing was read yet, as far as it was listed. True if there is more.

        What is there is taken for what was listed, without asking again: most of a history is small files. If another
        file has come into its place since, the next listing says so, and what is in both counts once. Raises `OSError`.
        """
        fd = os.open(item.path, OPEN_FLAGS)
        try:
            data = os.pread(fd, min(item.size, SLICE), 0)
        finally:
            os.close(fd)
        file.changed_ns = item.changed_ns
        self._consume(file, data, turns=turns)
        return item.size > SLICE

    def advance(self, file: LogFile, *, turns: bool, upto: int | None = None) -> bool:
        """Read at most one slice more of `file`, of its first `upto` bytes if given. True if there is more to read.

        A file that is not recognised was replaced or rewritten: it is read from its start, and what is known stays
        known. Raises `OSError`.

        `turns`: also follow the open turn, needed only for files that were written in the last 5 h.
        """
        fd = os.open(file.path, OPEN_FLAGS)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                return False
            if status.st_ino != file.inode or status.st_dev != file.device:  # replaced since it was listed
                self._start_anew(file)
                file.device, file.inode = status.st_dev, status.st_ino
            size = status.st_size if upto is None else min(upto, status.st_size)
            data, whole = self._read(file, fd, status.st_size, size)
        finally:
            os.close(fd)
        more = self._consume(file, data, turns=turns) and file.offset < size and not whole
        changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
        if changed_ns != file.changed_ns:
            file.changed_ns, file.remainder_at = changed_ns, 0
        return more

    def _read(self, file: LogFile, fd: int, there: int, size: int) -> tuple[bytes, bool]:
        """The bytes by which the file is recognised again and one slice behind them; whether that is all up to `size`,
        of the `there` bytes that there are.

        More than a slice only while there is no complete line in it.
        """
        if file.offset and not self._recognised(file, fd, there):
            self._start_anew(file)
        known = file.tail[0]
        left, want = max(size - file.offset, 0), SLICE
        while True:
            data = os.pread(fd, known + min(want, left), file.offset - known)
            if file.offset and zlib.crc32(data[:known]) != file.tail[1]:
                self._start_anew(file)
                known, left, want = 0, size, SLICE
                continue
            if want >= left:
                return data, True
            if want >= LINE_MAX or len(data) < known + want or data.find(b"\n", known) != -1:
                return data, False
            want *= 4

    def doubt(self, file: LogFile, item: ListedFile) -> None:
        """Read a file anew that was written to and did not grow: something in its middle is another.

        To be called only once nobody writes any more: a new time may be seen before the new size.
        """
        if file.offset == item.size and item.mtime_ns > file.changed_ns:
            self._start_anew(file)

    def _start_anew(self, file: LogFile) -> None:
        self.counters.resets += file.offset > 0
        file.reset()

    def _recognised(self, file: LogFile, fd: int, there: int) -> bool:
        head, crc = file.head
        return there >= file.offset and zlib.crc32(os.pread(fd, head, 0)) == crc

    def _consume(self, file: LogFile, data: bytes, *, turns: bool) -> bool:
        """Take the whole lines of `data`, which begins with the `file.tail` that is known. False if there was none."""
        start = file.tail[0]
        end = data.rfind(b"\n", start) + 1
        if end:
            first = start
            if file.skipping:
                first, file.skipping = data.find(b"\n", start) + 1, False
            self._take(file, data, first, end)
            if turns:
                self._follow(file, data, first, end)
                self._find_reports(file, data, first, end)
            self.counters.bytes += end - start
        elif len(data) - start >= LINE_MAX:
            self.counters.oversize += not file.skipping
            file.skipping, end = True, len(data)
        else:
            return False
        if not file.offset and HEAD <= end <= TAIL:  # a small file: the one begins the other
            crc = zlib.crc32(data[:HEAD])
            file.head, file.tail = (HEAD, crc), (end, zlib.crc32(data[HEAD:end], crc))
        else:
            size, crc = file.head
            if size < HEAD:
                head = data[start : min(start + HEAD - size, end)]
                file.head = size + len(head), zlib.crc32(head, crc)
            tail = data[max(end - TAIL, 0) : end]
            file.tail = len(tail), zlib.crc32(tail)
        file.offset += end - start
        if self.on_lines is not None:
            self.on_lines(file, data[start:end], file.offset - (end - start))
        return True

    def finish(self, file: LogFile, *, turns: bool) -> bool:
        """Take a last line that never got its newline, once nobody writes any more. True if it was a record.

        The offset stays: should the line be completed after all, it is read again and counted once by its id. Raises
        `OSError` as `advance` does.
        """
        if file.skipping:
            return False
        fd = os.open(file.path, OPEN_FLAGS)
        try:
            size = os.fstat(fd).st_size
            if size <= file.offset or size == file.remainder_at or size - file.offset > LINE_MAX:
                return False
            line = os.pread(fd, size - file.offset, file.offset)
        finally:
            os.close(fd)
        if b"\n" in line:
            return False
        file.remainder_at = size
        before = self.counters.refused
        changed = self._take(file, line, 0, len(line))
        self.counters.refused = before  # a torn line is no fault
        if turns:
            self._follow(file, line, 0, len(line))
            self._find_reports(file, line, 0, len(line))
        return changed

    def _take(self, file: LogFile, data: bytes, start: int, end: int) -> bool:
        changed, unnamed = False, start
        before: UsageLine | None = None
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
                if record := usage_line(line):
                    if before is None or not record.repeats(before):
                        if not record.is_named:
                            file.runs.user_records(data[unnamed:first])
                            unnamed = last
                        changed |= self._account(file, record, line)
                        before = record
                    self.counters.records += 1
            except BROKEN:
                self.counters.refused += SYNTHETIC_MARK not in line
            found = data.find(mark, last, end)
        if file.runs.runs:
            file.runs.user_records(data[unnamed:end])
        return changed

    def _account(self, file: LogFile, record: UsageLine, line: bytes) -> bool:
        """Take one record into the ledger. True if it changed it. Raises one of `BROKEN`."""
        told = response(record, line)
        message, request, entry = told.message, told.request, told.entry
        if request is None:
            request = file.runs.request_of(line, message)
        if "\n" in request:  # ends a message id in the ledger's keys
            request = request.replace("\n", " ")
        reused = not entry.main and file.runs.is_reused(message, request)
        changed = self.ledger.add(message, request, entry, reused=reused)
        if told.advice or told.refused:
            self.counters.refused += told.refused
            for number, advice in enumerate(told.advice):
                changed |= self.ledger.add(f"{message}\nadvice {number}", request, advice, reused=reused)
        return changed

    def _is_old(self, data: bytes, start: int, end: int) -> bool:
        """Whether all these lines are older than any turn of interest, which is told sooner than what they say."""
        found = last = data.rfind(TIMESTAMP_MARK, start, end)
        while found != -1:
            stamp = TIMESTAMP.match(data, found, end)
            if stamp is None or stamp[1] >= self.turns_since:
                return False
            found = data.rfind(TIMESTAMP_MARK, start, found)
        return last != -1

    def _follow(self, file: LogFile, data: bytes, start: int, end: int) -> None:
        if file.turn is None and self._is_old(data, max(start, end - TURN_TAILS[0]), end):
            return
        steps: list[Step] = []
        upto = time.time() + WINDOW_AHEAD_S
        for size in TURN_TAILS:
            first = start if end - start <= size else data.find(b"\n", end - size, end) + 1 or end
            steps = list(turn_steps(data[first:end], upto))
            if first == start or settles(steps):
                break
        if file.turn is None:
            file.turn = Turn()
        file.turn.feed(steps)

    def _find_reports(self, file: LogFile, data: bytes, start: int, end: int) -> None:
        """An answer of `/usage` is looked for where turns are: an older one says less than the next status line."""
        found = data.find(REPORT_MARK, start, end)
        while found != -1:
            first = data.rfind(b"\n", start, found) + 1 or start
            last = data.find(b"\n", found, end)
            last = end if last == -1 else last
            if samples := usage_report(data[first:last]):
                self.on_plan(file.path, samples)
            found = data.find(REPORT_MARK, last, end)
