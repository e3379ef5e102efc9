"""A scripted day in ten minutes, for who has no Claude Code at hand. Every surface says DEMO, since its source does."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import sin
from typing import NamedTuple

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import Quota, Ratio, Reading, Window

DAY_S = 600.0
RESET_S = 480.0
"""When the first 5 h window of the day ends."""
STEP_S = 0.5
BUSY_MINUTE = 8_000
FULL_5H, FULL_7D = 60_000_000, 900_000_000
"""Tokens that the day takes for 100 %."""
OVERDUE = timedelta(minutes=6)
"""For how long the answer has been due while the day stalls: longer than anybody waits by default."""


class Scene(NamedTuple):
    """From `at` (seconds of the day) on. Shares and rate go in a straight line to the next scene's."""

    at: float
    rate: float
    share_5h: float
    share_7d: float
    model: str
    stalled: bool = False


DAY = (
    Scene(0, 0, 0.0, 0.60, "claude-haiku-4-5"),
    Scene(8, 0, 0.0, 0.60, "claude-haiku-4-5"),  # a quiet morning, short enough for who has just opened the page
    Scene(20, 1500, 0.01, 0.60, "claude-haiku-4-5"),
    Scene(90, 4200, 0.08, 0.62, "claude-sonnet-5"),
    Scene(170, 6400, 0.27, 0.65, "claude-sonnet-5"),
    Scene(200, 8800, 0.36, 0.67, "claude-opus-5-5"),  # hot
    Scene(290, 9800, 0.71, 0.73, "claude-opus-5-5"),
    Scene(300, 0, 0.74, 0.74, "claude-opus-5-5", stalled=True),  # nothing comes any more
    Scene(345, 0, 0.74, 0.74, "claude-opus-5-5", stalled=True),
    Scene(350, 5200, 0.75, 0.74, "claude-opus-5-5"),
    Scene(440, 7000, 1.0, 0.79, "claude-opus-5-5"),  # the limit
    Scene(450, 0, 1.0, 0.79, "claude-opus-5-5"),
    Scene(RESET_S, 0, 1.0, 0.79, "claude-opus-5-5"),
    Scene(RESET_S, 0, 0.0, 0.79, "claude-opus-5-5"),  # the reset
    Scene(500, 3800, 0.03, 0.80, "claude-sonnet-5"),
    Scene(590, 5600, 0.24, 0.84, "claude-sonnet-5"),
    Scene(DAY_S, 0, 0.25, 0.84, "claude-sonnet-5"),
)


def scene_at(elapsed: float) -> Scene:
    """The day's state so many seconds after it began; it begins again and again."""
    at = elapsed % DAY_S
    number = bisect_right([scene.at for scene in DAY], at) - 1
    scene, following = DAY[number], DAY[min(number + 1, len(DAY) - 1)]
    part = (at - scene.at) / (following.at - scene.at or 1)
    rate, share_5h, share_7d = (
        getattr(scene, name) + part * (getattr(following, name) - getattr(scene, name))
        for name in ("rate", "share_5h", "share_7d")
    )
    ripple = 1 + 0.06 * sin(at / 3) + 0.03 * sin(at / 0.9)
    return scene._replace(at=at, rate=rate * ripple, share_5h=share_5h, share_7d=share_7d)


def demo_reading(began: datetime, now: datetime) -> Reading:
    """What the day shows at `now`. Resets are real instants: a needle falls when the announced time has come."""
    elapsed = max(0.0, (now - began).total_seconds())
    scene = scene_at(elapsed)
    day = began + timedelta(seconds=elapsed - scene.at)
    reset_5h = day + timedelta(seconds=RESET_S) if scene.at < RESET_S else day + timedelta(seconds=RESET_S, hours=5)
    last = now - OVERDUE if scene.stalled else now if scene.rate else None
    return Reading(
        source=DemoSource.name,
        observed_at=now,
        rate_tokens=round(scene.rate),
        window_5h=Window(tokens=round(scene.share_5h * FULL_5H), ends_at=reset_5h),
        window_7d=Window(tokens=round(scene.share_7d * FULL_7D)),
        thinking=Ratio(part=31, whole=100),
        cache=Ratio(part=96, whole=100),
        model=scene.model,
        model_at=now,
        busy_minute_tokens=BUSY_MINUTE,
        telemetry_at=last,
        activity_at=last,
        open_turn_at=last,
        sees_turns=True,
        quota_5h=_official(scene.share_5h, reset_5h, now),
        quota_7d=_official(scene.share_7d, day + timedelta(seconds=DAY_S), now),
        refused=0,
    )


def _official(share: float, resets_at: datetime, now: datetime) -> Quota:
    return Quota(used_percent=round(100 * share, 1), resets_at=resets_at, seen_at=now, channel="report")


class DemoSource:
    """Only when it is asked for by name: never a substitute for telemetry that is missing."""

    name = "demo"

    def __init__(self, began: datetime | None = None) -> None:
        self._began = began or datetime.now(UTC)

    @property
    def health(self) -> Health:
        return Health(ok=True, detail="a scripted day, not your own", age_s=0.0)

    def metrics(self) -> list[Metric]:
        return []

    async def load(self) -> None: ...

    async def run(self, changed: Callable[[], None]) -> None:
        while True:
            changed()
            await asyncio.sleep(STEP_S)

    def read(self, now: datetime) -> Reading:
        return demo_reading(self._began, now)
