"""Calls back with the name of each drop file that changed. watchdog's threads stay behind this door."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver


class FolderWatch:
    """Watches one folder, not what is below it. `on_change` is called in the loop with a path in it."""

    def __init__(self, folder: Path, on_change: Callable[[Path], None]) -> None:
        self._folder, self._on_change = folder, on_change
        self._observer: BaseObserver | None = None

    @property
    def alive(self) -> bool:
        """False before `start`, and once the folder is gone."""
        return self._observer is not None and all(emitter.is_alive() for emitter in self._observer.emitters)

    def start(self) -> None:
        """Begin. Raises `OSError` if the folder is missing or no watch is granted, `RuntimeError` if no thread is."""
        self.stop()
        self._observer = observer = Observer()
        observer.daemon = True
        handler = _Handler(asyncio.get_running_loop(), self._on_change)
        observer.schedule(
            handler, os.fspath(self._folder), event_filter=[FileCreatedEvent, FileModifiedEvent, FileMovedEvent]
        )
        observer.start()

    def stop(self) -> None:
        """Not waited for: it joins threads, and a second Ctrl-C would meet the loop in the middle of that."""
        if self._observer is not None:
            threading.Thread(target=self._observer.stop, daemon=True).start()
            self._observer = None


class _Handler(FileSystemEventHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[Path], None]) -> None:
        self._loop, self._on_change = loop, on_change

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = Path(os.fsdecode(event.dest_path or event.src_path))
        if path.suffix == ".json" and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._on_change, path)
            except RuntimeError:  # closed in this moment: nobody listens any more
                return
