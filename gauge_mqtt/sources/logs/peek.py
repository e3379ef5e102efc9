"""How new a file is by what stands in it, where its times cannot tell: after a restore every file is of today."""

import os
from datetime import datetime

from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.tail import OPEN_FLAGS, TIMESTAMP

COPIED_NS = 2 * 10**9
"""A file that was renamed, restored or given other times is younger by its ctime than by its mtime, by more."""
PEEKS = (1 << 13, 1 << 17)
"""How far back from the end a timestamp is looked for: the second only if the first has none."""


def is_copy(item: ListedFile) -> bool:
    """Whether the times of the file may not be those of its lines."""
    return item.changed_ns - item.mtime_ns > COPIED_NS


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
