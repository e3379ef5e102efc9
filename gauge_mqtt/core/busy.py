"""How much a busy minute of one's own is: what the redline is taken from where it is not set. Pure."""

from collections.abc import Iterable
from math import ceil

BUSY_PERCENTILE = 0.95


def busy_minute(tokens: Iterable[float]) -> int | None:
    """95th percentile (nearest rank) of the minutes with tokens, `tokens` by the minute; `None` without any."""
    active = sorted(count for count in tokens if count > 0)
    return round(active[ceil(len(active) * BUSY_PERCENTILE) - 1]) if active else None
