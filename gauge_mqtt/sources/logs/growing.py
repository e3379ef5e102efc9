"""The session files that grow just now."""

import time

GROWING_S, GROWING_MAX = 2.0, 512
"""A file grows while its last line is that young; so many are remembered."""


class Growing:
    """Paths of files that got a line in the last seconds."""

    def __init__(self) -> None:
        self._grew_at: dict[bytes, float] = {}

    @property
    def is_full(self) -> bool:
        return len(self._grew_at) >= GROWING_MAX

    def add(self, path: bytes) -> None:
        self._grew_at.pop(path, None)  # so that the first is the one that grew longest ago
        self._grew_at[path] = time.monotonic()
        if len(self._grew_at) > GROWING_MAX:
            del self._grew_at[next(iter(self._grew_at))]

    def discard(self, path: bytes) -> None:
        self._grew_at.pop(path, None)

    def paths(self) -> list[bytes]:
        """Those that still grow; the others are forgotten."""
        young = time.monotonic() - GROWING_S
        while self._grew_at and next(iter(self._grew_at.values())) < young:
            del self._grew_at[next(iter(self._grew_at))]
        return list(self._grew_at)
