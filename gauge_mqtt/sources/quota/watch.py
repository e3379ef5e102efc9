"""Calls back with the name of each drop file that changed."""

import os
from collections.abc import Callable
from pathlib import Path

from gauge_mqtt.sources.announcer import Listening, announcer


class FolderWatch:
    """Watches one folder, not what is below it. `on_change` is called in the loop with a path in it."""

    def __init__(self, folder: Path, on_change: Callable[[Path], None]) -> None:
        self._folder, self._on_change = folder, on_change
        self._listening: Listening | None = None

    @property
    def alive(self) -> bool:
        """False before `start`, and once the folder is gone or nothing is announced any more."""
        return self._listening is not None and self._listening.alive

    def start(self) -> None:
        """Begin. Raises `OSError` if the folder is missing or no watch is granted."""
        self.stop()
        self._listening = Listening(announcer(os.fsencode(self._folder), tree=False, suffix=b".json"))
        self._listening.begin(self._heard, lost=lambda _: None)  # the source looks by itself, and starts another watch

    def stop(self) -> None:
        if self._listening is not None:
            self._listening.stop()

    def _heard(self, changed: list[bytes]) -> None:
        for path in map(Path, map(os.fsdecode, changed)):
            self._on_change(path)
