import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_mqtt.core.nnls import nnls

NUMBERS = st.floats(-30, 100).map(lambda x: round(x, 3))
ROWS = st.integers(1, 4).flatmap(
    lambda m: st.lists(
        st.tuples(st.lists(NUMBERS, min_size=m, max_size=m), st.floats(-50, 100)), min_size=1, max_size=12
    )
)


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_no_other_weights_do_better(data: list[tuple[list[float], float]]) -> None:
    """The conditions of Karush, Kuhn and Tucker, which hold at the optimum and nowhere else: no weight is negative, the
    gradient is zero where a weight is positive, and points outwards where it is zero.
    """
    rows, targets = [row for row, _ in data], [target for _, target in data]
    weights = nnls(rows, targets)
    residuals = [t - sum(a * w for a, w in zip(row, weights, strict=True)) for row, t in data]
    for i, weight in enumerate(weights):
        gradient = sum(row[i] * left for row, left in zip(rows, residuals, strict=True))
        scale = (sum(row[i] ** 2 for row in rows) ** 0.5 or 1) * (sum(t**2 for t in targets) ** 0.5 or 1)
        assert weight >= 0
        assert gradient <= 1e-6 * scale
        assert not weight or abs(gradient) <= 1e-6 * scale


def test_exact_data_gives_the_exact_weights() -> None:
    truth = (3e-9, 2e-8, 0.0, 5e-9)
    rows = [
        (1e6, 2e5, 9e7, 3e6),
        (4e5, 9e5, 2e7, 1e6),
        (2e6, 1e4, 5e7, 9e5),
        (7e5, 3e5, 1e6, 8e6),
        (1e5, 1e5, 1e8, 1e5),
    ]
    found = nnls(rows, [sum(a * w for a, w in zip(row, truth, strict=True)) for row in rows])
    assert all(abs(a - b) < 1e-12 for a, b in zip(found, truth, strict=True))


def test_nothing_to_learn_from() -> None:
    assert nnls([], []) == []
    assert nnls([(0.0, 0.0)], [1.0]) == [0.0, 0.0]
    assert nnls([(1.0, 2.0)], [-1.0]) == [0.0, 0.0]


def test_a_column_of_nothing_gets_no_weight() -> None:
    assert nnls([(0.0, 2.0)], [1.0]) == [0.0, 0.5]
    assert nnls([(3.0, 0.0, 0.0), (0.0, 0.0, 2.0)], [1.5, -7.0]) == [0.5, 0.0, 0.0]


def test_each_row_has_its_target() -> None:
    with pytest.raises(ValueError, match="shorter"):
        nnls([(1.0,), (2.0,)], [1.0])


def test_of_equally_good_answers_the_one_with_fewer_columns() -> None:
    """Here the second column is worth nothing, and rounding would make that 2e-15."""
    weights = nnls([(7.0, 6.0), (3.0, 1.0), (7.0, 0.0)], [49.0, 21.0, 49.0])
    assert weights == [pytest.approx(7), 0.0]
