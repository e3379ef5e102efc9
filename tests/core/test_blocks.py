"""The 5 h block at its edges."""

import pytest

from gauge_mqtt.core.blocks import Block, opened, walk

HOUR = 3600.0
START = 500_000 * HOUR


def test_a_block_opens_on_the_hour_of_its_first_record() -> None:
    assert opened(START + 1799) == Block(start=START, first=START + 1799, last=START + 1799)
    assert opened(START) == Block(start=START, first=START, last=START)
    assert opened(START).end == START + 5 * HOUR


def test_a_record_just_past_start_and_five_hours_opens_the_next_one() -> None:
    block = opened(START + 60)
    assert block.takes(START + 5 * HOUR)
    assert walk(block, [START + 5 * HOUR]) == Block(START, START + 60, START + 5 * HOUR)
    past = START + 5 * HOUR + 0.001
    assert not block.takes(past)
    assert walk(block, [past]) == Block(START + 5 * HOUR, past, past)


def test_a_block_is_active_until_its_end_and_not_at_it() -> None:
    assert opened(START).active(START + 5 * HOUR - 0.001)
    assert not opened(START).active(START + 5 * HOUR)


def test_walking_needs_no_block_to_begin_with() -> None:
    assert walk(None, []) is None
    assert walk(None, [START + 1, START + 2]) == Block(START, START + 1, START + 2)
    assert walk(opened(START), []) == opened(START)


@pytest.mark.parametrize("pauses", [[60.0], [60.0, 3 * HOUR, 3 * HOUR], [4 * HOUR, 4 * HOUR]])
def test_the_last_record_is_kept(pauses: list[float]) -> None:
    instants = [START]
    for pause in pauses:
        instants.append(instants[-1] + pause)
    block = walk(None, instants)
    assert block is not None
    assert block.last == instants[-1]
