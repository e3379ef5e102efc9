"""The insights of the session logs: the history read once, then every line that the tail reads anyway.

The tail hands over the bytes it has just read; all else happens in another thread, behind the needles. What was not
handed over (the history, what came while this program did not run, more at once than is kept waiting) is read from the
files, each from where it was left.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from math import inf
from pathlib import Path
from typing import NamedTuple

from gauge_mqtt.contract.insights import PERIODS, Insights, Period
from gauge_mqtt.core.insights import keys
from gauge_mqtt.core.insights.calendar import Calendar
from gauge_mqtt.core.insights.tally import Tally
from gauge_mqtt.core.insights.texts import Phrases
from gauge_mqtt.sources.logs.insights import git, history
from gauge_mqtt.sources.logs.insights.lines import LineReader, Position
from gauge_mqtt.sources.logs.insights.reader import Ident, InsightTail, read_on
from gauge_mqtt.sources.logs.insights.rests import Rests
from gauge_mqtt.sources.logs.insights.series import SeriesError, load
from gauge_mqtt.sources.logs.insights.store import ROWS_KEPT_DAYS, Store, StoreError
from gauge_mqtt.sources.logs.listing import ListedFile, Listing, list_at_once
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.pauses import Progress

log = logging.getLogger(__name__)

WAITING_MAX = 4 << 20
"""Bytes handed over that may wait to be read; files with more are read from the disk."""
COMMIT_BYTES = 16 << 20
"""So much of a history is kept in one transaction."""
APART_BYTES = 32 << 20
"""A history that long is read by a process of its own while others use this one."""
REST_S = 2.0
"""What comes meanwhile is taken together."""
SHARE = 0.05
"""Part of the time that adding up may take, at most."""
SETTLED_S = 2.0
"""A last line without a newline is taken once its file is that old."""
BEYOND_EVERY_S = 600.0
"""How often, at most, commits are asked for and the series is read."""
READY_LOOK_S = 0.1
AGAIN_S = 60.0
"""How often a state directory that cannot be written is tried again."""


Changed = Callable[[Mapping[Period, Insights]], None]


class Piece(NamedTuple):
    """Whole lines of a file, as the tail read them: from `start` to `end`, and by what the file is recognised there."""

    ident: Ident
    path: bytes
    start: int
    end: int
    lines: bytes
    head: tuple[int, int]
    tail: tuple[int, int]
    changed_ns: int


class Feed:
    """Reads `roots` into the counts of `directory`. `local`: unix seconds to local time. `clock`: what day it is.
    `commits`: whether git is asked; `series`: a file with a number a day.

    feed = Feed(roots, state_dir, ["Dude, chill"])
    feed.catch_up(progress)                  # all there is, for a single look
    feed.insights("week", now)
    """

    def __init__(
        self,
        roots: Sequence[Path],
        directory: Path,
        phrases: Sequence[str] = (),
        local: Callable[[float], datetime] = datetime.fromtimestamp,
        clock: Callable[[], float] = time.time,
        *,
        commits: bool = False,
        series: Path | None = None,
    ) -> None:
        self.failure: str | None = None
        """Why the counts cannot be kept, in words."""
        self._roots, self._directory, self._phrases = list(roots), directory, phrases
        self._calendar = Calendar(local)
        self._local, self._clock, self._git, self._series_path = local, clock, commits, series
        self._series: dict[int, float] | None = None
        self._beyond_at = -inf
        self._store: Store | None = None
        self._tail: InsightTail | None = None
        self._files: dict[Ident, LogFile] = {}
        self._days: dict[int, Tally] = {}
        self._read_files: set[Ident] = set()
        self._pieces: list[Piece] = []
        self._waiting = 0
        self._behind = False
        self._gone: set[Ident] = set()
        self._kept_bytes, self._rests = 0, Rests()
        self._running: asyncio.Future[None] | None = None
        self._listening, self._stopping = False, False
        self._wakeup = asyncio.Event()

    # --- from the tail's thread

    def take(self, file: LogFile, lines: bytes, start: int) -> None:
        """What the tail has read of `file`, from `start` to its offset. Returns at once."""
        if not self._listening:
            return
        if self._waiting + len(lines) > WAITING_MAX:
            self._behind = True
        else:
            self._waiting += len(lines)
            ident = (file.device, file.inode)
            self._pieces.append(
                Piece(ident, file.path, start, file.offset, lines, file.head, file.tail, file.changed_ns)
            )
        self._wakeup.set()

    async def run(self, ready: Callable[[], bool], changed: Changed, progress: Progress | None = None) -> None:
        """Until cancelled. Begins once `ready`, which the first look at the windows goes before. `changed` is called
        with the insights of every period when they are known and whenever they may say something new.
        """
        self._rests.on = True
        while not ready():  # noqa: ASYNC110, looked for in the first second or so of a start
            await asyncio.sleep(READY_LOOK_S)
        try:
            while True:
                self._listening = True  # what comes from here on is handed over; what came before is listed
                try:
                    await self._read_apart(progress)
                    await self._in_thread(lambda: self.catch_up(progress))
                    self._well()
                    await self._tell(changed)
                    await self._follow(changed)
                except StoreError as error:
                    self._listening = False
                    self._fail(str(error))
                    await self._in_thread(self.close)  # what was not kept is read again
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._stopping, self._listening, self._rests.on = True, False, False
            if self._running is not None:
                await asyncio.wait({self._running})
            with suppress(StoreError):
                if self._store is not None and not self.failure:
                    self._count(self._drained())
            self.close()

    async def _read_apart(self, progress: Progress | None) -> None:
        """A long history. What is not read of it after all, `catch_up` reads, or says what is wrong."""
        todo: list[int] = []
        await self._in_thread(lambda: todo.append(self._unread()[2]))
        if todo[0] >= APART_BYTES:
            await self._in_thread(self.close)  # what it has of the files would be that of before
            await history.read(self._roots, self._directory, self._phrases, progress)

    async def _follow(self, changed: Changed) -> None:
        rest, day = REST_S, self.today()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(self._midnight() - time.time(), REST_S)):
                    await self._wakeup.wait()
            self._wakeup.clear()
            await asyncio.sleep(rest)
            pieces, started = self._drained(), time.perf_counter()
            if (today := self.today()) != day:
                day = today
                await self._in_thread(self.catch_up)
            else:
                await self._in_thread(lambda: self._count(pieces))  # noqa: B023, done before the next round
            await self._tell(changed)
            rest = max(REST_S, (time.perf_counter() - started) / SHARE)

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """One piece of work at a time, which is let finish even if this is cancelled: it holds the file."""
        self._running = asyncio.ensure_future(asyncio.to_thread(work))
        await asyncio.shield(self._running)
        self._running = None

    async def _tell(self, changed: Changed) -> None:
        found: dict[Period, Insights] = {}
        now = datetime.fromtimestamp(self._clock(), UTC)
        await self._in_thread(lambda: found.update({period: self.insights(period, now) for period in PERIODS}))
        changed(found)

    def _drained(self) -> list[Piece]:
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        return pieces

    def _midnight(self) -> float:
        """When the next local day begins, unix seconds."""
        tomorrow = self._local(time.time()).date() + timedelta(days=1)
        return datetime.combine(tomorrow, datetime.min.time()).timestamp()

    def _fail(self, why: str) -> None:
        if why != self.failure:
            log.warning("%s", why)
        self.failure = why

    def _well(self) -> None:
        if self.failure:
            log.info("insights are kept again")
        self.failure = None

    # --- in any one thread

    def open(self) -> None:
        """Take up what was kept. Raises `StoreError`."""
        store = Store(self._directory, self._calendar, self._rests)
        reader = LineReader(store.key, Phrases(self._phrases), self._rests)
        self._store, self._tail = store, InsightTail(reader, self._roots)
        self._files, self._kept_bytes, self._beyond_at = {}, 0, -inf
        self._read_files.clear()
        for ident, (file, position) in store.positions().items():
            self._files[ident] = file
            self._tail.positions[ident] = position
        store.settle()
        self._days = store.days()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = None

    def _unread(self) -> tuple[Listing, list[tuple[ListedFile, LogFile]], int]:
        """What is there, what of it is new, and how many bytes. Raises `StoreError`."""
        if self._store is None:
            self.open()
        found = list_at_once([os.fsencode(root) for root in self._roots])
        unread = [(item, file) for item in found.files if self._is_new(item, file := self._file(item))]
        return found, unread, sum(max(item.size - file.offset, 0) for item, file in unread)

    def catch_up(self, progress: Progress | None = None) -> None:
        """Read all that is new in all files, the newest first. Raises `StoreError`."""
        found, unread, todo = self._unread()
        store, tail = self._opened
        begun = tail.counters.bytes

        def told() -> None:
            if progress:
                progress(min(tail.counters.bytes - begun, max(todo - 1, 0)), todo)

        for item, file in unread:
            self._read(item, file, told)
            if self._stopping:
                break
        else:
            self._forget(found.files if not found.failed else None)
        self._beyond(found.files)
        self._commit()
        self._settle()
        if not self._stopping:
            newest = max((day for day, tally in self._days.items() if tally.responses), default=0)
            store.seal(min(self.today(), newest))  # a clock that leaps ahead must not empty it
            self._days = store.days()
        if progress:
            progress(todo, todo)

    def _beyond(self, files: Sequence[ListedFile] | None = None) -> None:
        """What is no line of a log: commits, and the user's own series. Now and then."""
        if self._stopping or time.monotonic() - self._beyond_at < BEYOND_EVERY_S:
            return
        self._beyond_at = time.monotonic()
        if self._series_path:
            try:
                self._series = load(self._series_path)
            except SeriesError as error:
                log.warning("%s", error)
                self._series = {}
        if self._git:
            _, tail = self._opened
            since = self._clock() - 86_400 * ROWS_KEPT_DAYS
            listed = list_at_once([os.fsencode(root) for root in self._roots]).files if files is None else files
            where = takewhile(lambda _: not self._stopping, git.directories(listed, since))
            tail.rows.facts += git.facts(where, since, tail.reader.hash)

    def _read(self, item: ListedFile, file: LogFile, told: Callable[[], None]) -> None:
        """One file up to its end. What was read so far is kept every few MB, and `told` called."""
        _, tail = self._opened
        finish, more = item.mtime < time.time() - SETTLED_S, True
        if finish:
            tail.doubt(file, item)
        self._read_files.add((item.device, item.inode))
        while more and not self._stopping:
            more = read_on(tail, file, item, finish=finish)
            if tail.counters.bytes - self._kept_bytes >= COMMIT_BYTES:
                self._commit()
            told()
        if (file.device, file.inode) != (item.device, item.inode):  # replaced since it was listed
            self._files.pop((item.device, item.inode), None)
            self._files[file.device, file.inode] = file
            self._read_files.add((file.device, file.inode))

    @property
    def _opened(self) -> tuple[Store, InsightTail]:
        assert self._store is not None  # noqa: S101, whoever asks has seen to it
        assert self._tail is not None  # noqa: S101
        return self._store, self._tail

    def _count(self, pieces: Sequence[Piece]) -> None:
        """Count what was handed over. Raises `StoreError`."""
        behind, self._behind = self._behind, False
        _, tail = self._opened
        for piece in pieces:
            file = self._files.get(piece.ident)
            if file is None:
                file = self._files[piece.ident] = LogFile(piece.path, *piece.ident)
            if file.offset != piece.start or file.skipping:
                behind |= file.offset < piece.end or file.skipping
                continue
            file.path = piece.path
            tail.lines(file, piece.lines)
            file.offset, file.head, file.tail, file.changed_ns = piece.end, piece.head, piece.tail, piece.changed_ns
            self._read_files.add(piece.ident)
        if behind:
            self.catch_up()
        else:
            self._beyond()
            self._commit()
            self._settle()

    def insights(self, period: Period, now: datetime, last: int | None = None) -> Insights:
        """The span that ends today, or on another local day (ordinal)."""
        return keys.insights(
            self._days, self.today() if last is None else last, period, now, git=self._git, series=self._series
        )

    @property
    def days(self) -> Mapping[int, Tally]:
        """Local day (ordinal) -> what is kept of it."""
        return self._days

    def today(self) -> int:
        return self._local(self._clock()).toordinal()

    def _file(self, item: ListedFile) -> LogFile:
        file = self._files.get((item.device, item.inode))
        if file is None:
            file = self._files[item.device, item.inode] = LogFile(item.path, item.device, item.inode)
        file.path = item.path
        return file

    @staticmethod
    def _is_new(item: ListedFile, file: LogFile) -> bool:
        if file.changed_ns == item.changed_ns and file.offset == item.size:
            return False
        return not file.is_read(item.size) or (file.changed_ns != item.changed_ns and item.size > 0)

    def _forget(self, files: Sequence[ListedFile] | None) -> None:
        """Files that are gone. `None`: some could not be listed, so none is known to be."""
        there = {(item.device, item.inode) for item in files} if files is not None else self._files.keys()
        gone = self._files.keys() - there
        for ident in gone:
            del self._files[ident]
        self._gone = gone

    def _commit(self) -> None:
        store, tail = self._opened
        read = [
            (self._files[ident], tail.positions.get(ident, Position()))
            for ident in self._read_files
            if ident in self._files
        ]
        gone, self._gone = self._gone, set()
        store.commit(tail.collected(), read, gone)
        self._read_files.clear()
        self._kept_bytes = tail.counters.bytes

    def _settle(self) -> None:
        store, _ = self._opened
        if changed := store.settle():
            self._days |= store.days(changed)
