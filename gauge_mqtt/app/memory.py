"""What one instance keeps over restarts in the state directory: its totals, the largest windows, and which keys
were ever known.
"""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from gauge_mqtt.contract.usage import HEARTBEAT_S, KEYS, Usage
from gauge_mqtt.core.highs import UNKNOWN_HIGHS, Highs, History, highs, remember
from gauge_mqtt.core.reading import Account, Reading
from gauge_mqtt.core.totals import UNCOUNTED, Counted, Totals, advance
from gauge_mqtt.sources.regular_file import FileTooLargeError, read_regular

log = logging.getLogger(__name__)

VERSION = 1
SIZE_MAX = 1 << 20
WAITED_FOR = frozenset(key for key, spec in KEYS.items() if spec.when_known)
"""What Home Assistant hears of once it was known."""


class _File(msgspec.Struct, frozen=True):
    version: int
    known: tuple[str, ...] = ()
    totals: Totals = Totals()
    history: History = History()


class Memory:
    """`directory`: where the file lies, `None` for nowhere. `origin`: what is counted; see `advance`.
    `on_known` is called when a key is known for the first time.

    memory = Memory(state_dir, "desk", "jsonl /home/me/.claude/projects")
    counted = memory.count(readings, now)       # at each look
    highs = memory.highs(readings, now)
    memory.note(usage)                          # what is known by now
    await memory.run()                          # saves it, until it is cancelled
    """

    def __init__(self, directory: Path | None, instance: str, origin: str) -> None:
        self._path = directory / f"memory-{instance}.json" if directory else None
        self.known: frozenset[str] = frozenset()
        self.on_known: Callable[[frozenset[str]], None] = lambda _known: None
        self._origin = origin
        self._totals, self._history, self._saved = Totals(), History(), _File(VERSION)
        self._highs: tuple[int, bool, Highs] = (-1, False, UNKNOWN_HIGHS)
        self._save_now, self._saving = asyncio.Event(), threading.Lock()
        self._readable, self._failed = False, False
        self.load()

    def load(self) -> None:
        """Take up what was saved. Until the file can be read the totals are unknown."""
        try:
            kept = _read(self._path) if self._path else _File(VERSION)
        except OSError as error:
            if not self._failed:
                log.warning("the totals are unknown: %s: %s", self._path, error.strerror)
            self._failed = True
            return
        self.known |= WAITED_FOR.intersection(kept.known)
        self._totals, self._history, self._saved = kept.totals, kept.history, kept
        self._readable, self._failed = True, False

    def count(self, readings: Sequence[Reading], now: datetime) -> Counted:
        """The totals after these readings. The first that has an account is believed."""
        account = _account(readings)
        if not self._readable:
            return UNCOUNTED
        before = self._totals
        self._totals, counted = advance(before, account, self._origin, now)
        if _anchors(before) != _anchors(self._totals):
            self._save_now.set()  # lost in a crash, the counter would begin elsewhere
        return counted

    def highs(self, readings: Sequence[Reading], now: datetime) -> Highs:
        """The largest finished windows by these readings and all before them. Worked out once a minute."""
        if not self._readable:
            return UNKNOWN_HIGHS
        account, minute = _account(readings), int(now.timestamp() // 60)
        if self._highs[:2] != (minute, account is not None):
            if account:
                self._history = remember(self._history, account, self._origin, now)
            self._highs = (minute, account is not None, highs(self._history, self._origin, now))
        return self._highs[2]

    def note(self, usage: Usage) -> None:
        """Remember which of the keys that sources may never know is known now."""
        if new := {key for key in WAITED_FOR - self.known if getattr(usage, key) is not None}:
            self.known |= new
            self._save_now.set()
            self.on_known(self.known)

    async def run(self) -> None:
        """Save what has changed: every heartbeat, what must not be lost at once, and at the end."""
        if self._path is None:
            return
        try:
            while True:
                if not self._readable:
                    self.load()
                await asyncio.to_thread(self.save)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._save_now.wait()
                self._save_now.clear()
        finally:
            self.save()

    def save(self) -> None:
        """Replace the file in one step, if there is anything new. A failure is logged when it starts."""
        with self._saving:
            file = _File(VERSION, tuple(sorted(self.known)), self._totals, self._history)
            if self._path is None or not self._readable or file == self._saved:
                return
            try:
                _write(self._path, msgspec.json.encode(file))
            except OSError as error:
                if not self._failed:
                    log.warning("the totals are not kept over a restart: %s: %s", self._path, error.strerror)
                self._failed = True
            else:
                self._saved, self._failed = file, False


def _account(readings: Sequence[Reading]) -> Account | None:
    return next((reading.account for reading in readings if reading.account), None)


def _anchors(totals: Totals) -> list[object]:
    return [counter and (counter.origin, counter.since) for counter in (totals.tokens, totals.cost_usd)]


def _read(path: Path) -> _File:
    """What was saved; nothing if there is none, or nothing that we wrote, which is logged. Raises `OSError`."""
    try:
        kept = msgspec.json.decode(read_regular(path, SIZE_MAX), type=_File)
        if kept.version != VERSION:
            raise msgspec.ValidationError(f"version {kept.version}")
    except FileNotFoundError:
        return _File(VERSION)
    except (FileTooLargeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("%s cannot be used, the totals begin anew: %s", path, getattr(error, "strerror", error))
        return _File(VERSION)
    return kept


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also when the power fails. For its owner only. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
