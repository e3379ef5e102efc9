"""The user's local days. Pure: how local time is told is an argument."""

from collections.abc import Callable
from datetime import date, datetime

QUARTER = 900
"""Seconds. Every zone's offset, and every change of it, is a multiple of 15 min."""
CACHED_MAX = 200_000


class Calendar:
    """Local day (as its ordinal) and hour of an instant. `local`: unix seconds to local time, such as
    `datetime.fromtimestamp`.
    """

    def __init__(self, local: Callable[[float], datetime]) -> None:
        self._local = local
        self._known: dict[int, tuple[int, int]] = {}

    def day_and_hour(self, at: float) -> tuple[int, int]:
        quarter = int(at // QUARTER)
        found = self._known.get(quarter)
        if found is None:
            if len(self._known) >= CACHED_MAX:
                self._known.clear()
            then = self._local(quarter * QUARTER)
            found = self._known[quarter] = (then.toordinal(), then.hour)
        return found

    def day(self, at: float) -> int:
        return self.day_and_hour(at)[0]


def days_of_month(day: int) -> tuple[int, int]:
    """The first day of the month that `day` is in, and the last (ordinals)."""
    then = date.fromordinal(day)
    following = date(then.year + then.month // 12, then.month % 12 + 1, 1)
    return then.replace(day=1).toordinal(), following.toordinal() - 1
