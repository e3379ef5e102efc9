"""The queue: rings with the path of a session file that changed. watchdog's threads stay behind this door."""

import asyncio
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
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventDispatcher, EventQueue

from gauge_mqtt.sources.logs.roots import count_directories, polled_filesystem

log = logging.getLogger(__name__)

# watchdog 7.1 announces, half a page long, that it met a fast-made directory twice. It is right the second time.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

EVENTS: list[type[FileSystemEvent]] = [
    FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent,
]  # fmt: skip
"""Not the opens and read-only closes: our own reading would ring the bell for ever. Nor the closes after writing: each
would ring a second time for a line that is read already, while its message waits to be sent."""


class _CallbackQueue(EventQueue):
    """Rings from the thread that met the event. Queued for watchdog's dispatcher it would wait for one thread more."""

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
    """watchdog's for this platform, with a bell for a queue."""

    def __init__(self, queue: _CallbackQueue) -> None:
        super().__init__()
        self._queue = queue

    @property
    def event_queue(self) -> EventQueue:
        return self._queue


class Watcher:
    """Watches one root. `polling` says in words why changes must be looked for instead; `None`: inotify rings."""

    def __init__(self, root: Path, loop: asyncio.AbstractEventLoop, on_change: Callable[[str], None]) -> None:
        self.root = root
        self.polling: str | None = None
        self._loop, self._on_change = loop, on_change
        self._observer: BaseObserver | None = None

    @property
    def alive(self) -> bool:
        """False once the root is gone: its emitter is dead even if the observer still claims to live."""
        return self._observer is not None and all(emitter.is_alive() for emitter in self._observer.emitters)

    def start(self) -> None:
        """Begin, or say in `polling` why not. Blocks for the walk of the tree: call it in a thread."""
        kind = polled_filesystem(self.root, _mountinfo())
        if kind:
            self._poll(f"{self.root} is on {kind}, where changes by other machines are not announced")
            return
        before = _watches()
        observer = _Observer(_CallbackQueue(self._post))
        observer.daemon = True
        try:
            observer.schedule(FileSystemEventHandler(), os.fspath(self.root), recursive=True, event_filter=EVENTS)
            observer.start()
        except OSError as error:
            self._poll(f"{self.root} cannot be watched: {error}")
            return
        for _ in range(3):  # a directory made in this moment is watched a moment later
            wanted, got = count_directories(self.root), _watches() - before
            if got >= wanted:
                break
            time.sleep(0.1)
        if got >= wanted:
            self._observer = observer
        else:
            observer.stop()
            self._poll(
                f"{wanted} directories in {self.root} but only {got} watches were granted;"
                " raise the limit with: sysctl fs.inotify.max_user_watches=524288"
            )

    def give_up(self) -> None:
        """Look for changes from now on: inotify has proved deaf."""
        self.stop()
        self._poll(f"changes in {self.root} were found that nobody had announced")

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None

    def _poll(self, why: str) -> None:
        if self.polling != why:
            log.warning("looking for changes every few seconds: %s", why)
        self.polling = why

    def _post(self, path: str) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_change, path)
        except RuntimeError:  # the loop closed between the event and here: nobody listens any more
            self.stop()


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
            total += info.read_text(encoding="ascii", errors="replace").count("inotify wd:")
        except OSError:
            continue
    return total
