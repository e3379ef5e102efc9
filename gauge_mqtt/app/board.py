"""The board: sources in, one snapshot, sinks out. The only room that knows what time it is."""

import asyncio
import contextlib
import logging
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime
from math import inf

from gauge_mqtt.contract.messages import edges
from gauge_mqtt.contract.usage import HEARTBEAT_S, Usage
from gauge_mqtt.core import snapshot
from gauge_mqtt.core.reading import Limits
from gauge_mqtt.sinks import Sink
from gauge_mqtt.sources import Source

log = logging.getLogger(__name__)

PER_SECOND = 4
"""Snapshots shown in any one second at most; fewer than that go out the moment something rings."""
DECAY_S = 1.0
"""While tokens flow the rate falls by itself, without anything ringing."""
LEAVE_S = 1.8
"""What sinks get to say good-bye; the promise is 2 s."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Board:
    """Shows every sink the snapshot of all sources, whenever something changed and at each heartbeat."""

    def __init__(
        self,
        sources: Sequence[Source],
        sinks: Sequence[Sink],
        limits: Limits,
        instance: str,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.latest: Usage | None = None
        self._sources, self._sinks = list(sources), list(sinks)
        self._limits, self._instance, self._clock = limits, instance, clock
        self._wakeup = asyncio.Event()
        self._broken: set[str] = set()
        self._shown = deque([-inf] * PER_SECOND, maxlen=PER_SECOND)
        self._due_at = -inf

    async def run(self) -> None:
        """Until cancelled. A fault in a source or sink that is not foreseen there ends everything: it is a bug."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick(), name="tick")
            for source in self._sources:
                group.create_task(source.run(self._changed), name=f"source {source.name}")
            for sink in self._sinks:
                group.create_task(sink.run(), name=f"sink {sink.name}")

    def _changed(self) -> None:
        """A source has something new: shown from within its own call, unless it is too soon."""
        if asyncio.get_running_loop().time() >= self._slot_at:
            self._refresh()
        else:
            self._due_at = self._slot_at
        self._wakeup.set()

    @property
    def _slot_at(self) -> float:
        return self._shown[0] + 1.0

    async def _tick(self) -> None:
        """What comes without anybody ringing: heartbeats, falling rates, resets, and what had to wait for its slot."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time()
        while True:
            if loop.time() >= beat_at:
                beat_at = loop.time() + HEARTBEAT_S
                self._refresh(beat=True)
            elif loop.time() >= self._due_at:
                self._refresh()
            self._wakeup.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(beat_at, self._due_at)):
                    await self._wakeup.wait()

    def _refresh(self, *, beat: bool = False) -> None:
        now, started = self._clock(), asyncio.get_running_loop().time()
        usage = snapshot([source.read(now) for source in self._sources], self._limits, self._instance, now)
        self._due_at = started + _lasts(usage)
        if beat or not _same(usage, self.latest):
            if not beat:
                self._shown.append(started)
            self._show(usage, beat=beat)

    def _show(self, usage: Usage, *, beat: bool) -> None:
        events = edges(self.latest, usage)
        for event in events:
            log.info("event %s", event.event_type)
        self.latest = usage
        for sink in self._sinks:
            try:
                sink.show(usage, events, beat=beat)
                self._broken.discard(sink.name)
            except Exception:
                # One broken surface must not darken the others; said once, with the trace, until it works again.
                if sink.name not in self._broken:
                    log.exception("the %s sink failed on a snapshot", sink.name)
                self._broken.add(sink.name)


def _same(usage: Usage, before: Usage | None) -> bool:
    return before is not None and all(
        value == getattr(before, name) for name, value in usage.__dict__.items() if name != "updated_at"
    )


def _lasts(usage: Usage) -> float:
    """For how many seconds this snapshot can stand if nothing rings."""
    if usage.rate_1m:
        return DECAY_S
    resets = [
        (at - usage.updated_at).total_seconds()
        for at in (usage.window_5h_resets_at, usage.window_7d_resets_at)
        if at is not None and at > usage.updated_at
    ]
    return min([*resets, HEARTBEAT_S])


@contextlib.asynccontextmanager
async def until_signalled() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set. The second signal of a kind ends the process the hard way."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        log.info("%s: leaving", number.name)
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


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
