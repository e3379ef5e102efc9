"""How new a file is: by its times, or by what stands in it, since after a restore every file is of today."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from gauge_mqtt.core.reading import OPEN_WINDOW, WEEK
from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.tail import OPEN_FLAGS, TIMESTAMP

SETTLED_S = 2.0
"""A last line without a newline is taken once its file is that old."""
OPEN_S = OPEN_WINDOW.total_seconds()
"""Turns are followed in files that are younger."""
WEEK_S = WEEK.total_seconds() + 3600
"""Older files are opened only as far as the 5 h block needs them."""
COPIED_NS = 2 * 10**9
"""A file that was renamed, restored or given other times is younger by its ctime than by its mtime, by more."""
PEEKS = (1 << 13, 1 << 17)
"""How far back from the end a timestamp is looked for: the second only if the first has none."""

Estimates = dict[tuple[int, int], float]
"""Device and inode of a copy -> `written_at`."""


def estimates(files: Iterable[ListedFile], known: Callable[[ListedFile], bool] = lambda _: False) -> Estimates:
    """How old the copies among these files are, but for those that are `known`. Opens each."""
    return {(item.device, item.inode): written_at(item) for item in files if is_copy(item) and not known(item)}


def is_copy(item: ListedFile) -> bool:
    """Whether the times of the file may not be those of its lines."""
    return item.changed_ns - item.mtime_ns > COPIED_NS


def turns_since(now: float) -> bytes:
    """`Tail.turns_since` at that unix second."""
    return datetime.fromtimestamp(now - OPEN_S, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def written_at(item: ListedFile) -> float:
    """About when a copied file got its newest line, unix seconds: its mtime, or what its last lines say if later."""
    try:
        stamps = _last_timestamps(item)
        if not stamps:
            return item.changed_at
        said = datetime.fromisoformat(f"{max(stamps).decode()}+00:00").timestamp() + 1
        return min(max(0.0, item.mtime, said), item.changed_at)
    except (OSError, ValueError):
        return item.changed_at


def _last_timestamps(item: ListedFile) -> list[bytes]:
    fd = os.open(item.path, OPEN_FLAGS)
    try:
        for size in PEEKS:
            if stamps := TIMESTAMP.findall(os.pread(fd, size, max(item.size - size, 0))):
                return stamps
    finally:
        os.close(fd)
    return []
