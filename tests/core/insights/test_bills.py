"""What bills say was spent when, and the prices in them."""

import random
from itertools import permutations
from math import isclose

import pytest

from gauge_mqtt.core.insights.bills import charges, prices
from gauge_mqtt.core.insights.rows import BillRow, Used

PRICE = (4e-6, 2e-5, 4e-7, 5e-6, 8e-6, 0.01)


def bill(
    at: float, usd: float, session: int = 1, since: float | None = None, tokens: int = 0, *, copied: float | None = None
) -> BillRow:
    used = (Used("opus 1", tokens, 0, 0, 0, 0, 0, usd),)
    copied = since if copied is None else copied
    return BillRow(hash((at, usd, session)), 7, session, at, copied, since, True, usd, 0, 0, used)  # noqa: FBT003


def spent(*bills: BillRow) -> list[float]:
    return [charge.usd for _, charge in sorted(charges(bills), key=lambda told: told[1].at)]


def test_a_resumed_session_is_told_once() -> None:
    assert spent(bill(1, 2.0), bill(2, 2.0), bill(3, 5.0)) == [2.0, 0.0, 3.0]


def test_in_whatever_order_the_bills_come() -> None:
    bills = [
        bill(1, 2.0, tokens=1),
        bill(3, 5.0, tokens=3),
        bill(4, 3.5, 2, since=2, tokens=2),
        bill(6, 9.0, 2, since=2),
    ]
    for order in permutations(bills):
        assert spent(*order) == [2.0, 3.0, 1.5, 5.5]


def test_a_fork_begins_with_what_its_parent_had_spent_by_then() -> None:
    parent, later, fork = bill(1, 2.0, tokens=10), bill(5, 4.0, tokens=30), bill(9, 2.5, 2, since=3, tokens=12)
    assert spent(parent, later, fork) == [2.0, 2.0, 0.5]


def test_what_a_parent_spent_after_it_was_copied_is_not_its_forks() -> None:
    parent, later = bill(1, 2.0, tokens=10), bill(5, 2.1, tokens=11)
    fork = bill(9, 4.0, 2, 6, tokens=40, copied=1)
    assert spent(parent, later, fork) == pytest.approx([2.0, 0.1, 2.0])
    unbilled = bill(9, 4.0, 2, 6, tokens=40, copied=3)
    assert spent(parent, unbilled) == [2.0, 2.0]


def test_a_total_that_falls_was_begun_anew() -> None:
    assert spent(bill(1, 2.0), bill(2, 0.5), bill(3, 0.75)) == [2.0, 0.5, 0.25]


def observed(rng: random.Random, classes: int = 6) -> Used:
    counts = [rng.randrange(10_000) if number < classes else 0 for number in range(6)]
    return Used("opus 1", *counts, usd=sum(n * price for n, price in zip(counts, PRICE, strict=True)))  # type: ignore[misc]


def test_prices_are_those_that_explain_every_bill() -> None:
    rng = random.Random(1)
    (found,) = prices(observed(rng) for _ in range(6)).values()
    assert all(isclose(a or 0, b, rel_tol=1e-6) for a, b in zip(found, PRICE, strict=True))
    used = observed(rng)
    saved = used.cache_read * (PRICE[0] - PRICE[2]) + used.creation * (PRICE[0] - PRICE[3])
    assert found.savings(used) == pytest.approx(saved + used.hour * (PRICE[0] - PRICE[4]))


def test_too_few_bills_tell_no_price() -> None:
    rng = random.Random(2)
    assert prices(observed(rng) for _ in range(5)) == {}
    (found,) = prices(observed(rng, 3) for _ in range(3)).values()
    assert found.creation is None
    assert found.savings(Used("opus 1", 0, 0, 0, 5, 0, 0, 0.0)) is None


def test_bills_that_no_price_explains_tell_none() -> None:
    rng = random.Random(3)
    bills = [observed(rng) for _ in range(9)]
    assert prices([*bills, bills[0]._replace(usd=bills[0].usd * 1.5)]) == {}
