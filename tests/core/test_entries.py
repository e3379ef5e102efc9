"""Which of two records of one response is the true one, and which tells nothing new."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from gauge_mqtt.core.entries import Entry

HOUR = 3600.0
AT = 500_000 * HOUR + 100
BASE = Entry(AT, 10, 20, 30, 40, 5, "claude-opus-5", main=True)


def changed(**values: Any) -> Entry:
    return msgspec.structs.replace(BASE, **values)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"main": False, "input": 999}), ({"input": 11}, {"at": AT - 1, "thinking": 9}),
        ({"thinking": 6}, {"at": AT - 1}), ({"at": AT - 1}, {"output": 21, "input": 9}),
        ({"output": 21, "input": 9}, {"cache_read": 31, "input": 9}),
        ({"cache_read": 31, "cache_creation": 39}, {"input": 11, "cache_creation": 39}),
        ({"input": 11, "cache_creation": 39}, {"model": "claude-sonnet-5"}), ({}, {"model": None}),
        ({"model": "b"}, {"model": "a"}),
    ],
)  # fmt: skip
def test_the_main_chain_then_the_largest_then_the_earliest_is_true(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    assert changed(**better).beats(changed(**worse))
    assert not changed(**worse).beats(changed(**better))


def test_of_equal_records_none_beats_the_other() -> None:
    assert not BASE.beats(changed())
    assert not BASE.beats(BASE)


def test_a_record_has_the_tokens_of_its_four_classes() -> None:
    assert BASE.tokens == 100
    assert {
        changed(input=a, output=b, cache_read=c, cache_creation=d).tokens for a, b, c, d in permutations((1, 2, 4, 8))
    } == {15}


def test_the_same_counts_told_again_later_in_the_hour_are_a_repeat() -> None:
    assert changed(at=AT + 1).repeats(BASE)
    assert changed(at=AT + 1, model="another").repeats(BASE)
    for values in (
        {"output": 21}, {"cache_read": 31}, {"input": 11}, {"cache_creation": 41}, {"thinking": 6}, {"main": False},
    ):  # fmt: skip
        assert not changed(at=AT + 1, **values).repeats(BASE), values


@pytest.mark.parametrize(
    ("later", "repeats"), [(0, False), (-1, False), (0.001, True), (3499.999, True), (3500, False)]
)
def test_a_repeat_is_later_and_of_the_same_hour(later: float, repeats: bool) -> None:  # noqa: FBT001
    assert changed(at=AT + later).repeats(BASE) is repeats
