"""What is there and cannot be read now. What may be short for it is unknown, and it is tried again."""

import errno
import os
import pwd
import shlex
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from math import inf
from pathlib import Path
from typing import NamedTuple

from gauge_mqtt.sources.logs.listing import is_gone, printable

TRIED = 16
"""So many paths are tried again between two sweeps, which try all of them."""
OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})
DENIED = frozenset({errno.EACCES, errno.EPERM})


class Unreadable(NamedTuple):
    """Why a file or directory cannot be read. `upto`: nothing unread in it is later than this unix second.

    +inf for a directory, whose times tell nothing of its files; -inf where everything was read before.
    """

    error: OSError
    upto: float
    is_directory: bool

    @property
    def reason(self) -> str:
        return self.error.strerror or str(self.error)


class UnreadablePaths:
    """The paths that cannot be read now. `met`: how often one became so. `upto`: the latest `upto` of them."""

    def __init__(self) -> None:
        self._paths: dict[bytes, Unreadable] = {}
        self.met = 0
        self.upto = -inf

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[tuple[bytes, Unreadable]]:
        return iter(self._paths.items())

    def __contains__(self, path: bytes) -> bool:
        return path in self._paths

    def add(self, path: bytes, error: OSError, upto: float = inf, *, is_directory: bool = False) -> bool:
        """Note one more path. True if it was not known."""
        new = path not in self._paths
        self._paths[path] = Unreadable(error, upto, is_directory)
        self.met += new and not is_gone(error)
        self.upto = max(self.upto, upto)
        return new

    def discard(self, path: bytes) -> bool:
        """Forget a path that was read, or is gone. True if it was known."""
        if path not in self._paths:
            return False
        del self._paths[path]
        self._sum()
        return True

    def keep_only(self, paths: Iterable[bytes]) -> None:
        kept = set(paths)
        if len(kept) < len(self._paths):
            self._paths = {path: found for path, found in self._paths.items() if path in kept}
        self._sum()

    def covers(self, path: bytes) -> bool:
        """Whether the path itself or a directory above it cannot be read."""
        return is_below(path, self._paths)

    @property
    def reason(self) -> str:
        """Why the first of them cannot be read, in the system's words."""
        return next((found.reason for found in self._paths.values()), "")

    def directories(self) -> set[bytes]:
        return {path for path, found in self._paths.items() if found.is_directory}

    def to_try(self) -> list[tuple[bytes, Unreadable]]:
        """Those that are tried again between two sweeps."""
        return list(islice(self._paths.items(), TRIED))

    def _sum(self) -> None:
        self.upto = max((found.upto for found in self._paths.values()), default=-inf)


def is_below(path: bytes, tops: Container[bytes]) -> bool:
    """Whether `path` is one of `tops` or lies below one."""
    while path not in tops:
        path = path.rpartition(b"/")[0]
        if not path:
            return False
    return True


def cure(path: bytes, error: OSError) -> str:
    """What the owner can do about it: a command, or where to look."""
    here = shlex.quote(printable(path))
    if error.errno in OUT_OF_DESCRIPTORS:
        return "ulimit -n 4096  (systemd: LimitNOFILE=4096; the publisher is out of file descriptors)"
    if error.errno not in DENIED:
        return f"look after the disk or the network file system under {here}"
    try:
        return _permit(_denied_at(Path(os.fsdecode(path))))
    except OSError:
        return f"ls -ld {here}  (and run gauge-mqtt as its owner)"


def _permit(path: Path) -> str:
    """How to get the right to read `path`. Raises `OSError` if not even its owner can be told."""
    here, us, owner = shlex.quote(printable(path)), os.geteuid(), path.lstat().st_uid
    if owner == us and _may(path, os.R_OK):
        return f"ls -Z {here}  (the mode allows it: SELinux, AppArmor, or ProtectHome= of systemd forbids it)"
    if owner == us:
        return f"chmod -R u+rX {here}"
    if owner == 0 and path.parent.stat().st_uid == us:
        return f"sudo chown -R {_name(us)} {here}"
    return f"sudo setfacl -R -m u:{_name(us)}:rX {here}  (or run gauge-mqtt as {_name(owner)})"


def _denied_at(path: Path) -> Path:
    """The uppermost directory on the way to `path` that may not be entered, else `path`."""
    return next((above for above in reversed(path.parents) if not _may(above, os.X_OK)), path)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
