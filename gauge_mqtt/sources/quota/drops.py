"""The files that `gauge-mqtt-statusline` drops, one a session: read, and removed when they are old."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

SIZE_MAX = 1 << 16
"""Bytes; a real one has 400."""
KEPT_S = 8 * 86_400.0
"""A drop file that old says nothing any more: its weekly window is over."""
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
BROKEN = (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What reading one may raise: gone, no JSON, not as we write it, no UTF-8, nested without end."""

Text = Annotated[str, Meta(max_length=4096)]


class DropWindow(Struct, frozen=True):
    """One window as Claude Code told it: percent and unix time, however odd."""

    used_percentage: float | None = None
    resets_at: float | None = None


class Drop(Struct, frozen=True):
    """What one session was last told. Unix times: `seen_at` of its newest answer, `called_at` of the last redraw.
    `rate_limits` `None`: no percentages, as with an API key, or before the first answer.
    """

    session_id: Text
    config_dir: Text
    seen_at: float
    called_at: float
    claude_code: Text | None = None
    rate_limits: dict[str, DropWindow] | None = None


_decode = msgspec.json.Decoder(Drop).decode


def read(path: Path) -> Drop:
    """One drop file. Raises one of `BROKEN`."""
    fd = os.open(path, OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is not a file")
        data = os.read(fd, SIZE_MAX)
    finally:
        os.close(fd)
    return _decode(data)


def readable(folder: Path) -> Iterator[Drop]:
    """Every drop there that can be read; for a look at them, not for the account."""
    for path in sorted(folder.glob("[!.]*.json")):
        try:
            yield read(path)
        except BROKEN:
            continue
