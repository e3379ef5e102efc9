"""When a fuel will be used up if the work goes on as it does. Pure."""

from datetime import datetime, timedelta

from gauge_mqtt.core.reading import OPEN_WINDOW, PACE_WINDOW, WEEK

STEP_5H, STEP_7D = timedelta(minutes=5), timedelta(hours=1)
"""What the instants are rounded to: the pace is not known better, and each change is a row in somebody's database."""
PACE_KNOWN = 0.1
"""How well a pace is known: an instant that was shown stays while it is off by this part of the time that is left."""
WEEK_KNOWN = timedelta(hours=6)
"""Of the first hours of a week nobody knows whether the others will be like them."""


def limit_5h(
    share: float | None,
    resets_at: datetime | None,
    tokens: int | None,
    recent: int | None,
    now: datetime,
    *,
    before: datetime | None = None,
) -> datetime | None:
    """When the 5 h share (0..1) reaches 1 at the pace of the last 15 minutes; `None` if the reset comes first, it is
    full already, or the pace is not known.

    `tokens`: of the window so far, by which the share says what one token is worth. `recent`: of the last 15 minutes.
    `before`: what was shown last; it stays as long as it is off by no more than a step, or a tenth of the time left.
    """
    if not share or not tokens or not recent or resets_at is None or resets_at > now + 2 * OPEN_WINDOW:
        return None
    left = (1 - share) * tokens / share  # tokens until it is full
    return _reached(left / recent * PACE_WINDOW.total_seconds(), resets_at, now, STEP_5H, before)


def limit_7d(
    share: float | None, resets_at: datetime | None, now: datetime, *, before: datetime | None = None
) -> datetime | None:
    """When the weekly share (0..1) reaches 1 at the pace of this week so far; `None` as `limit_5h`, and in the first
    hours of a week. `before`: as there.
    """
    if not share or resets_at is None:
        return None
    elapsed = now - (resets_at - WEEK)
    if elapsed < WEEK_KNOWN:
        return None
    return _reached(elapsed.total_seconds() * (1 - share) / share, resets_at, now, STEP_7D, before)


def _reached(
    left_s: float, resets_at: datetime, now: datetime, step: timedelta, before: datetime | None
) -> datetime | None:
    if not 0 < left_s < (resets_at - now).total_seconds():
        return None
    at = now + timedelta(seconds=left_s)
    if before is not None and before > now and abs(at - before) <= max(step, (at - now) * PACE_KNOWN):
        return before
    epoch = datetime.fromtimestamp(0, now.tzinfo)
    return epoch + round((at - epoch) / step) * step
