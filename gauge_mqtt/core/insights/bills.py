"""What bills say was spent when, and the prices in them. Pure.

A bill is cumulative: over the whole session, over its resumes, and a fork goes on from what its parent had spent. What
is new in one is its difference to the bill before it, or for the first of a fork to its parent's when that fork was
made. No price is known to this program: those it works with are the only ones that explain the user's own bills.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from gauge_mqtt.core.insights.rows import BillRow, Used
from gauge_mqtt.core.nnls import normal, solved

CLASSES = 6
"""Input, output, cache reads, cache creation of the short and of the 1 h kind, searches."""
NOTHING = 1e-12
"""USD per token below which a price is none."""
EXACT = 1e-6
"""Part of a bill by which prices may miss it, beside a hundredth of a cent."""


class Charge(msgspec.Struct, frozen=True, array_like=True):
    """What one bill says beyond the one before it."""

    at: float
    session: int
    known: bool
    usd: float
    added: int
    removed: int
    used: tuple[Used, ...]


def charges(bills: Iterable[BillRow]) -> list[tuple[int, Charge]]:
    """Of all the bills of some chains, in whatever order they come: the id of each, and what is new in it."""
    chains: dict[int, list[BillRow]] = defaultdict(list)
    for bill in bills:
        chains[bill.chain].append(bill)
    return [charge for chain in chains.values() for charge in _of_chain(chain)]


def _of_chain(chain: list[BillRow]) -> Iterator[tuple[int, Charge]]:
    chain.sort(key=lambda bill: (bill.at, bill.usd, bill.id))
    root = chain[0].session
    latest: dict[int, BillRow] = {}
    for bill in chain:
        before = latest.get(bill.session)
        if before is None and bill.session != root:
            before = _parents(bill, chain)
        if before is not None and bill.usd < before.usd:  # begun anew
            before = None
        latest[bill.session] = bill
        yield bill.id, _difference(bill, before)


def _parents(bill: BillRow, chain: Sequence[BillRow]) -> BillRow | None:
    """The bill that the first one of a fork goes on from: the first behind all that was copied, else the last before.

    A later one of the parent's is about answers that the fork has no copy of.
    """
    began = bill.at if bill.since is None else bill.since
    copied = began if bill.copied is None else bill.copied
    before = [b for b in chain if b.session != bill.session and b.at <= began and _goes_on(bill, b)]  # by time
    return next((b for b in before if b.at >= copied), before[-1] if before else None)


def _goes_on(bill: BillRow, before: BillRow) -> bool:
    """Whether a bill can have begun with what another one says: all of that is in it."""
    has = {used.model: used for used in bill.used}
    return all(
        used.model in has and all(a >= b for a, b in zip(has[used.model].counts, used.counts, strict=True))
        for used in before.used
    )


def _difference(bill: BillRow, before: BillRow | None) -> Charge:
    if before is None:
        return Charge(bill.at, bill.session, bill.known, bill.usd, bill.added, bill.removed, bill.used)
    had = {used.model: used for used in before.used}
    new = [_less(used, had.get(used.model)) for used in bill.used]
    return Charge(
        bill.at, bill.session, bill.known, bill.usd - before.usd, max(bill.added - before.added, 0),
        max(bill.removed - before.removed, 0), tuple(used for used in new if used.tokens or used.usd),
    )  # fmt: skip


def _less(used: Used, before: Used | None) -> Used:
    if before is None:
        return used
    new = [max(now - then, 0) for now, then in zip(used.counts, before.counts, strict=True)]
    return Used(used.model, new[0], new[1], new[2], new[3], new[4], new[5], max(used.usd - before.usd, 0.0))


class Prices(NamedTuple):
    """USD per token by class; `None` where no bill tells it apart. `search`: per search."""

    input: float | None
    output: float | None
    cache_read: float | None
    creation: float | None
    hour: float | None
    search: float | None

    def savings(self, used: Used) -> float | None:
        """What the cached tokens would have cost more as plain input; less what writing them cost above that."""
        saved = 0.0
        for tokens, price in (
            (used.cache_read, self.cache_read),
            (used.creation, self.creation),
            (used.hour, self.hour),
        ):
            if tokens:
                if price is None or self.input is None:
                    return None
                saved += tokens * (self.input - price)
        return saved


def prices(observed: Iterable[Used]) -> dict[str, Prices]:
    """Model -> the prices that explain every bill of it; without those whose bills they do not explain."""
    by_model: dict[str, list[Used]] = defaultdict(list)
    for used in observed:
        by_model[used.model].append(used)
    found = {model: _explaining(rows) for model, rows in by_model.items()}
    return {model: told for model, told in found.items() if told is not None}


def _explaining(rows: Sequence[Used]) -> Prices | None:
    """Least squares by the normal equations, then checked against each bill."""
    amounts, targets = [row.counts for row in rows], [row.usd for row in rows]
    columns, lengths, matrix, right = normal(amounts, targets)
    weights = solved(matrix, right)
    if weights is None:
        return None
    told: list[float | None] = [None] * CLASSES
    for column, length, weight in zip(columns, lengths, weights, strict=True):
        told[column] = weight / length
    for row, target in zip(amounts, targets, strict=True):
        explained = sum(n * price for n, price in zip(row, told, strict=True) if price is not None)
        if abs(explained - target) > EXACT * target + 1e-4:
            return None
    return None if any(price is not None and price < -NOTHING for price in told) else Prices(*told)
