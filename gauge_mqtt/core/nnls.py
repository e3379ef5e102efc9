"""Least squares with weights that are never negative, for a handful of columns. Pure."""

from collections.abc import Sequence
from itertools import combinations
from operator import mul
from typing import NamedTuple

Vector = Sequence[float]
TINY = 1e-12
"""Relative size below which a pivot is taken for zero: the columns depend on each other then."""


def nnls(rows: Sequence[Vector], targets: Vector) -> list[float]:
    """The `w >= 0` that makes `sum((rows @ w - targets) ** 2)` least. `rows`: n of m numbers each; returns m weights.

    For each set of columns the ordinary solution is computed; the best one without a negative weight is the answer,
    because the optimum is the ordinary solution on the columns where it is positive (Lawson and Hanson, "Solving Least
    Squares Problems", 1974, chapter 23). 2 ** m sets: meant for m up to 6. Columns are scaled to their length first.
    """
    equations = normal(rows, targets)
    best, gain = dict[int, float](), 0.0
    for size in range(len(equations.columns)):
        for some in combinations(range(len(equations.columns)), size + 1):
            right = [equations.right[i] for i in some]
            found = solved([[equations.matrix[i][j] for j in some] for i in some], right)
            if found is None or min(found) < 0:
                continue
            reached = sum(map(mul, found, right))
            if reached > gain * (1 + TINY):  # of equally good ones the one with fewer columns
                best, gain = dict(zip(some, found, strict=True)), reached
    weights = [0.0] * (len(rows[0]) if rows else 0)
    for i, weight in best.items():
        weights[equations.columns[i]] = weight / equations.lengths[i]
    return weights


class Equations(NamedTuple):
    """`matrix @ x = right` for the columns that are not all 0. The weight of the i-th is `x[i] / lengths[i]`."""

    columns: list[int]
    lengths: list[float]
    matrix: list[list[float]]
    right: list[float]


def normal(rows: Sequence[Vector], targets: Vector) -> Equations:
    """The normal equations of least squares, each column scaled to length 1: 1 on the diagonal."""
    every = [*zip(*rows, strict=True)]
    lengths = [sum(value**2 for value in column) ** 0.5 for column in every]
    used = [i for i, length in enumerate(lengths) if length]
    scaled = [[value / lengths[i] for value in every[i]] for i in used]
    return Equations(
        used,
        [lengths[i] for i in used],
        [[sum(map(mul, a, b)) for b in scaled] for a in scaled],
        [sum(value * target for value, target in zip(column, targets, strict=True)) for column in scaled],
    )


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
