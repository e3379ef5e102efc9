"""Counters or increments, told by the samples of a series."""

import random
from itertools import accumulate

import pytest

from gauge_mqtt.sources.prometheus.temporality import counters_behind, look_like_increments

SIZES = (8, 12, 25, 60, 240)


def output(pick: random.Random) -> float:
    return pick.lognormvariate(5.5, 1)


@pytest.mark.parametrize("size", SIZES)
def test_increments_are_known(size: int) -> None:
    pick = random.Random(size)
    seen = [look_like_increments([output(pick) for _ in range(size)]) for _ in range(500)]
    assert sum(seen) > 450


@pytest.mark.parametrize("size", SIZES)
def test_two_processes_in_one_series_are_not_taken_for_increments(size: int) -> None:
    """Whichever of them exports next, also if one begins later, rests or overtakes the other."""
    pick = random.Random(size)
    for _ in range(500):
        counters = [list(accumulate(output(pick) * pick.choice((0, 1)) for _ in range(size))) for _ in range(2)]
        offset = pick.choice((0, 40_000))
        turns = [pick.choice((0, 1)) for _ in range(size)]
        values = [counters[turn][number] + offset * turn for number, turn in enumerate(turns)]
        assert counters_behind(values) <= 2
        assert not look_like_increments(values)


def test_a_script_that_resumes_a_session_for_each_question_has_counters() -> None:
    """Each of its processes exports some times, at its end once more; all samples added up read twice the truth."""
    pick = random.Random(5)
    for _ in range(500):
        values = [value for value in (output(pick) for _ in range(20)) for _ in range(pick.choice((1, 2, 3)))]
        assert not look_like_increments(values)


def test_a_counter_that_rests_is_one() -> None:
    assert counters_behind([5.0, 5, 5, 6, 6]) == 1
    assert counters_behind([]) == 0
