"""A second process that lists and reads the session logs from the first moment of a start, while the first one still
imports what it needs: so a start has two cores. `helper` hears what it tells.
"""

import contextlib
import fcntl
import gc
import os
import signal
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, NoReturn, cast

import msgspec
from msgspec import Struct

from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.logs.listing import Failed, ListedFile, Listing, list_at_once
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.peek import OPEN_S, SETTLED_S, WEEK_S, Estimates, estimates, turns_since
from gauge_mqtt.sources.logs.tail import ReadCounters, Tail

PIPE_BYTES = 1 << 20
TOLD_BYTES, TOLD_SLICES = 1 << 20, 64
"""What was read is told after so many bytes, or slices of files."""
WAITING_MAX = 1 << 24
"""So many bytes may wait for who receives them; with more the process waits, too."""
LENGTH = struct.Struct("=I")
"""Of a message on the pipe. The first is what was found, the others are lists of what was read."""


class Started(NamedTuple):
    """The process, and the end of the pipe on which it tells. Somebody must close the one and wait for the other."""

    pid: int
    pipe: int


def start(roots: Sequence[bytes], *, reads: bool = True) -> Started | None:
    """Begin with the session files below `roots` that were written in the last week; with `reads` off only list them.

    `None` where there is no second core, or no process is to be had. It forks: to be called while there is one thread.
    """
    if not _has_a_second_core():
        return None
    try:
        ours, theirs = os.pipe()
    except OSError:
        return None
    with contextlib.suppress(OSError):  # more than this user may have: then more waits in the process
        fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    try:
        pid = os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        return None
    if pid == 0:
        _work(theirs, roots, reads=reads)
    os.close(theirs)
    return Started(pid, ours)


def _has_a_second_core() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


class Found(Struct, array_like=True, gc=False):
    """What there is. `failed`: path, error number, whether it is a directory. `copies`: `None` if nothing is read."""

    files: list[ListedFile]
    failed: list[tuple[bytes, int, bool]]
    copies: Estimates | None

    @property
    def listing(self) -> Listing:
        failed = [Failed(path, OSError(number, os.strerror(number)), kind) for path, number, kind in self.failed]
        return Listing(self.files, failed)


class Told(Struct, array_like=True, gc=False):
    """What is in a slice of a file: `records` are the arguments of `Ledger.add`. `file`: how far it is read with that;
    `last`: that is all of it.
    """

    file: LogFile
    records: list[tuple[str, str, Entry, bool]]
    plan: list[Sample]
    counters: ReadCounters
    last: bool

    def into(self, tail: Tail) -> None:
        """Take it as if `tail` had read it."""
        for message, request, entry, reused in self.records:
            tail.ledger.add(message, request, entry, reused=reused)
        if self.plan:
            tail.on_plan(self.file.path, self.plan)
        tail.counters.add(self.counters)


class _Records(list[tuple[str, str, Entry, bool]]):
    """Stands in for a ledger."""

    def add(self, message: str, request: str, entry: Entry, *, reused: bool = False) -> bool:
        self.append((message, request, entry, reused))
        return True


class Reader(Tail):
    """A tail that collects what it reads."""

    def __init__(self, now: float) -> None:
        self.plan: list[Sample] = []
        records = cast("Ledger", _Records())
        super().__init__(records, on_plan=lambda _path, plan: self.plan.extend(plan), turns_since=turns_since(now))
        self._now = now

    def slices(self, item: ListedFile, written: float) -> Iterator[Told]:
        """A whole file, as far as it was listed. Raises `OSError`."""
        file, turns, more = LogFile(item.path, item.device, item.inode), self._now - written < OPEN_S, True
        while more:
            more = self.advance(file, turns=turns, upto=item.size)
            if not more and item.mtime < self._now - SETTLED_S and not file.is_read(item.size):
                self.finish(file, turns=turns)
            yield Told(file, cast("_Records", self.ledger), self.plan, self.counters, last=not more)
            self.ledger, self.plan, self.counters = cast("Ledger", _Records()), [], ReadCounters()


def _work(pipe: int, roots: Sequence[bytes], *, reads: bool) -> NoReturn:
    """All that the process does. It leaves everything alone that it has from its parent."""
    try:
        gc.disable()  # there are no cycles, and it does not live long
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Else it would keep the parent's descriptors open, and never learn from its pipe that the parent is gone.
        os.closerange(0, pipe)
        os.closerange(pipe + 1, 1 + max(int(path.name) for path in Path("/proc/self/fd").iterdir()))
        now, (files, failures), outbox = time.time(), list_at_once(roots), _Outbox(pipe)
        copies = estimates(files) if reads else None
        failed = [(path, error.errno or 0, kind) for path, error, kind in failures]
        outbox.put(msgspec.msgpack.encode(Found(files, failed, copies)))
        if copies is not None:
            _read(files, copies, now, outbox)
        outbox.empty()
    finally:
        os._exit(0)


def _read(files: Sequence[ListedFile], copies: Estimates, now: float, outbox: "_Outbox") -> None:
    """Read those of the last week, the newest first."""
    written = [(copies.get((item.device, item.inode)) or item.changed_at, item) for item in files if item.size]
    written.sort(key=itemgetter(0), reverse=True)
    encode, reader = msgspec.msgpack.Encoder().encode, Reader(now)
    batch, size = list[Told](), 0
    for at, item in written:
        if at < now - WEEK_S:
            break
        try:
            for told in reader.slices(item, at):
                batch.append(told)
                size += told.counters.bytes
                if len(batch) == TOLD_SLICES or size > TOLD_BYTES:
                    outbox.put(encode(batch))
                    batch, size = [], 0
        except OSError:  # told as if it were another file: its reader will say what is wrong
            batch.append(Told(LogFile(item.path, 0, 0), [], [], ReadCounters(), last=True))
    outbox.put(encode(batch))


class _Outbox:
    """Writes messages to a pipe without waiting for who reads them, who still has to start."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._waiting = pipe, bytearray()

    def put(self, data: bytes) -> None:
        self._waiting += LENGTH.pack(len(data)) + data
        os.set_blocking(self._pipe, len(self._waiting) > WAITING_MAX)
        with contextlib.suppress(BlockingIOError):
            del self._waiting[: os.write(self._pipe, self._waiting)]

    def empty(self) -> None:
        os.set_blocking(self._pipe, True)
        while self._waiting:
            del self._waiting[: os.write(self._pipe, self._waiting)]
