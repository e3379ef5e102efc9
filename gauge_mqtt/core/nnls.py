"""Least squares with weights that are never negative, for a handful of columns. Pure."""

from collections.abc import Sequence
from itertools import combinations
from operator import mul

Vector = Sequence[float]
TINY = 1e-12
"""Relative size below which a pivot is taken for zero: the columns depend on each other then."""


def nnls(rows: Sequence[Vector], targets: Vector) -> list[float]:
    """The `w >= 0` that makes `sum((rows @ w - targets) ** 2)` least. `rows`: n of m numbers each; returns m weights.

    For each set of columns the ordinary solution is computed; the best one without a negative weight is the answer,
    because the optimum is the ordinary solution on the columns where it is positive (Lawson and Hanson, "Solving Least
    Squares Problems", 1974, chapter 23). 2 ** m sets: meant for m up to 6. Columns are scaled to their length first.
    """
    width = len(rows[0]) if rows else 0
    lengths = [sum(row[i] ** 2 for row in rows) ** 0.5 for i in range(width)]
    used = [i for i in range(width) if lengths[i]]
    scaled = {i: [row[i] / lengths[i] for row in rows] for i in used}
    gram = {i: {j: sum(map(mul, scaled[i], scaled[j])) for j in used} for i in used}
    moment = {i: sum(a * target for a, target in zip(scaled[i], targets, strict=True)) for i in used}
    best, gain = dict[int, float](), 0.0
    for size in range(len(used)):
        for columns in combinations(used, size + 1):
            right = [moment[i] for i in columns]
            found = solved([[gram[i][j] for j in columns] for i in columns], right)
            if found is None or min(found) < 0:
                continue
            reached = sum(map(mul, found, right))
            if reached > gain * (1 + TINY):  # of equally good ones the one with fewer columns
                best, gain = dict(zip(columns, found, strict=True)), reached
    return [best[i] / lengths[i] if i in best else 0.0 for i in range(width)]


def solved(matrix: Sequence[Vector], right: Vector) -> list[float] | None:
    """The solution of linear equations by Gauss and Jordan; `None` if they are singular. For a matrix of inner
    products, which needs no pivoting: it is symmetric, never negative, and here 1 on its diagonal.
    """
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column, pivot in enumerate(rows):
        if pivot[column] < TINY:
            return None
        pivot[:] = [value / pivot[column] for value in pivot]
        for row in rows:
            if row is not pivot:
                row[:] = [a - row[column] * b for a, b in zip(row, pivot, strict=True)]
    return [row[-1] for row in rows]
