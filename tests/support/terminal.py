"""A terminal that can be read back: what a person would see of the bytes that a program writes."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path
from typing import Self

import pyte

from tests.support.waiting import until


def seen(text: str, columns: int, rows: int) -> pyte.Screen:
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(text)
    return screen


class Terminal:
    """A program in a pseudo-terminal of that size."""

    def __init__(self, command: list[str], columns: int = 80, rows: int = 24, **environ: str) -> None:
        self._command, self._size, self._environ = command, (columns, rows), environ
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes = b""

    def __enter__(self) -> Self:
        self._mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", *self._size[::-1], 0, 0))
        os.set_blocking(self._mine, False)
        environ = {"TERM": "xterm-256color", "HOME": str(Path.home()), "PATH": os.environ["PATH"]}
        self.child = subprocess.Popen(
            self._command, stdin=its, stdout=its, stderr=its, env=environ | self._environ, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (so that Ctrl-C is a signal)
        )  # fmt: skip
        os.close(its)
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self._mine)

    def read(self) -> list[str]:
        """The rows that are shown now."""
        try:
            while data := os.read(self._mine, 1 << 16):
                self.bytes += data
                self._stream.feed(data)
        except OSError:  # nothing new, or its end is closed
            pass
        return self.screen.display

    def shows(self, words: str) -> None:
        until(lambda: words in "\n".join(self.read()))

    def press(self, keys: str) -> None:
        os.write(self._mine, keys.encode())
