"""Which of the listed files have something in them that was not read yet, the newest first."""

from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from gauge_mqtt.sources.logs.known_files import KnownFiles
from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.peek import WEEK_S, Estimates

Dated = tuple[float, ListedFile]
"""A file and when it was written (unix s). That is the later of its times, but of a copy what it says itself: after a
restore everything is of today.
"""


class Unread(NamedTuple):
    """`fresh`: what is to be read; `size`: how many bytes that is. `older`: older than a week, and never opened.
    `new`: so many are not known yet.
    """

    fresh: list[Dated]
    size: int
    older: list[Dated]
    new: int


def unread(found: Iterable[ListedFile], known: KnownFiles, copies: Estimates, now: float) -> Unread:
    """Compare a listing with what was read. What is fresh and not known becomes so when it is read."""
    fresh: list[Dated] = []
    older: list[Dated] = []
    new, size, week_ago = 0, 0, now - WEEK_S
    for item in found:
        ident = item.device, item.inode
        file, estimate = known.get(ident), copies.get(ident) if copies else None
        if file is None and item.size:
            written = estimate or item.changed_at
            if written >= week_ago:
                fresh.append((written, item))
                new += 1
                size += item.size
                continue
        file = known.of(item)
        if file.changed_ns == item.changed_ns and file.offset == item.size:
            continue
        if not file.is_read(item.size) or (file.changed_ns != item.changed_ns and item.size):
            if estimate:
                file.estimate = item.changed_ns, estimate
            written = file.estimate[1] if file.estimate[0] == item.changed_ns else item.changed_at
            if file.offset or written >= week_ago:
                fresh.append((written, item))
                size += max(item.size - file.offset, 0)
            else:
                older.append((written, item))
    for dated in (fresh, older):
        dated.sort(key=itemgetter(0), reverse=True)
    return Unread(fresh, size, older, new)
