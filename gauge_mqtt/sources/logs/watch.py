"""Calls back with the path of each session file that changed, or says why that must be looked for."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gauge_mqtt.sources.announcer import Listening, announcer
from gauge_mqtt.sources.logs.listing import printable
from gauge_mqtt.sources.logs.roots import polled_filesystem

log = logging.getLogger(__name__)

RETRY_S, RETRY_MAX_S = 5.0, 3600.0
"""After what pause a watch that the system refused is asked for again; each refusal doubles it."""


class Watcher:
    """Watches one root. `polling` says in words why changes must be looked for instead; `None`: they are announced.

    `retry_at`: when (monotonic) it is worth to try again with a new watcher; `None`: never. `after`: the one that
    was refused, whose place it takes. `on_change` is called in the loop, with what was announced together.
    """

    def __init__(
        self,
        root: Path,
        on_change: Callable[[Iterable[bytes]], None],
        after: "Watcher | None" = None,
    ) -> None:
        self.root = root
        self.polling: str | None = None
        self.retry_at: float | None = None
        self.retry_s: float = min(2 * after.retry_s, RETRY_MAX_S) if after else RETRY_S
        self._logged = after.polling if after else None
        self._on_change = on_change
        self._listening: Listening | None = None

    @property
    def alive(self) -> bool:
        """False once the root is gone."""
        return self._listening is not None and self._listening.alive

    @property
    def is_due_again(self) -> bool:
        return self.polling is not None and self.retry_at is not None and time.monotonic() >= self.retry_at

    def start(self) -> None:
        """Begin, or say in `polling` why not. Blocks for the walk of the tree: call it in a thread."""
        kind = polled_filesystem(self.root, _mountinfo())
        if kind:
            self._poll(f"{printable(self.root)} is on {kind}, where changes by other machines are not announced")
            return
        try:
            self._listening = Listening(announcer(os.fsencode(self.root), tree=True, suffix=b".jsonl"))
        except OSError as error:
            self._refused(error)

    def listen(self) -> None:
        """Have the running loop call back from now on, if `start` was granted its watches."""
        if self._listening is not None:
            self._listening.begin(self._heard, self._lost)

    def _heard(self, changed: list[bytes]) -> None:
        self._on_change(changed)
        if not self.alive:
            self.stop()

    def _lost(self, error: OSError) -> None:
        self._refused(error)
        self._on_change([os.fsencode(self.root)])

    def _refused(self, error: OSError) -> None:
        self.retry_at = time.monotonic() + self.retry_s
        self._poll(f"{printable(self.root)} cannot be watched: {error.strerror or error}")

    def give_up(self) -> None:
        """Look for changes from now on: the announcer has proved deaf."""
        self.stop()
        self.retry_at = None
        self._poll(f"changes in {printable(self.root)} were found that nobody had announced")

    def stop(self) -> None:
        if self._listening is not None:
            self._listening.stop()

    def _poll(self, why: str) -> None:
        if self._logged != why:
            log.warning("looking for changes every few seconds: %s", why)
        self.polling = self._logged = why


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""  # not Linux
