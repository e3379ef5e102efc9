"""How what runs until it is told to end hears that, and ends."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Collection
from types import FrameType

log = logging.getLogger(__name__)

LEAVE_S = 1.8
"""What sinks get to say good-bye; the promise is 2 s."""


@contextlib.asynccontextmanager
async def until_signalled() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP (the terminal is gone) set. The second signal of a kind ends the process
    at once: SIGINT by a `KeyboardInterrupt` and without any farewell, the others as the system does it. What the parent
    has ignored, as `nohup` does, stays ignored.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    heard = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]

    # `loop.add_signal_handler` would lose the second of two signals that come within one iteration of the loop.
    def first(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, second_ctrl_c if number == signal.SIGINT else signal.SIG_DFL)
        loop.call_soon_threadsafe(leave, signal.Signals(number))

    def leave(number: signal.Signals) -> None:
        log.info("%s: leaving", number.name)
        stop.set()

    def second_ctrl_c(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.call_soon_threadsafe(interrupt)

    def interrupt() -> None:  # raised in the handler it would be lost whenever that runs within a weakref's callback
        loop.call_soon(_cancel_until_done, asyncio.all_tasks(loop))
        raise KeyboardInterrupt

    for number in heard:
        signal.signal(number, first)
    try:
        yield stop
    finally:
        for number in heard:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def _cancel_until_done(tasks: Collection["asyncio.Task[object]"]) -> None:
    """Cancel them in each iteration of the loop. `asyncio.run` cancels each once, and a task that is cancelled twice
    before it runs again sees one cancellation only: it would begin its farewell then, and not end it.
    """
    if left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        asyncio.get_running_loop().call_soon(_cancel_until_done, left)


async def run_until(stop: asyncio.Event, main: asyncio.Task[None], beside: Collection[asyncio.Task[None]] = ()) -> None:
    """Run `main` until `stop` is set or one of `beside` ends, then cancel it. Raises what `main` raised by itself."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, main, *beside}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not main.done():
        main.cancel()
        _, late = await asyncio.wait({main}, timeout=LEAVE_S)
        if late:
            log.warning("leaving without waiting any longer")
            return
    if not main.cancelled():
        main.result()
