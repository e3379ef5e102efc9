"""A second process that reads a long history from its old end, so that the first start has two cores.

It only takes work away: what it has not told when its file's turn comes, or cannot tell, is read here as ever.
"""

import contextlib
import fcntl
import os
import signal
import struct
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.tail import ReadCounters, Tail

WORTH_BYTES, FILE_BYTES = 64 << 20, 1 << 15
"""So much to read is worth a process; a file costs as much as that many bytes, however small it is."""
PIPE_BYTES = 1 << 20
ASKED = 16
"""The pipe is emptied at each so many questions, until it is reached how far the helper has come."""
NICE = 10
"""Where there is no idle core the reader itself, which has the newest files, goes first."""
LENGTH = struct.Struct("=I")


class Job(Struct, array_like=True, gc=False):
    """A file that was never read. `turns`, `settled`: to follow its turn; that nobody writes any more."""

    item: ListedFile
    turns: bool
    settled: bool


class Told(Struct, array_like=True, gc=False):
    """What is in a file: `records` are the arguments of `Ledger.add`."""

    file: LogFile
    records: list[tuple[str, str, Entry, bool]]
    plan: list[Sample]
    counters: ReadCounters

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


def read(job: Job, turns_since: bytes) -> Told:
    """A whole file, as far as it was listed. Raises `OSError`."""
    item, records, plan = job.item, _Records(), list[Sample]()
    file = LogFile(item.path, item.device, item.inode)
    tail = Tail(cast("Ledger", records), on_plan=lambda _path, samples: plan.extend(samples), turns_since=turns_since)
    while tail.advance(file, turns=job.turns, upto=item.size):
        pass
    if job.settled and not file.is_read(item.size):
        tail.finish(file, turns=job.turns)
    return Told(file, records, plan, tail.counters)


class Helper:
    """Reads `jobs`, the last one first, and keeps what it has read until it is asked for.

    `start` gives `None` where it is not worth it, or no process is to be had.
    """

    def __init__(self, pid: int, pipe: int) -> None:
        self._pid, self._pipe = pid, pipe
        self._received, self._asked, self._met = bytearray(), 0, False
        self._told: dict[bytes, bytes] = {}
        self._decode = msgspec.msgpack.Decoder(Told).decode

    @classmethod
    def start(cls, jobs: Sequence[Job], turns_since: bytes) -> "Helper | None":
        if sum(job.item.size + FILE_BYTES for job in jobs) < WORTH_BYTES or not _has_a_second_core():
            return None
        try:
            ours, theirs = os.pipe()
        except OSError:
            return None
        os.set_blocking(ours, False)
        with contextlib.suppress(OSError):  # more than this user may have: then it waits more often
            fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        with warnings.catch_warnings():  # of other threads, whose locks the child would need: it takes none
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                pid = os.fork()
            except OSError:
                os.close(ours)
                os.close(theirs)
                return None
        if pid == 0:
            _work(theirs, reversed(jobs), turns_since)
        os.close(theirs)
        return cls(pid, ours)

    def told(self, item: ListedFile) -> Told | None:
        """What it has read of that file; `None` if it has not got there."""
        self._asked += 1
        if item.path not in self._told and (self._met or self._asked % ASKED == 0):
            self._receive()
        data = self._told.pop(item.path, None)
        self._met |= data is not None
        found = None if data is None else self._decode(data)
        return found if found and (found.file.device, found.file.inode) == (item.device, item.inode) else None

    def close(self) -> None:
        os.close(self._pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _receive(self) -> None:
        received = self._received
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._pipe, PIPE_BYTES):
                received += data
        at = 0
        while at + 2 * LENGTH.size <= len(received):
            name, size = LENGTH.unpack_from(received, at)[0], LENGTH.unpack_from(received, at + LENGTH.size)[0]
            start = at + 2 * LENGTH.size
            if start + name + size > len(received):
                break
            self._told[bytes(received[start : start + name])] = bytes(received[start + name : start + name + size])
            at = start + name + size
        del received[:at]


def _has_a_second_core() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _work(pipe: int, jobs: Iterable[Job], turns_since: bytes) -> None:
    """What the child does. It never returns, and leaves everything alone that it has from its parent."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Else it would keep the parent's sockets open, and never learn from its pipe that the parent is gone.
        os.closerange(3, pipe)
        os.closerange(pipe + 1, 1 + max(int(path.name) for path in Path("/proc/self/fd").iterdir()))
        os.nice(NICE)
        encode = msgspec.msgpack.Encoder().encode
        for job in jobs:
            try:
                data = encode(read(job, turns_since))
            except OSError:  # its reader will say what is wrong
                continue
            path = job.item.path
            rest = memoryview(LENGTH.pack(len(path)) + LENGTH.pack(len(data)) + path + data)
            while rest:
                rest = rest[os.write(pipe, rest) :]
    finally:
        os._exit(0)
