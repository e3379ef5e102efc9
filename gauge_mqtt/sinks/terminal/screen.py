"""A terminal that is borrowed: its other screen is drawn on, and everything is put back at the end."""

import os
import shutil
import signal
import sys
import termios
import tty
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import Usage, values
from gauge_mqtt.sinks.terminal.cluster import LOST, Frame, drawn, frame

OTHER_SCREEN, OWN_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[0m\x1b[?25h\x1b[?1049l"
HOME, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LEAVE_KEYS = frozenset({"q", "Q", "\x1b"})


def is_coloured(environ: Mapping[str, str]) -> bool:
    """https://no-color.org, and terminals that cannot."""
    return not environ.get("NO_COLOR") and environ.get("TERM", "dumb") not in {"dumb", "vt100", "vt220"}


class Screen:
    """Draws frames on the terminal of standard output. Only what differs from the last one is written."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured
        self._frame: Frame | None = None
        self._written = ""

    def show(self, shown: Frame) -> None:
        self._frame = shown
        columns, rows = shutil.get_terminal_size()
        canvas = drawn(shown, columns, rows)
        lines = canvas.lines(coloured=self._coloured)
        if self._coloured:  # these fill the window; to clear the rest would take their last column
            text = HOME + "\r\n".join(lines)
        else:
            text = HOME + "\r\n".join(line + REST_OF_LINE for line in lines) + REST_OF_SCREEN
        if text != self._written:
            self._written = text
            sys.stdout.write(text)
            sys.stdout.flush()

    def redraw(self) -> None:
        """After the window has got another size."""
        self._written = ""
        if self._frame:
            self.show(self._frame)

    @contextmanager
    def borrowed(self, loop: AbstractEventLoop, leave: Callable[[], None]) -> Iterator[None]:
        """The terminal, until the end of the block. `leave` is called for q, Esc and what ends programs."""
        keys = sys.stdin.fileno()
        before = termios.tcgetattr(keys)
        sys.stdout.write(OTHER_SCREEN)
        sys.stdout.flush()
        try:
            tty.setcbreak(keys)
            loop.add_reader(keys, self._on_key, keys, leave)
            loop.add_signal_handler(signal.SIGWINCH, self.redraw)
            for number in ENDING:
                loop.add_signal_handler(number, leave)
            yield
        finally:
            loop.remove_reader(keys)
            for number in (signal.SIGWINCH, *ENDING):
                loop.remove_signal_handler(number)
            termios.tcsetattr(keys, termios.TCSADRAIN, before)
            sys.stdout.write(OWN_SCREEN)
            sys.stdout.flush()

    def _on_key(self, keys: int, leave: Callable[[], None]) -> None:
        pressed = os.read(keys, 64).decode(errors="replace")
        if not pressed or LEAVE_KEYS.intersection(pressed):  # nothing at all: the terminal is gone
            leave()


class TerminalSink:
    """The board's sink. `run` has nothing to do: the terminal is borrowed around it."""

    name = "terminal"

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @property
    def health(self) -> Health:
        return Health(ok=True, detail="this terminal")

    async def run(self) -> None: ...

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        del events, beat
        self._screen.show(frame(values(usage), datetime.now(UTC)))

    def lost(self) -> None:
        self._screen.show(LOST)
