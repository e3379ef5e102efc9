"""How far one session file was read, and by what it is recognised."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gauge_mqtt.core.turns import Turn
from gauge_mqtt.sources.logs.runs import Runs

Size = Annotated[int, Meta(ge=0, le=2**62)]
Crc = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class LogFile(msgspec.Struct, array_like=True, gc=False):
    """One session file, how far it was read, and by what it is recognised. The index saves it as it is, but for its
    path, which names a project: that is empty from a restart until the file is listed.

    `changed_ns`: `ListedFile.changed_ns` when it was last read. `remainder_at`: the size at which a last line without
    its newline was taken. `head` and `tail`: size and CRC-32 of the first bytes and of those before `offset`, against
    recycled inodes and files that are rewritten in place. `skipping`: within a line that is too long.
    `estimate`: `changed_ns` and `peek.written_at` then, of a file that was not opened because it is that old.
    """

    path: bytes
    device: Size
    inode: Annotated[int, Meta(ge=0)]
    offset: Size = 0
    changed_ns: int = 0
    remainder_at: Size = 0
    head: tuple[Size, Crc] = (0, 0)
    tail: tuple[Size, Crc] = (0, 0)
    estimate: tuple[int, float] = (0, 0.0)
    skipping: bool = False
    turn: Turn | None = None
    runs: Runs = msgspec.field(default_factory=Runs)

    def reset(self) -> None:
        self.offset = self.changed_ns = self.remainder_at = 0
        self.head = self.tail = (0, 0)
        self.estimate = (0, 0.0)
        self.skipping, self.turn, self.runs = False, None, Runs()

    def unnamed(self) -> "LogFile":
        """As it is kept on disk."""
        return msgspec.structs.replace(self, path=b"")

    def is_read(self, size: int) -> bool:
        """Whether a file of that size has nothing that was not taken."""
        return size in (self.offset, self.remainder_at)
