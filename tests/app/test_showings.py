"""How often a snapshot may be shown, against a clock of plain numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.app.showings import BURST, INTERVAL_S, RESERVE, Showings

gaps = st.lists(st.one_of(st.floats(0, 0.05), st.floats(0, 3)), min_size=1, max_size=60)


def shown(arrivals: list[float]) -> list[tuple[float, float]]:
    """For each arrival, when it was shown; what comes while something waits is shown with it."""
    showings, slot, said = Showings(), -1.0, []
    for at in arrivals:
        if at > slot:
            slot = max(at, showings.ready_at())
            showings.spend(slot)
        said.append((at, slot))
    return said


def test_a_burst_goes_out_at_once_and_what_follows_is_evenly_spaced() -> None:
    slots = sorted({slot for _, slot in shown([line / 30 for line in range(300)])})
    assert slots[:BURST] == [line / 30 for line in range(BURST)]
    assert all(abs(later - sooner - INTERVAL_S) < 1e-6 for sooner, later in pairwise(slots[BURST:]))


def test_two_lines_a_second_never_wait() -> None:
    assert all(slot == at for at, slot in shown([line / 2 for line in range(100)]))


@given(gaps)
def test_nobody_waits_longer_than_one_interval(pauses: list[float]) -> None:
    arrivals = [sum(pauses[: n + 1]) for n in range(len(pauses))]
    assert all(at <= slot <= at + INTERVAL_S + 1e-9 for at, slot in shown(arrivals))


@given(gaps)
def test_over_any_time_four_a_second_and_one_burst(pauses: list[float]) -> None:
    slots = sorted({slot for _, slot in shown([sum(pauses[: n + 1]) for n in range(len(pauses))])})
    for n, first in enumerate(slots):
        assert all(m - n + 1 <= BURST + (slots[m] - first + 1e-6) / INTERVAL_S for m in range(n, len(slots)))


def test_what_leaves_a_reserve_waits_while_the_reserve_is_there() -> None:
    showings = Showings()
    for _ in range(BURST - RESERVE):
        assert showings.ready_at(RESERVE) <= 10
        showings.spend(10)
    assert showings.ready_at(RESERVE) == 10 + INTERVAL_S
    for _ in range(RESERVE):
        assert showings.ready_at() <= 10
        showings.spend(10)
    assert showings.ready_at() == 10 + INTERVAL_S
