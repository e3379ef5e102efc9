"""How new a file is by what stands in it, where its times cannot tell: after a restore every file is of today."""

import os
from datetime import datetime

from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.tail import OPEN_FLAGS, TIMESTAMP

COPIED_NS = 2 * 10**9
"""A file that was renamed, restored or given other times is younger by its ctime than by its mtime, by more."""
PEEK = 1 << 15


def is_copy(item: ListedFile) -> bool:
    """Whether the times of the file may not be those of its lines."""
    return item.changed_ns - item.mtime_ns > COPIED_NS


def written_at(item: ListedFile) -> float:
    """About when a copied file got its newest line, unix seconds: its mtime, or what the lines at its ends say."""
    try:
        stamps = TIMESTAMP.findall(_ends(item))
        if not stamps:
            return item.changed_at
        said = (datetime.fromisoformat(f"{at.decode()}+00:00").timestamp() + 1 for at in stamps)
        return min(max(0.0, item.mtime, *said), item.changed_at)
    except (OSError, ValueError):
        return item.changed_at


def _ends(item: ListedFile) -> bytes:
    fd = os.open(item.path, OPEN_FLAGS)
    try:
        start = os.pread(fd, PEEK, 0)
        return start if item.size <= PEEK else start + os.pread(fd, PEEK, max(item.size - PEEK, PEEK))
    finally:
        os.close(fd)
