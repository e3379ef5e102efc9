"""Least squares with weights that are never negative, for a handful of columns. Pure."""

from collections.abc import Sequence
from itertools import combinations

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
    scaled = [[row[i] / lengths[i] if lengths[i] else 0.0 for i in range(width)] for row in rows]
    gram = [[sum(row[i] * row[j] for row in scaled) for j in range(width)] for i in range(width)]
    moment = [sum(row[i] * target for row, target in zip(scaled, targets, strict=True)) for i in range(width)]
    best, gain = [0.0] * width, 0.0
    for size in range(1, width + 1):
        for columns in combinations([i for i in range(width) if lengths[i]], size):
            found = solved([[gram[i][j] for j in columns] for i in columns], [moment[i] for i in columns])
            if found is None or min(found) < 0:
                continue
            reached = sum(weight * moment[i] for weight, i in zip(found, columns, strict=True))
            if reached > gain * (1 + TINY):  # of equally good ones the one with fewer columns
                best, gain = [0.0] * width, reached
                for weight, i in zip(found, columns, strict=True):
                    best[i] = weight / lengths[i]
    return best


def solved(matrix: list[list[float]], right: list[float]) -> list[float] | None:
    """Gauss with partial pivoting; `None` if the matrix is singular. Diagonal elements are 1 or less."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) < TINY:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for i in range(column + 1, size):
            factor = rows[i][column] / rows[column][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column], strict=True)]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (rows[i][size] - sum(rows[i][j] * found[j] for j in range(i + 1, size))) / rows[i][i]
    return found
