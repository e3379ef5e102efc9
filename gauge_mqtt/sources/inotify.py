"""Linux's inotify for one directory or a whole tree, read where it is waited for: in the event loop.

A library's thread would be one more to wake before a line is read, and each wake-up takes as long as reading it.
"""

import ctypes
import errno
import functools
import os
import struct
from collections.abc import Callable, Iterator

IN_MODIFY, IN_ATTRIB, IN_CREATE, IN_DELETE = 0x2, 0x4, 0x100, 0x200
IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE_SELF, IN_MOVE_SELF = 0x40, 0x80, 0x400, 0x800
IN_Q_OVERFLOW, IN_IGNORED = 0x4000, 0x8000
IN_ONLYDIR, IN_DONT_FOLLOW, IN_ISDIR = 0x0100_0000, 0x0200_0000, 0x4000_0000
WANTED = (
    IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF
    | IN_ONLYDIR | IN_DONT_FOLLOW
)  # fmt: skip
"""Not the opens and read-only closes: our own reading would cause events for ever. Nor the closes after writing: each
would announce a second time a line that is read already, while its message waits to be sent. `IN_ATTRIB`: a file that
was unreadable may be readable now.
"""
HEAD = struct.Struct("iIII")
"""Of an event: watch, mask, cookie, length of the name behind it (inotify(7))."""
BUFFER = 1 << 16
WORDS = {
    errno.ENOSPC: "not enough watches are granted; raise the limit with: sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "no more inotify descriptors; raise the limit with: sysctl fs.inotify.max_user_instances=1024",
}
"""The kernel's own words for these speak of disks and files."""
PASSED_OVER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM})
"""A directory that is gone again, or may not be looked into."""


class Inotify:
    """Watches `root`, and with `tree` every directory below it, also those that come later. Links are not followed.
    Of files, those whose name ends with `suffix` are told.

    `alive`: false once `root` is not there any more. `fd` is readable when something has changed; it never blocks.
    Raises `OSError` where not every directory can be watched, and everywhere but on Linux.

        watch = Inotify(b"/home/me/.claude/projects", tree=True)
        loop.add_reader(watch.fd, lambda: print(watch.changed()))    # [b"/home/me/.claude/projects/-x/1.jsonl"]
    """

    def __init__(self, root: bytes, *, tree: bool, suffix: bytes = b"") -> None:
        self.alive = True
        self._root, self._tree, self._suffix = root, tree, suffix
        self._directories: dict[int, bytes] = {}
        self.fd = _checked(_libc("inotify_init1")(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            self._add(root)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd, self.alive = -1, False

    def changed(self) -> list[bytes]:
        """Paths of the files and directories that something has happened to, and of `root` if that cannot be told.

        Raises `OSError` if a new directory cannot be watched.
        """
        try:
            events = os.read(self.fd, BUFFER)
        except BlockingIOError:
            return []
        found: dict[bytes, None] = {}
        for watch, mask, name in _parsed(events):
            if mask & IN_Q_OVERFLOW:  # what was lost may have been a new directory
                self._add(self._root)
                found[self._root] = None
                continue
            directory = self._directories.get(watch)
            if directory is None:
                continue
            path = directory + b"/" + name if name else directory
            if mask & IN_IGNORED:
                del self._directories[watch]
            if mask & (IN_IGNORED | IN_MOVE_SELF):
                self.alive &= directory != self._root
            elif mask & IN_ISDIR:
                self._follow(path, mask)
            if not self.alive or (name and (mask & IN_ISDIR or name.endswith(self._suffix))):
                found[path] = None
        return list(found)

    def _follow(self, path: bytes, mask: int) -> None:
        """A directory of the tree came, went or has another name now."""
        if not self._tree:
            return
        if mask & IN_MOVED_FROM:
            below = path + b"/"
            for watch, directory in list(self._directories.items()):
                if directory == path or directory.startswith(below):
                    _libc("inotify_rm_watch")(self.fd, watch)
                    del self._directories[watch]
        elif mask & (IN_CREATE | IN_MOVED_TO):
            self._add(path)

    def _add(self, top: bytes) -> None:
        """Watch a directory, then look what is in it: so nothing that is made meanwhile is missed."""
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            try:
                watch = _checked(_libc("inotify_add_watch")(self.fd, directory, WANTED))
                self._directories[watch] = directory
                if self._tree:
                    with os.scandir(directory) as entries:
                        waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError as error:
                if directory == self._root or error.errno not in PASSED_OVER:
                    raise


def _parsed(events: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Watch, mask and name of each event."""
    at = 0
    while at < len(events):
        watch, mask, _cookie, length = HEAD.unpack_from(events, at)
        at += HEAD.size
        yield watch, mask, events[at : at + length].rstrip(b"\0")
        at += length


@functools.cache
def _libc(name: str) -> Callable[..., int]:
    """A function of the C library, which leaves its errors to `_checked`. Raises `OSError` where there is none."""
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name)  # type: ignore[no-any-return]
    except AttributeError:
        raise OSError(errno.ENOSYS, "this system has no inotify") from None


def _checked(result: int) -> int:
    """What the C library has returned. Raises `OSError` if that tells an error."""
    if result >= 0:
        return result
    number = ctypes.get_errno()
    raise OSError(number, WORDS.get(number, os.strerror(number)))
