"""Who announces changes in a directory: on Linux inotify itself, elsewhere watchdog, at the price of two threads."""

import sys
from typing import Protocol


class Announcer(Protocol):
    """`fd` is readable when something has changed in the directory. `alive`: false once it is not there any more."""

    fd: int

    @property
    def alive(self) -> bool: ...

    def changed(self) -> list[bytes]:
        """Paths of what has changed since the last call. Raises `OSError` if changes cannot be announced any more."""

    def close(self) -> None: ...


def announcer(root: bytes, *, tree: bool, suffix: bytes = b"") -> Announcer:
    """For `root`, and with `tree` for every directory below it; of files, for those whose name ends with `suffix`.

    Blocks for the walk of the tree. Raises `OSError` where not every directory can be watched.
    """
    if sys.platform.startswith("linux"):
        from gauge_mqtt.sources.inotify import Inotify  # noqa: PLC0415 (each where it is used: watchdog costs a start 30 ms)

        return Inotify(root, tree=tree, suffix=suffix)
    from gauge_mqtt.sources.observed import Observed  # noqa: PLC0415

    return Observed(root, tree=tree, suffix=suffix)
