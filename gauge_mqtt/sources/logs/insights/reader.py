"""Session files read for the insights: by the same tail that reads them for the windows, into rows."""

import os
from collections.abc import Sequence
from pathlib import Path

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.insights.lines import LineReader, Place, Position, Rows
from gauge_mqtt.sources.logs.listing import ListedFile, is_gone
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.tail import Tail

Ident = tuple[int, int]
"""Device and inode."""


class InsightTail(Tail):
    """Reads as `Tail` does, whole lines once, and hands them over instead of accounting for them."""

    def __init__(self, reader: LineReader, roots: Sequence[Path]) -> None:
        super().__init__(Ledger())
        self.reader, self.rows = reader, Rows()
        self.positions: dict[Ident, Position] = {}
        self._roots = [os.fsencode(root) + b"/" for root in roots]
        self._projects: dict[bytes, int] = {}

    def _take(self, file: LogFile, data: bytes, start: int, end: int) -> bool:
        ident = (file.device, file.inode)
        if not file.offset:
            self.positions[ident] = Position()
        position = self.positions.setdefault(ident, Position())
        self.reader.read(data[start:end], Place(file, position, self._project(file.path)), self.rows)
        return True

    def lines(self, file: LogFile, data: bytes) -> None:
        """Whole lines that follow what was read of `file`."""
        self._take(file, data, 0, len(data))

    def collected(self) -> Rows:
        """The rows since the last time."""
        rows, self.rows = self.rows, Rows()
        return rows

    def _project(self, path: bytes) -> int:
        """The directory below `projects` that the file is in: what Claude Code makes of where it was started."""
        root = next((root for root in self._roots if path.startswith(root)), b"")
        name = path[len(root) :].split(b"/", 1)[0]
        found = self._projects.get(name)
        if found is None:
            found = self._projects[name] = self.reader.hash("project", name.decode(errors="surrogateescape"))
        return found


def read_on(tail: InsightTail, file: LogFile, item: ListedFile, *, finish: bool) -> bool:
    """A slice more of a file. True if there is more to read. What is gone, or cannot be read now, has nothing more.

    `finish`: nobody writes to it any more, and a last line without its newline is taken.
    """
    try:
        more = tail.advance(file, turns=False)
        if not more and finish and not file.is_read(item.size):
            tail.finish(file, turns=False)
    except OSError as error:
        if not is_gone(error):
            file.changed_ns = 0  # so that the next look tries again
        return False
    return more
