"""The board: sources in, one snapshot, sinks out. The only room that knows what time it is."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from math import inf

from gauge_mqtt.app.memory import Memory
from gauge_mqtt.app.showings import RESERVE, Showings
from gauge_mqtt.contract.messages import edges
from gauge_mqtt.contract.usage import HEARTBEAT_S, Usage, values
from gauge_mqtt.core.certificate import UNCALIBRATED, Calibrations
from gauge_mqtt.core.reading import Limits, Reading
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.sinks import Sink
from gauge_mqtt.sources import Source

log = logging.getLogger(__name__)

LOOK_S = 0.005
"""Between two looks at the sources: a flood of lines without tokens costs a twelfth of a CPU and no more."""
DECAY_S = 1.0
"""While tokens flow the rate falls by itself, without any source calling."""
TIMES = frozenset({"updated_at", "telemetry_at", "window_5h_asof", "window_7d_asof", "limit_5h_at", "limit_7d_at"})
"""What moves with every line, or with time alone. It is never shown for its own sake: it travels with the next value or
heartbeat.
"""
TOKEN_COUNTS = ("rate_1m", "window_5h_tokens", "window_7d_tokens")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Board:
    """Shows every sink the snapshot of all sources, whenever something changed and at each heartbeat.

    `on_shown` is called with the readings behind each snapshot that is shown. How soon that is, `Showings` says: new
    tokens within one `INTERVAL_S` at any rate, and at once at two lines a second. `beside`: what else runs as long as
    the board does.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        sinks: Sequence[Sink],
        limits: Limits,
        instance: str,
        clock: Callable[[], datetime] = utc_now,
        *,
        memory: Memory | None = None,
        calibrations: Callable[[datetime], Calibrations] = lambda _now: UNCALIBRATED,
        on_shown: Callable[[datetime, Sequence[Reading]], None] = lambda _now, _readings: None,
        beside: Sequence[Callable[[], Coroutine[None, None, None]]] = (),
    ) -> None:
        self.latest: Usage | None = None
        self._on_shown, self._calibrations, self._beside = on_shown, calibrations, beside
        self._memory = memory or Memory(None, instance, "")
        self._hot_at: datetime | None = None
        self._sources, self._sinks = list(sources), list(sinks)
        self._limits, self._instance, self._clock = limits, instance, clock
        self._wakeup = asyncio.Event()
        self._broken: set[str] = set()
        self._showings = Showings()
        self._looked_at = self._due_at = -inf

    async def run(self) -> None:
        """Until cancelled. A fault in a source or sink that is not foreseen there ends everything: it is a bug."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick(), name="tick")
            group.create_task(self._memory.run(), name="memory")
            for source in self._sources:
                group.create_task(source.run(self._changed), name=f"source {source.name}")
            for sink in self._sinks:
                group.create_task(sink.run(), name=f"sink {sink.name}")
            for run in self._beside:
                group.create_task(run())

    def _changed(self) -> None:
        """A source has something new: looked at from within its own call, unless it is too soon."""
        may_look_at = max(self._looked_at + LOOK_S, self._showings.ready_at())
        if asyncio.get_running_loop().time() >= may_look_at:
            self._refresh()
        else:
            self._due_at = min(self._due_at, may_look_at)
        self._wakeup.set()

    async def _tick(self) -> None:
        """What comes without any source calling: heartbeats, falling rates, resets, and what had to wait."""
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
        """Look at all sources and show what they say: on a beat always, else if it is news and its time has come."""
        now, started = self._clock(), asyncio.get_running_loop().time()
        readings = [source.read(now) for source in self._sources]
        usage = snapshot(
            readings, self._limits, self._instance, now,
            before=self.latest, counted=self._memory.count(readings, now), highs=self._memory.highs(readings, now),
            calibrations=self._calibrations(now),
        )  # fmt: skip
        self._memory.note(usage)
        self._looked_at, self._due_at = started, started + _lasts(usage)
        if beat:
            self._on_shown(now, readings)
            self._show(usage, beat=True)
        elif _is_news(usage, self.latest):
            ready_at = self._showings.ready_at(0 if _has_new_tokens(usage, self.latest) else RESERVE)
            if started >= ready_at:
                self._showings.spend(started)
                self._on_shown(now, readings)
                self._show(usage, beat=False)
            else:
                self._due_at = min(self._due_at, ready_at)

    def _show(self, usage: Usage, *, beat: bool) -> None:
        events = edges(self.latest, usage, self._hot_at)
        for event in events:
            log.info("event %s", event.event_type)
            if event.event_type == "hot":
                self._hot_at = event.at
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


def _is_news(usage: Usage, before: Usage | None) -> bool:
    if before is None:
        return True
    then = values(before)
    return any(value != then[key] for key, value in values(usage).items() if key not in TIMES)


def _has_new_tokens(usage: Usage, before: Usage | None) -> bool:
    """Whether a count has risen or become known. One that fell did so by time."""
    counts = ((getattr(usage, name), getattr(before, name, None)) for name in TOKEN_COUNTS)
    return any(now is not None and (then is None or now > then) for now, then in counts)


def _lasts(usage: Usage) -> float:
    """For how many seconds this snapshot can stand if no source calls."""
    if usage.rate_1m:
        return DECAY_S
    resets = [
        (at - usage.updated_at).total_seconds()
        for at in (usage.window_5h_resets_at, usage.window_7d_resets_at)
        if at is not None and at > usage.updated_at
    ]
    return min([*resets, HEARTBEAT_S])
