"""The session files that are there now: a walk of the log directories, and what could not be looked into."""

import errno
import os
import stat
import time
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

NOT_FOUND = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What the kernel answers when there is no such file any more; `ELOOP`: a link is in its place, which is not followed.
Any other answer (EACCES, EIO, EMFILE, ESTALE...) says that something is there and cannot be read now.
"""
HOT_NS, HOT_MAX, HOT_LOOKS, MOVING_LOOKS = 60 * 10**9, 1024, 20, 100
"""Files written in the last minute may be growing; the newest of them are looked at again until none has grown."""


class ListedFile(Struct, frozen=True, gc=False, array_like=True):
    """One session file as a directory listing shows it.

    `path`: the bytes that the file system has, since a name need not be UTF-8. `mtime_ns`: last written; `changed_ns`:
    the later of that and of the last change of its name, owner or times, which nobody can set back: by its mtime a
    file that was restored from a backup may be older than what is in it. Both in unix nanoseconds.
    """

    path: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int
    changed_ns: int

    @property
    def mtime(self) -> float:
        """Unix seconds."""
        return self.mtime_ns / 1e9

    @property
    def changed_at(self) -> float:
        """Unix seconds. Nothing in the file was written later than this."""
        return self.changed_ns / 1e9


class Failed(NamedTuple):
    """What is there and could not be looked at."""

    path: bytes
    error: OSError
    is_directory: bool


class Listing(NamedTuple):
    """What `walk` found."""

    files: list[ListedFile]
    failed: list[Failed]


def is_gone(error: OSError) -> bool:
    """Whether the file or directory is not there any more, as opposed to: it cannot be read now."""
    return error.errno in NOT_FOUND


def walk(roots: Iterable[bytes]) -> Listing:
    """Every `*.jsonl` below the roots, in hidden directories too. Links are not followed, what vanishes is left out."""
    listing, stack = Listing([], []), list(roots)
    while stack:
        directory = stack.pop()
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.name.endswith(b".jsonl") and entry.is_file(follow_symlinks=False):
                        try:
                            listing.files.append(_listed(entry.path, entry.stat(follow_symlinks=False)))
                        except OSError as error:
                            if not is_gone(error):
                                listing.failed.append(Failed(entry.path, error, is_directory=False))
                    elif entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
        except OSError as error:
            if not is_gone(error):
                listing.failed.append(Failed(directory, error, is_directory=True))
    return listing


def look(path: bytes) -> ListedFile | None:
    """One file; `None` for what is no regular file. Raises `OSError`."""
    status = os.lstat(path)
    return _listed(path, status) if stat.S_ISREG(status.st_mode) else None


def _listed(path: bytes, status: os.stat_result) -> ListedFile:
    mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
    changed = mtime if mtime > ctime else ctime  # noqa: FURB136, `max` takes as long as all the rest
    return ListedFile(path, status.st_dev, status.st_ino, status.st_size, mtime, changed)


def list_at_once(roots: Iterable[bytes]) -> Listing:
    """`walk`, newest first, with the sizes that the growing files had at one and the same instant.

    A listing takes a while: a file listed late may hold a line that is younger than one missing from a file listed
    early. The sum of such sizes was never the truth, so the files that grow are looked at until none did in between.
    """
    started = time.time_ns()
    found = walk(roots)
    files = found.files
    files.sort(key=attrgetter("changed_ns"), reverse=True)
    hot = [number for number, item in enumerate(files[:HOT_MAX]) if item.changed_ns > started - HOT_NS]
    moving: list[int] = []
    for _ in range(HOT_LOOKS):
        # The few that grow are looked at until none did: so their sizes are those of one instant. Another file that
        # has not changed until after that instant had its listed size then, too.
        for _ in range(MOVING_LOOKS):
            if not _grown(files, moving):
                break
        new = _grown(files, (number for number in hot if number not in moving))
        if not new:
            break
        moving += new
    return found


def _grown(files: list[ListedFile], numbers: Iterable[int]) -> list[int]:
    """Which of these files have another size than the listing says. Mends the listing."""
    found = []
    for number in numbers:
        try:
            again = look(files[number].path)
        except OSError:  # reading it will tell what is wrong
            continue
        if again and again.inode == files[number].inode and again.size != files[number].size:
            files[number] = again
            found.append(number)
    return found


def printable(path: bytes | Path) -> str:
    r"""A path for people and for JSON: what is not UTF-8 in it is spelled as `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
