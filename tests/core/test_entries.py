"""Which of two records of one response is the true one, and which tells nothing new."""

from itertools import permutations
from math import inf
from typing import Any

import msgspec
import pytest

from gauge_mqtt.core.entries import Entry, Minute, Sums
from gauge_mqtt.core.reading import TokenCounts

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


def test_an_entry_never_changes_and_is_kept_as_a_plain_array() -> None:
    """As in the index on disk: a field more or in another place is another version of it."""
    with pytest.raises(AttributeError):
        BASE.input = 1  # type: ignore[misc]
    assert msgspec.to_builtins(BASE) == [AT, 10, 20, 30, 40, 5, "claude-opus-5", True]
    assert msgspec.to_builtins(Sums(1, 2)) == [1, 2, *[0] * (len(Sums.__struct_fields__) - 2)]


def test_sums_take_back_what_they_were_given() -> None:
    sums = Sums()
    sums.count(BASE)
    sums.count(BASE)
    sums.discount(BASE)
    assert (sums.tokens, sums.output, sums.cache_read, sums.thinking, sums.reported) == (100, 20, 30, 5, 20)
    sums.count(changed(thinking=-1))
    sums.count(changed(thinking=-1))
    sums.discount(changed(thinking=-1))
    assert (sums.tokens, sums.thinking, sums.reported) == (200, 5, 20)
    sums.count(changed(thinking=0))
    sums.count(changed(thinking=0))
    sums.discount(changed(thinking=0))
    assert (sums.thinking, sums.reported) == (5, 40)
    both = Sums()
    both.add(sums)
    both.add(sums)
    assert (both.tokens, both.output, both.cache_read, both.thinking, both.reported) == (600, 120, 180, 10, 80)
    assert both.counts == TokenCounts(input=60, output=120, cache_read=180, cache_creation=240)


def test_a_minute_knows_its_outermost_records() -> None:
    minute = Minute()
    for key, at in (("b", 1), ("a", 0), ("d", 3), ("c", 2)):
        minute.put(key, changed(at=AT + at))
    assert (minute.first, minute.last, minute.tokens) == (AT, AT + 3, 400)
    assert msgspec.to_builtins(minute)[0] == 400
    for key, first, last in (("a", 1, 3), ("d", 1, 2), ("b", 2, 2)):
        assert minute.take(key).at in {AT, AT + 1, AT + 3}
        assert (minute.first, minute.last) == (AT + first, AT + last)
    minute.take("c")
    assert (minute.first, minute.last, minute.tokens, minute.entries) == (inf, -inf, 0, {})
