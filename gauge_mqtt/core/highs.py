"""The most that was ever used in a finished 5 h block and in a finished week: the full mark `history`. Pure.

It is kept by the UTC day, since most sources reach back no further than a week. A block begins on the hour and lasts
5 h, so hours are enough to tell blocks apart (a record at exactly the end counts to the next block).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import ceil, inf
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from gauge_mqtt.core.blocks import BLOCK, HOUR
from gauge_mqtt.core.reading import Account

DAY = 24 * HOUR
DAYS = 30
"""How far back the largest is looked for."""
WEEK_DAYS = 7
KEPT_DAYS = DAYS + WEEK_DAYS
BLOCK_HOURS = int(BLOCK) // HOUR
TOKENS_MAX = 1e15
"""Of one stretch. More is a fault, whoever made it."""

Amount = Annotated[int, Meta(ge=0, le=10**18)]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens`: of the whole day; `block`: of the largest finished block that began on it. `None`: not known."""

    tokens: Amount | None = None
    block: Amount | None = None

    def at_least(self, other: "Day") -> "Day":
        return Day(tokens=_larger(self.tokens, other.tokens), block=_larger(self.block, other.block))


class History(msgspec.Struct, frozen=True, kw_only=True):
    """`days`: UTC day (unix time // 86400) -> what is known of it. `origin`: what was counted, as in `totals`."""

    origin: str = ""
    days: dict[int, Day] = {}


class Highs(NamedTuple):
    """Tokens of the largest finished block, and of the largest finished week; `None` is unknown."""

    block: int | None = None
    week: int | None = None


UNKNOWN_HIGHS = Highs()


def remember(history: History, account: Account, origin: str, now: datetime) -> History:
    """`history` and what `account` knows at `now`. Of another origin nothing is kept: its tokens are not comparable."""
    known = history.days if history.origin == origin else {}
    found = _days(account, now.timestamp())
    merged = {day: known.get(day, Day()).at_least(found.get(day, Day())) for day in sorted(known.keys() | found.keys())}
    # Counted from the newest day with tokens, not from now: a clock that leaps ahead must not empty it.
    newest = max((day for day, one in merged.items() if one.tokens or one.block), default=-inf)
    kept = {day: one for day, one in merged.items() if newest - KEPT_DAYS <= day <= newest + WEEK_DAYS}
    return History(origin=origin, days=kept)


def highs(history: History, origin: str, now: datetime) -> Highs:
    """The largest of the last 30 days. A week is seven whole UTC days in a row that begin no earlier than the first
    tokens: of somebody's first three days nobody knows what a week would have been.
    """
    if history.origin != origin:
        return UNKNOWN_HIGHS
    today = int(now.timestamp() // DAY)
    days = history.days
    blocks = [one.block for day, one in days.items() if one.block and today - DAYS <= day <= today]
    first_used = min((day for day, one in days.items() if one.tokens), default=today)
    weeks = [
        total
        for first in range(max(first_used, today - DAYS - WEEK_DAYS + 1), today - WEEK_DAYS + 1)
        if (total := _week(days, first))
    ]
    return Highs(max(blocks, default=None), max(weeks, default=None))


def _week(days: Mapping[int, Day], first: int) -> int | None:
    total = 0
    for day in range(first, first + WEEK_DAYS):
        if day not in days or (tokens := days[day].tokens) is None:
            return None
        total += tokens
    return total


def _days(account: Account, at: float) -> dict[int, Day]:
    """What an account tells of the days before `at`: a stretch counts to the day on which it begins. Nothing if one of
    its amounts cannot be true.
    """
    if account.since > at:
        return {}
    hours: dict[int, float] = {}
    for number, tokens in account.tokens.items():
        start = number * account.unit_s
        if not 0 <= tokens <= TOKENS_MAX:
            return {}
        if tokens and account.since <= start:
            hours[start // HOUR] = hours.get(start // HOUR, 0) + tokens
    first_day = ceil(max(account.since / DAY, at / DAY - KEPT_DAYS))
    totals = dict.fromkeys(range(first_day, int(at // DAY)), 0.0)
    for hour, tokens in hours.items():
        if (day := hour * HOUR // DAY) in totals:
            totals[day] += tokens
    found = {day: Day(tokens=round(tokens)) for day, tokens in totals.items()}
    for first, tokens in _blocks(hours, account.since):
        if (first + BLOCK_HOURS) * HOUR <= at:
            day = first * HOUR // DAY
            found[day] = found.get(day, Day()).at_least(Day(block=round(tokens)))
    return found


def _blocks(hours: Mapping[int, float], since: float) -> Iterator[tuple[int, float]]:
    """First hour and tokens of each block whose beginning is known: it is the first of all, or comes after so long a
    pause that no block before it can reach into it. The last may still be under way.
    """
    before = -inf if since == -inf else ceil(since / HOUR) - 1
    first, total = None, 0.0
    for hour in sorted(hours):
        if first is None or hour - first >= BLOCK_HOURS:
            if first is not None:
                yield first, total
            elif hour - before < BLOCK_HOURS:
                before = hour
                continue
            first, total = hour, 0.0
        total += hours[hour]
    if first is not None:
        yield first, total


def _larger(one: int | None, other: int | None) -> int | None:
    return max((amount for amount in (one, other) if amount is not None), default=None)
