"""A long reading in a thread that lets the event loop's thread have the interpreter."""

import time

WORK_S = REST_S = 0.0015
"""So long it works in one go, and so long it sleeps then. Two threads that both want the interpreter hand it over at
each system call, of which a line has a dozen on its way; while one of them sleeps there is nothing to hand over.
"""


class Rests:
    """To be called every few lines. `on`: else it never sleeps, as for a program that does nothing beside."""

    def __init__(self) -> None:
        self.on = False
        self._due = 0.0

    def __call__(self) -> None:
        if self.on and time.perf_counter() >= self._due:
            time.sleep(REST_S)
            self._due = time.perf_counter() + WORK_S
