"""Calls back with the name of each drop file that changed."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from gauge_mqtt.sources.announcer import Announcer, announcer


class FolderWatch:
    """Watches one folder, not what is below it. `on_change` is called in the loop with a path in it."""

    def __init__(self, folder: Path, on_change: Callable[[Path], None]) -> None:
        self._folder, self._on_change = folder, on_change
        self._announcer: Announcer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def alive(self) -> bool:
        """False before `start`, and once the folder is gone."""
        return self._announcer is not None and self._announcer.alive

    def start(self) -> None:
        """Begin. Raises `OSError` if the folder is missing or no watch is granted."""
        self.stop()
        self._announcer, self._loop = (
            announcer(os.fsencode(self._folder), tree=False, suffix=b".json"),
            asyncio.get_running_loop(),
        )
        self._loop.add_reader(self._announcer.fd, self._ready)

    def stop(self) -> None:
        if self._announcer is not None and self._loop is not None:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._announcer.fd)
            self._announcer.close()
        self._announcer = self._loop = None

    def _ready(self) -> None:
        assert self._announcer is not None  # noqa: S101 (nothing is read after `stop`)
        try:
            changed = self._announcer.changed()
        except OSError:  # the source looks by itself, and starts another watch
            changed = []
            self.stop()
        for path in map(Path, map(os.fsdecode, changed)):
            self._on_change(path)
