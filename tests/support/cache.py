"""Programs of other projects that the tests fetch once, into the user's cache, each into a folder of its own.

Several test processes may want the same one at once: the first fetches it, the others wait for its lock. Imports
nothing of the project's, so that a benchmark stays small with it.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, or waits for it; a process that dies lets go of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(home: Path, make: Callable[[Path], None]) -> Path:
    """`home`, filled by `make` unless another process has done so. If `make` raises, or is killed, the next one begins
    with an empty folder.
    """
    ready = home / "ready"
    if not ready.exists():
        with locked(home.parent / f"{home.name}.lock"):
            if not ready.exists():
                shutil.rmtree(home, ignore_errors=True)
                home.mkdir(parents=True)
                make(home)
                ready.touch()
    return home


def cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `fetch`. Raises what that raises."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return made_once(caches / "claude-gauge-tests" / name, fetch)
