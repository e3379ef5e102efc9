"""The session files that are known, and those of them in which a turn may be open."""

import time
from collections.abc import Collection, Iterable

from gauge_mqtt.core.turns import Turn
from gauge_mqtt.sources.logs.listing import ListedFile, Listing
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.peek import OPEN_S
from gauge_mqtt.sources.logs.unreadable import is_below


class KnownFiles(dict[tuple[int, int], LogFile]):
    """By (device, inode): a renamed file is not a new one."""

    def __init__(self, files: Iterable[LogFile] = ()) -> None:
        super().__init__(((file.device, file.inode), file) for file in files)
        self._followed = {ident: file for ident, file in self.items() if file.turn}

    def of(self, item: ListedFile) -> LogFile:
        """The file that was listed, from now on under that path."""
        file = self.get((item.device, item.inode))
        if file is None:
            file = self[item.device, item.inode] = LogFile(item.path, item.device, item.inode)
        elif file.path != item.path:
            file.path = item.path
        return file

    def note(self, file: LogFile) -> None:
        """Something was read of the file: it is known as what it is now."""
        ident = file.device, file.inode
        self[ident] = file
        if file.turn:
            self._followed[ident] = file

    def turns(self) -> list[Turn]:
        """Those that were followed in the last hours."""
        return [file.turn for ident, file in self._followed.items() if file.turn and self.get(ident) is file]

    def keep_only(self, found: Listing, new: int, unreadable: Collection[bytes]) -> None:
        """Drop the files that are gone, and old turns. `new`: so many of those found are not known yet.

        What lies below an unreadable directory may still be there.
        """
        if len(self) + new != len(found.files):
            there = {(item.device, item.inode) for item in found.files}
            for ident in self.keys() - there:
                path = self[ident].path
                if not (is_below(path, unreadable) if path else unreadable):
                    del self[ident]
        old = time.time() - OPEN_S
        for ident, file in list(self._followed.items()):
            if file.turn and (file.turn.newest_at or 0) < old:
                file.turn = None
            if not file.turn or self.get(ident) is not file:
                del self._followed[ident]
