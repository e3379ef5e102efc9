"""A small file as a whole, and nothing else: a pipe in its place would block for ever, a device has no end."""

import os
import stat
from pathlib import Path


class FileTooLargeError(OSError):
    """It is larger than any that we, or Claude Code, write."""


def read_regular(path: Path, most: int) -> bytes:
    """What is in it. Raises `OSError`, also where there is no regular file or more than `most` bytes."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # reading a directory says itself what is wrong
            raise OSError(0, "not a regular file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            data = file.read(most + 1)
    finally:
        os.close(fd)
    if len(data) > most:
        raise FileTooLargeError(0, "larger than any that belongs there")
    return data
