"""Calls back with the path of each session file that changed: watchdog, in its threads."""

import logging
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventDispatcher, EventQueue

from gauge_mqtt.sources.logs.listing import printable
from gauge_mqtt.sources.logs.roots import count_directories, polled_filesystem

log = logging.getLogger(__name__)

# watchdog 7.1 announces, half a page long, that it met a fast-made directory twice. It is right the second time.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

EVENTS: list[type[FileSystemEvent]] = [
    FileModifiedEvent, FileAttribEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent,
    DirMovedEvent,
]  # fmt: skip
"""Not the opens and read-only closes: our own reading would cause events for ever. Nor the closes after writing: each
would announce a second time a line that is read already, while its message waits to be sent. `FileAttribEvent`: a file
that was unreadable may be readable now.
"""
RETRY_S, RETRY_MAX_S = 5.0, 3600.0
"""After what pause a watch that the system refused is asked for again; each refusal doubles it."""
SPARE_DESCRIPTORS = 4
"""So many file descriptors does watchdog need; where it gets only some of them it loses those."""


class _CallbackQueue(EventQueue):
    """Calls back in the thread that met the event: in watchdog's own queue it would wait for one thread more."""

    def __init__(self, on_change: Callable[[str], None]) -> None:
        super().__init__()
        self._on_change = on_change

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        if item is EventDispatcher.stop_event:
            super().put(item, block, timeout)
            return
        event: FileSystemEvent = item[0]
        path = os.fsdecode(event.dest_path or event.src_path)
        if event.is_directory or path.endswith(".jsonl"):
            self._on_change(path)
        if event.dest_path and event.src_path:
            self._on_change(os.fsdecode(event.src_path))


class _Observer(Observer):  # type: ignore[misc, valid-type]
    """watchdog's for this platform, with `_CallbackQueue` for its queue."""

    def __init__(self, queue: _CallbackQueue) -> None:
        super().__init__()
        self._queue = queue

    @property
    def event_queue(self) -> EventQueue:
        return self._queue


class Watcher:
    """Watches one root. `polling` says in words why changes must be looked for instead; `None`: inotify announces them.

    `retry_at`: when (monotonic) it is worth to try again with a new watcher; `None`: never. `after`: the one that
    was refused, whose place it takes. `on_change` is called in a thread.
    """

    def __init__(
        self,
        root: Path,
        on_change: Callable[[str], None],
        after: "Watcher | None" = None,
    ) -> None:
        self.root = root
        self.polling: str | None = None
        self.retry_at: float | None = None
        self.retry_s: float = min(2 * after.retry_s, RETRY_MAX_S) if after else RETRY_S
        self._logged = after.polling if after else None
        self._on_change = on_change
        self._observer: BaseObserver | None = None

    @property
    def alive(self) -> bool:
        """False once the root is gone: its emitter is dead even if the observer still claims to live."""
        return self._observer is not None and all(emitter.is_alive() for emitter in self._observer.emitters)

    @property
    def is_due_again(self) -> bool:
        return self.polling is not None and self.retry_at is not None and time.monotonic() >= self.retry_at

    def start(self) -> None:
        """Begin, or say in `polling` why not. Blocks for the walk of the tree: call it in a thread."""
        kind = polled_filesystem(self.root, _mountinfo())
        if kind:
            self._poll(f"{printable(self.root)} is on {kind}, where changes by other machines are not announced")
            return
        self.retry_at = time.monotonic() + self.retry_s
        try:
            self._start()
        except (OSError, RuntimeError) as error:  # RuntimeError: no thread is to be had
            self._poll(f"{printable(self.root)} cannot be watched: {error}")

    def _start(self) -> None:
        _expect_descriptors()
        before = _watches()
        observer = _Observer(_CallbackQueue(self._on_change))
        observer.daemon = True
        try:
            observer.schedule(FileSystemEventHandler(), os.fspath(self.root), recursive=True, event_filter=EVENTS)
            observer.start()
            for _ in range(3):  # a directory made in this moment is watched a moment later
                wanted, got = count_directories(self.root), _watches() - before
                if got >= wanted:
                    self._observer = observer
                    return
                time.sleep(0.1)
        finally:
            if self._observer is None:
                observer.stop()
        self._poll(
            f"{wanted} directories in {printable(self.root)} but only {got} watches were granted;"
            " raise the limit with: sysctl fs.inotify.max_user_watches=524288"
        )

    def give_up(self) -> None:
        """Look for changes from now on: inotify has proved deaf."""
        self.stop()
        self.retry_at = None
        self._poll(f"changes in {printable(self.root)} were found that nobody had announced")

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None

    def _poll(self, why: str) -> None:
        if self._logged != why:
            log.warning("looking for changes every few seconds: %s", why)
        self.polling = self._logged = why


def _expect_descriptors() -> None:
    """Raises `OSError` if a watch would not get the file descriptors that it needs."""
    spare: list[int] = []
    try:
        while len(spare) < SPARE_DESCRIPTORS:
            spare += [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)]
    finally:
        for fd in spare:
            os.close(fd)


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""  # not Linux: watchdog's own back end is trusted


def _watches() -> int:
    """How many inotify watches this process holds: the kernel's own count, since watchdog hides a shortage."""
    total = 0
    for info in Path("/proc/self/fdinfo").glob("*"):
        try:
            total += info.read_bytes().count(b"inotify wd:")
        except OSError:
            continue
    return total
