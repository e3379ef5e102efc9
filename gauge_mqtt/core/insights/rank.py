"""Whether two numbers a day go up and down together: Spearman's rank correlation with its interval. Pure."""

from collections.abc import Sequence
from math import atanh, sqrt, tanh
from typing import NamedTuple

Z95 = 1.959964
"""The standard normal's 97.5 % point."""


class Correlation(NamedTuple):
    """Spearman's rho and the ends of its 95 % interval, -1..1."""

    rho: float
    low: float
    high: float


def spearman(xs: Sequence[float], ys: Sequence[float]) -> Correlation | None:
    """`None` if one of them never changes, or there are fewer than four pairs.

    Rho is Pearson's correlation of the ranks, where ties share the mean of their ranks. The interval is Fisher's, with
    the variance of Bonett and Wright, (1 + rho^2 / 2) / (n - 3) ("Sample size requirements for estimating Pearson,
    Kendall and Spearman correlations", Psychometrika 65, 2000).
    """
    n = len(xs)
    if n < 4:  # noqa: PLR2004, see above
        return None
    left, right = _ranks(xs), _ranks(ys)
    middle = (n + 1) / 2
    spread = sqrt(sum((a - middle) ** 2 for a in left) * sum((b - middle) ** 2 for b in right))
    if not spread:
        return None
    rho = sum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True)) / spread
    if abs(rho) >= 1 - 1e-12:
        return Correlation(round(rho), round(rho), round(rho))
    half = Z95 * sqrt((1 + rho**2 / 2) / (n - 3))
    return Correlation(rho, tanh(atanh(rho) - half), tanh(atanh(rho) + half))


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for place in order[start:stop]:
            ranks[place] = (start + 1 + stop) / 2
        start = stop
    return ranks
