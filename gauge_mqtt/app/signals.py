"""How the program is told to end, before and beside the publisher, which has handlers of its own.

Whatever the signal, everything is unwound as by Ctrl-C: the cursor is shown again, child processes are ended.
"""

import os
import signal
from types import FrameType

INTERRUPTED = 130
"""Exit code of a command that a signal interrupted, until `die_of_it` says it in the way that shells know."""
_received: list[int] = []


def die_at_once() -> None:
    """While nothing has been done yet, as during imports, Ctrl-C ends the process without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt() -> None:
    """From here on SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt`; one that the parent ignores stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _as_ctrl_c)


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """End as SIGINT does: while asyncio runs, its handler of that cancels the main task instead of raising."""
    _received.append(number)
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(number, frame)


def die_of_it() -> None:
    """End as the signal itself would have: the parent sees which one it was."""
    number = _received[0] if _received else signal.SIGINT
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
