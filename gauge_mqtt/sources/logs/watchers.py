"""A watcher for each log directory."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from gauge_mqtt.sources.logs.unreadable import is_below
from gauge_mqtt.sources.logs.watch import Watcher


class Watchers:
    """One watcher for each root that can be listed. `on_change` is called in the event loop with what changed.

    Paths that were announced while the loop was busy come together, so that their files are read together.
    """

    def __init__(self, on_change: Callable[[Iterable[bytes]], None]) -> None:
        self._on_change = on_change
        self._watchers: dict[Path, Watcher] = {}

    @property
    def polling(self) -> str | None:
        """Why changes are looked for instead of announced, in words; `None` while all of them are announced."""
        return next((watcher.polling for watcher in self._watchers.values() if watcher.polling), None)

    def cover(self, roots: Collection[Path]) -> bool:
        """Whether in each of `roots`, and nowhere else, every change is noticed: announced, or looked for."""
        return {root for root, watcher in self._watchers.items() if watcher.polling or watcher.alive} == set(roots)

    async def watch(self, roots: Collection[Path]) -> bool:
        """Have a live watcher on each of `roots`. True if one is new: nothing before it was announced."""
        refused = {root: watcher for root, watcher in self._watchers.items() if watcher.is_due_again}
        for root, watcher in list(self._watchers.items()):
            if root not in roots or root in refused or not (watcher.polling or watcher.alive):
                self._drop(root)
        new = [root for root in roots if root not in self._watchers]
        for root in new:
            watcher = Watcher(root, self._on_change, refused.get(root))
            self._watchers[root] = watcher
            await asyncio.to_thread(watcher.start)
            watcher.listen()
        return bool(new)

    def renew(self, directories: Iterable[bytes]) -> None:
        """Drop the watchers of these directories' roots: what could not be opened was not watched either."""
        for directory in directories:
            for root in list(self._watchers):
                if is_below(directory, {os.fsencode(root)}):
                    self._drop(root)

    def give_up(self) -> None:
        """Look for changes from now on: the announcers have proved deaf."""
        for watcher in self._watchers.values():
            watcher.give_up()

    def stop(self) -> None:
        for root in list(self._watchers):
            self._drop(root)

    def _drop(self, root: Path) -> None:
        self._watchers.pop(root).stop()
