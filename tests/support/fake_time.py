"""An event loop whose clock is the test's: what it would wait for happens at once, and an hour passes in no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 2, 12, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for nothing but moves the clock by what it should have waited."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("the loop waits for ever: no timer is set, and nobody else will wake it")
        self.waited += 0 if ready or timeout is None else max(timeout, 0)
        return ready


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and stands still while anything runs."""

    def __init__(self) -> None:
        self._fake = _Selector()
        super().__init__(self._fake)

    def time(self) -> float:
        return self._fake.waited

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time())


def run(main: Coroutine[Any, Any, None], loop: FakeTimeLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)
