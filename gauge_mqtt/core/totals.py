"""Two counters that only rise, made of what a source counted by stretches of time. Pure.

A counter is an amount that is settled and what its open stretches add to it. The open ones are asked for anew at each
look, so whatever is read again, resumed or missed while we were away is counted once; the settled ones never again.
"""

from collections.abc import Mapping
from datetime import datetime
from math import inf
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from gauge_mqtt.core.blocks import HOUR
from gauge_mqtt.core.reading import Account

SETTLED_S = 24 * HOUR
"""How long records of a stretch may still come in."""
AHEAD_S = HOUR
"""Stretches that begin later than this after now are from a wrong clock: they wait until their time comes."""


Amount = Annotated[float, Meta(ge=0, le=1e18)]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """`total`: what is shown. `settled`: the amount of all stretches that begin before `since` (unix s). `open`: start
    of each later stretch -> its amount when it was last looked at. `origin`: whose stretches these are.
    """

    origin: str
    total: Amount
    settled: float
    since: float
    open: dict[int, Amount]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept over a restart. `None`: nothing was ever counted."""

    tokens: Counter | None = None
    cost_usd: Counter | None = None


class Counted(NamedTuple):
    """What the snapshot shows of the totals; `None` is unknown."""

    tokens: int | None = None
    cost_usd: float | None = None


UNCOUNTED = Counted()


def advance(totals: Totals, account: Account | None, origin: str, now: datetime) -> tuple[Totals, Counted]:
    """The totals after a look at `account`, and what to show of them.

    `origin`: what the account is about, in any words. With another origin than before (another source, other
    directories) the counters go on from where they stand: what happened there before this look is not counted.
    """
    if account is None:
        return totals, UNCOUNTED
    tokens = _count(totals.tokens, origin, account, account.tokens, now.timestamp())
    cost = None
    if account.cost_usd is not None:
        cost = _count(totals.cost_usd, origin, account, account.cost_usd, now.timestamp())
    return (
        Totals(tokens=tokens or totals.tokens, cost_usd=cost or totals.cost_usd),
        Counted(round(tokens.total) if tokens else None, round(cost.total, 6) if cost else None),
    )


def _count(
    before: Counter | None, origin: str, account: Account, amounts: Mapping[int, float | None], at: float
) -> Counter | None:
    """The counter after this look; `None` if not all that it needs is known."""
    if account.since > at - SETTLED_S:
        return None
    known = before if before is not None and before.origin == origin else None
    unit, newest_timely = account.unit_s, (at + AHEAD_S) // account.unit_s
    newest = max((number for number in amounts if number <= newest_timely), default=None)
    since = _settled_before(at if newest is None else newest * unit, account.since, at)
    if known is not None:
        since = max(since, known.since)
    first = max(since if known is None else known.since, account.since) / unit
    open_, settled = {}, 0.0
    for number, amount in amounts.items():
        if not first <= number <= newest_timely:
            continue
        start = number * unit
        if amount is None or not 0 <= amount < inf:
            return None
        if start >= since:
            open_[start] = amount
        else:
            settled += amount
    if known is None:
        total = before.total if before is not None else 0.0
        return Counter(origin=origin, total=total, settled=total - sum(open_.values()), since=since, open=open_)
    # What can no longer be read stays as it was counted last.
    settled += sum(amount for start, amount in known.open.items() if start < account.since)
    settled += known.settled
    total = max(known.total, settled + sum(open_.values()))
    return None if total == inf else Counter(origin=origin, total=total, settled=settled, since=since, open=open_)


def _settled_before(newest: float, complete_since: float, at: float) -> float:
    """The instant before which stretches are settled: a day before now. Counted back from the newest stretch if that is
    older: a clock that leaps ahead must not settle what is open.
    """
    return max((min(at, newest + HOUR) - SETTLED_S) // HOUR * HOUR, complete_since)
