"""The files that `gauge-mqtt-statusline` drops, one a session: read, and removed when they are old."""

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gauge_mqtt.core.quota import Sample, WindowName

WINDOWS: Mapping[str, WindowName] = {"five_hour": "5h", "seven_day": "7d"}
"""Claude Code's name of a window -> ours."""
SIZE_MAX = 1 << 16
"""Bytes; a real one has 400."""
FILES_MAX = 4096
"""Drop files read; with more, the oldest are passed over."""
TEMPORARY_S = 3600.0
"""A temporary file that old belongs to a status line that was killed."""
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
    for name in sorted(glob("[!.]*.json", root_dir=folder)):
        try:
            yield read(folder / name)
        except BROKEN:
            continue


def samples(drop: Drop) -> Iterator[Sample]:
    """The percentages of a drop; a window without a number or a reset says nothing."""
    for name, told in (drop.rate_limits or {}).items():
        window = WINDOWS.get(name)
        if window and told.used_percentage is not None and told.resets_at is not None:
            yield Sample(window, told.used_percentage, told.resets_at, drop.seen_at, "statusline")


class DropFolder:
    """All drop files, each read once after it has changed. `broken`: how often one could not be understood."""

    def __init__(self, folder: Path | None) -> None:
        self.broken = 0
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}

    def new(self) -> list[Drop]:
        """What was dropped since the last time, newest first. Files too old to say anything are removed."""
        paths = self._listed()
        there = {path.name for path in paths}
        self._known = {name: identity for name, identity in self._known.items() if name in there}
        return [drop for path in paths if (drop := self.read(path))]

    def read(self, path: Path) -> Drop | None:
        """One file, unless it is known already, gone, or no drop."""
        if path.name.startswith("."):
            return None
        try:
            status = path.lstat()
            identity = (status.st_mtime_ns, status.st_ino)
            if self._known.get(path.name) == identity:
                return None
            self._known[path.name] = identity
            return read(path)
        except FileNotFoundError:
            return None
        except BROKEN:
            self.broken += 1
            return None

    def _listed(self) -> list[Path]:
        now, found = time.time(), list[tuple[float, Path]]()
        try:
            with os.scandir(self._folder or os.devnull) as entries:
                for item in entries:
                    if not item.is_file(follow_symlinks=False):
                        continue
                    written, hidden = item.stat(follow_symlinks=False).st_mtime, item.name.startswith(".")
                    if written < now - (TEMPORARY_S if hidden else KEPT_S):
                        with contextlib.suppress(OSError):  # mounted read-only: then it stays, and is not read
                            Path(item.path).unlink()
                    elif item.name.endswith(".json") and not hidden:
                        found.append((written, Path(item.path)))
        except OSError:
            pass  # not there yet: `doctor` tells whether the status line was ever heard
        return [path for _, path in sorted(found, reverse=True)[:FILES_MAX]]
