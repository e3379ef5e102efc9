"""A place where permissions bite, for tests that may run as root."""

import concurrent.futures.thread  # noqa: F401, whoever is nobody may not be able to import what comes later
import ctypes  # noqa: F401
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[Path]:
    """An empty directory, and a process without root's privileges meanwhile: who made a file may be denied it."""
    home = Path(tempfile.mkdtemp(prefix="gauge-test-"))
    root = os.geteuid() == 0
    if root:
        os.chown(home, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield home
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
        for folder, _, _ in os.walk(home):
            Path(folder).chmod(0o700)
        shutil.rmtree(home)
