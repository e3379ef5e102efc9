"""How new a file is by what stands in it, where its times cannot tell: after a restore every file is of today."""

import os
from datetime import datetime

from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.tail import OPEN_FLAGS, TIMESTAMP

COPIED_NS = 2 * 10**9
"""A file that was renamed, restored or given other times is younger by its ctime than by its mtime, by more."""
PEEK = 1 << 16


def written_at(item: ListedFile) -> float:
    """About when the file got its newest line, unix seconds: its times, or what its last lines say if they differ.

    An estimate, good for the order of reading.
    """
    if item.changed_ns - item.mtime_ns <= COPIED_NS:
        return item.changed_at
    try:
        stamps = TIMESTAMP.findall(_end(item))
        return max(item.mtime, *(datetime.fromisoformat(f"{at.decode()}+00:00").timestamp() + 1 for at in stamps))
    except (OSError, ValueError, TypeError):  # TypeError: there is none
        return item.changed_at


def _end(item: ListedFile) -> bytes:
    fd = os.open(item.path, OPEN_FLAGS)
    try:
        return os.pread(fd, PEEK, max(item.size - PEEK, 0))
    finally:
        os.close(fd)
