"""watchdog's observer behind a file descriptor: FSEvents on macOS, and what other systems have in place of inotify."""

import errno
import os
import threading

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

WANTED: list[type[FileSystemEvent]] = [
    FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent,
    DirDeletedEvent,
]  # fmt: skip
"""Not the opens and closes: our own reading would cause events for ever."""


class Observed(FileSystemEventHandler):
    """Watches `root`, and with `tree` every directory below it, also those that come later.

    The same interface as `Inotify`: `fd` is readable when something has changed. Raises `OSError` where the system
    grants no watch.
    """

    def __init__(self, root: bytes, *, tree: bool, suffix: bytes = b"") -> None:
        self._root, self._suffix = root, suffix
        self._found: dict[bytes, None] = {}
        self._lock = threading.Lock()
        self.fd, self._wake = os.pipe()
        os.set_blocking(self.fd, False)
        self._observer = Observer()
        try:
            self._observer.schedule(self, os.fsdecode(root), recursive=tree, event_filter=WANTED)
            self._observer.start()
        except RuntimeError as error:  # no thread more is granted
            self.close()
            raise OSError(errno.EAGAIN, str(error)) from error
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """False once `root` is not there any more, or one of the observer's threads has died."""
        threads = [self._observer, *self._observer.emitters]
        return self.fd >= 0 and all(thread.is_alive() for thread in threads) and os.path.isdir(self._root)

    def close(self) -> None:
        with self._lock:
            if self.fd < 0:
                return
            os.close(self.fd)
            os.close(self._wake)
            self.fd = -1
        self._observer.stop()

    def changed(self) -> list[bytes]:
        """Paths of the files and directories that something has happened to."""
        with self._lock:
            found, self._found = list(self._found), {}
            if found:
                os.read(self.fd, 1)
        return found

    def on_any_event(self, event: FileSystemEvent) -> None:
        """In a thread of the observer's. One byte lies in the pipe for as long as there is something to tell."""
        paths = [os.fsencode(path) for path in (event.dest_path, event.src_path) if path]
        if not event.is_directory:
            paths = [path for path in paths if path.endswith(self._suffix)]
        with self._lock:
            if self.fd < 0 or not paths:
                return
            if not self._found:
                os.write(self._wake, b"!")
            self._found |= dict.fromkeys(paths)
