"""Who announces changes in a directory: on Linux inotify itself, elsewhere watchdog, at the price of two threads."""

import asyncio
import sys
from collections.abc import Callable
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


class Listening:
    """Hears what `announcer` has to say in the event loop, from `begin` on. Must be stopped, which closes it.

    listening = Listening(announcer(root, tree=True))    # in a thread, since that blocks
    listening.begin(heard=print, lost=log.warning)
    """

    def __init__(self, announcer: Announcer) -> None:
        self._announcer: Announcer | None = announcer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: Callable[[list[bytes]], None] = lambda _: None
        self._lost: Callable[[OSError], None] = lambda _: None

    @property
    def alive(self) -> bool:
        """False once the directory is gone, or it is stopped."""
        return self._announcer is not None and self._announcer.alive

    def begin(self, heard: Callable[[list[bytes]], None], lost: Callable[[OSError], None]) -> None:
        """Have the running loop call `heard` with the paths that changed; or `lost`, once, with why none can be
        announced any more: then it is stopped.
        """
        if self._announcer is not None:
            self._heard, self._lost, self._loop = heard, lost, asyncio.get_running_loop()
            self._loop.add_reader(self._announcer.fd, self._ready)

    def stop(self) -> None:
        if self._announcer is not None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(self._announcer.fd)
            self._announcer.close()
            self._announcer = None

    def _ready(self) -> None:
        assert self._announcer is not None  # noqa: S101 (nothing is read after `stop`)
        try:
            changed = self._announcer.changed()
        except OSError as error:
            self.stop()
            self._lost(error)
        else:
            self._heard(changed)
