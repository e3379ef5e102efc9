"""A second process that lists and reads the session logs from the first moment of a start, while the first one still
imports what it needs: so a start has two cores. `helper` hears what it tells.
"""

import contextlib
import fcntl
import gc
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
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
TOLD_BYTES, TOLD_FILES = 1 << 18, 64
"""What was read is told after about so many bytes or files."""
WAITING_MAX = 1 << 24
"""So many bytes may wait for who receives them; with more the process waits, too."""
PATIENCE_S = 0.005
"""So long who receives may take to show that it is awake."""
HEADER = struct.Struct("=BI")
"""Of a message on the pipe: its kind and its length."""
LISTED, FOUND, TOLD, FAULT, DONE = range(5)
"""Kinds of messages, in this order: files again and again, what else there is, again and again what was read, at last
why that ended.
"""
LISTED_FILES = 4096
"""So many are told at once: who receives them unpacks some while the next are packed."""


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
    """What there is beside the files. `failed`: path, error number, whether it is a directory. `copies`: `None` if
    nothing is read.
    """

    failed: list[tuple[bytes, int, bool]]
    copies: Estimates | None

    def listing(self, files: list[ListedFile]) -> Listing:
        failed = [Failed(path, OSError(number, os.strerror(number)), kind) for path, number, kind in self.failed]
        return Listing(files, failed)


class Told(Struct, array_like=True, gc=False):
    """What was read since the message before. `files`: how far the next ones are read, in the order of `newest_first`;
    without their paths, which the listing has, and without an inode where one could not be read. `records`: what is in
    them, and perhaps in the one behind them that is still being read, as arguments of `Ledger.add`.
    """

    files: list[LogFile]
    records: list[tuple[str, str, Entry, bool]]
    plan: list[tuple[bytes, list[Sample]]]
    counters: ReadCounters

    def into(self, tail: Tail) -> None:
        """Take all but the files as if `tail` had read it."""
        add = tail.ledger.add
        for message, request, entry, reused in self.records:
            add(message, request, entry, reused=reused)
        for path, samples in self.plan:
            tail.on_plan(path, samples)
        tail.counters.add(self.counters)


class _Records(list[tuple[str, str, Entry, bool]]):
    """Stands in for a ledger."""

    def add(self, message: str, request: str, entry: Entry, *, reused: bool = False) -> bool:
        self.append((message, request, entry, reused))
        return True


def _work(pipe: int, roots: Sequence[bytes], *, reads: bool) -> NoReturn:
    """All that the process does. It leaves everything alone that it has from its parent, whom it tells its faults."""
    outbox = _Outbox(pipe)
    try:
        gc.disable()  # there are no cycles, and it does not live long
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Else it would keep the parent's descriptors open, and never learn from its pipe that the parent is gone.
        os.closerange(0, pipe)
        os.closerange(pipe + 1, 1 + max(int(path.name) for path in Path("/proc/self/fd").iterdir()))
        now, (files, failures) = time.time(), list_at_once(roots)
        for begin in range(0, len(files), LISTED_FILES):
            outbox.put(LISTED, msgspec.msgpack.encode(files[begin : begin + LISTED_FILES]))
        copies = estimates(files) if reads else None
        failed = [(path, error.errno or 0, kind) for path, error, kind in failures]
        outbox.put(FOUND, msgspec.msgpack.encode(Found(failed, copies)))
        outbox.hand_over()
        if copies is not None:
            for told in _read(newest_first(files, copies, now), now):
                outbox.put(TOLD, msgspec.msgpack.encode(told))
        outbox.put(DONE)
        outbox.empty()
    except BrokenPipeError:  # nobody wants to know
        pass
    except Exception as fault:  # noqa: BLE001 (said by who hears of it)
        outbox.put(FAULT, _place(fault).encode())
        outbox.empty()
    finally:
        os._exit(0)


def _place(fault: Exception) -> str:
    """What happened and where. Not in its own words, which may quote a log."""
    import traceback  # noqa: PLC0415, mostly there is none

    where = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} at {Path(where.filename).name}:{where.lineno}"


def newest_first(files: Iterable[ListedFile], copies: Estimates, now: float) -> list[tuple[float, ListedFile]]:
    """Those with something in them that were written in the last week, each with when that was (unix s)."""
    dated = ((copies.get((item.device, item.inode)) or item.changed_at, item) for item in files if item.size)
    return sorted(((at, item) for at, item in dated if at >= now - WEEK_S), key=itemgetter(0), reverse=True)


def _read(files: Iterable[tuple[float, ListedFile]], now: float) -> Iterator[Told]:
    tail, told = Tail(cast("Ledger", _Records()), turns_since=turns_since(now)), list[LogFile]()
    plan: list[tuple[bytes, list[Sample]]] = []
    tail.on_plan = lambda path, samples: plan.append((path, samples))

    def collected() -> Told:
        nonlocal told, plan
        found = Told(told, cast("_Records", tail.ledger), plan, tail.counters)
        tail.ledger, told, plan, tail.counters = cast("Ledger", _Records()), [], [], ReadCounters()
        return found

    for written, item in files:
        file, turns = LogFile(item.path, item.device, item.inode), now - written < OPEN_S
        try:
            more = tail.begin(file, item, turns=turns)
            while more:
                more = tail.advance(file, turns=turns, upto=item.size)
                if tail.counters.bytes > TOLD_BYTES:
                    yield collected()
            if file.offset != item.size and item.mtime < now - SETTLED_S:
                tail.finish(file, turns=turns)
        except OSError:  # its reader will say what is wrong
            file.inode = 0
        file.path = b""
        told.append(file)
        if len(told) == TOLD_FILES or tail.counters.bytes > TOLD_BYTES:
            yield collected()
    yield collected()


class _Outbox:
    """Writes messages to a pipe without waiting for who reads them, who still has to start."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._waiting = pipe, bytearray()

    def put(self, kind: int, data: bytes = b"") -> None:
        self._waiting += HEADER.pack(kind, len(data)) + data
        os.set_blocking(self._pipe, len(self._waiting) > WAITING_MAX)
        with contextlib.suppress(BlockingIOError):
            del self._waiting[: os.write(self._pipe, self._waiting)]

    def hand_over(self) -> None:
        """Write all of it to who may be waiting for just that; who is not awake yet is not waited for."""
        os.set_blocking(self._pipe, False)
        while self._waiting and select.select([], [self._pipe], [], PATIENCE_S)[1]:
            del self._waiting[: os.write(self._pipe, self._waiting)]

    def empty(self) -> None:
        os.set_blocking(self._pipe, True)
        while self._waiting:
            del self._waiting[: os.write(self._pipe, self._waiting)]
