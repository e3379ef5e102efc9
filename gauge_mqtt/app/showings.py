"""How often a snapshot may be shown: a few at once, then evenly spaced. Pure: the clock is an argument."""

from math import inf

INTERVAL_S = 0.25
"""Between two showings once the budget is used: four a second, however often something changes."""
BURST = 4
"""Showings that may follow each other at once. One more comes back every `INTERVAL_S`."""
RESERVE = 2
"""Showings of the burst that are kept for new tokens: what else a log line moves leaves them alone."""


class Showings:
    """A token bucket of `BURST` showings that fills by one every `INTERVAL_S`, written as one instant.

    `_full_at` is when the bucket is full again; each showing moves it back by one interval. Times are seconds of any
    clock that does not jump, such as `loop.time()`.

    >>> showings = Showings()
    >>> for at in (10.0, 10.01, 10.02, 10.03): showings.spend(at)
    >>> round(showings.ready_at() - 10.03, 2)  # the burst is used: the next one an interval after the first
    0.22
    """

    def __init__(self) -> None:
        self._full_at = -inf

    def ready_at(self, keep: int = 0) -> float:
        """From when on one showing may be spent that leaves `keep` in the bucket."""
        return self._full_at - (BURST - 1 - keep) * INTERVAL_S

    def spend(self, now: float) -> None:
        self._full_at = max(self._full_at, now) + INTERVAL_S
