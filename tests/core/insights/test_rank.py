"""Spearman's correlation, against values worked out elsewhere."""

import random

import pytest

from gauge_mqtt.core.insights.rank import spearman

IQ = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
TV = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
"""The usual textbook example: hours of television and IQ, rho = -29/165."""


def test_the_textbook_example() -> None:
    found = spearman(IQ, TV)
    assert found
    assert found.rho == pytest.approx(-29 / 165)
    assert found.low == pytest.approx(-0.7278, abs=1e-4)
    assert found.high == pytest.approx(0.5146, abs=1e-4)


@pytest.mark.parametrize(("ys", "rho"), [([1, 10, 100, 1000, 1001], 1), ([5, 4, 3, 2, 1], -1)])
def test_only_the_order_counts(ys: list[float], rho: int) -> None:
    found = spearman([1, 2, 3, 4, 5], ys)
    assert found == (rho, rho, rho)


def test_four_pairs_are_enough() -> None:
    found = spearman([1, 2, 3, 4], [1, 3, 2, 4])
    assert found
    assert found.rho == pytest.approx(0.8)


def test_ties_share_their_ranks() -> None:
    found = spearman([1, 2, 2, 3, 4], [1, 2, 3, 3, 9])
    assert found
    assert found.rho == pytest.approx(0.921, abs=0.001)


@pytest.mark.parametrize(("xs", "ys"), [([], []), ([1, 2, 3], [1, 2, 3]), ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])])
def test_what_tells_nothing(xs: list[float], ys: list[float]) -> None:
    assert spearman(xs, ys) is None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of two numbers that have nothing to do with each other: 0 in 95 of 100."""
    rng, held = random.Random(1), 0
    for _ in range(400):
        found = spearman([rng.random() for _ in range(20)], [rng.random() for _ in range(20)])
        assert found
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 400 <= 0.98
