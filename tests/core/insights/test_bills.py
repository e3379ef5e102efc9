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


def of_models(at: float, usd: float, session: int = 1, since: float | None = None, **used: tuple[int, int]) -> BillRow:
    """Input and output of each model."""
    rows = tuple(Used(name, *tokens, 0, 0, 0, 0, usd) for name, tokens in used.items())
    return bill(at, usd, session, since)._replace(used=rows)


def test_one_bill_is_all_there_is() -> None:
    assert spent(bill(1, 2.0)) == [2.0]


def test_another_session_of_a_chain_is_a_fork_whether_its_first_answer_is_known_or_not() -> None:
    assert spent(bill(1, 2.0, tokens=5), bill(4, 3.5, 2, tokens=9)) == [2.0, 1.5]
    assert spent(bill(3, 2.0, tokens=5), bill(4, 3.5, 2, since=3, tokens=9)) == [2.0, 1.5]


def test_a_fork_goes_on_from_a_bill_that_is_contained_in_its_own() -> None:
    parent = of_models(1, 2.0, opus=(10, 20), haiku=(3, 3))
    assert spent(parent, of_models(9, 5.0, 2, 3, opus=(10, 20), haiku=(3, 4))) == [2.0, 3.0]
    assert spent(parent, of_models(9, 5.0, 2, 3, opus=(12, 22))) == [2.0, 5.0]
    assert spent(parent, of_models(9, 5.0, 2, 3, opus=(12, 5), haiku=(9, 9))) == [2.0, 5.0]


def test_what_is_new_in_a_bill() -> None:
    before = bill(1, 2.0)._replace(
        added=7, removed=3, used=(Used("a", 1, 2, 3, 4, 5, 6, 0.5), Used("b", 9, 0, 0, 0, 0, 0, 1.5))
    )
    after = bill(2, 3.0)._replace(
        added=7, removed=3,
        used=(
            Used("a", 10, 30, 50, 70, 90, 110, 0.75), Used("b", 9, 0, 0, 0, 0, 0, 1.5), Used("c", 1, 0, 0, 0, 0, 0, 0)
        ),
    )  # fmt: skip
    free = bill(3, 3.5)._replace(
        added=9, removed=2, used=(Used("a", 9, 30, 50, 70, 90, 110, 0.5), Used("b", 9, 0, 0, 0, 0, 0, 1.75))
    )
    told = [charge for _, charge in sorted(charges([before, after, free]), key=lambda told: told[1].at)]
    assert [(charge.added, charge.removed) for charge in told] == [(7, 3), (0, 0), (2, 0)]
    assert told[1].used == (Used("a", 9, 28, 47, 66, 85, 104, 0.25), Used("c", 1, 0, 0, 0, 0, 0, 0))
    assert told[2].used == (Used("b", 0, 0, 0, 0, 0, 0, 0.25),)


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


def of(usd: float, input_: int, output: int = 0) -> Used:
    return Used("opus 1", input_, output, 0, 0, 0, 0, usd)


def test_a_price_that_misses_a_bill_by_a_cent_is_none() -> None:
    assert prices([of(4.0, 1_000_000), of(8.01, 2_000_000)]) == {}
    assert prices([of(4.0, 1_000_000), of(8.0, 2_000_000)])["opus 1"].input == pytest.approx(4e-6)


def test_nothing_is_paid_for_being_used() -> None:
    assert prices([of(1.0, 1000, 1000), of(2.0, 1000)]) == {}
    assert prices([of(1.0, 1000, 500), of(2.0, 2000, 700)])["opus 1"].output == pytest.approx(0)
