"""Rows of a day, added up: whatever came twice, in whatever order, counts once."""

from itertools import permutations

import pytest

from gauge_mqtt.core.insights.rows import BillRow, FactRow, ResponseRow, Used, better
from gauge_mqtt.core.insights.tally import Tally, counted, tally

ROW = ResponseRow(
    id=1, message=1, at=100.0, input=1, output=20, cache_read=300, cache_creation=4000, thinking=7, family="opus",
    main=True, reused=False, advice=False, searches=2, fetches=3, stop="end_turn", session=11, project=21,
)  # fmt: skip
EVERY = range(100)


def hour_of(at: float) -> int:
    return int(at // 100)


def of(*rows: ResponseRow, facts: tuple[FactRow, ...] = (), bills: tuple[BillRow, ...] = ()) -> Tally:
    return tally(rows, facts, bills, EVERY, hour_of)


def test_one_response() -> None:
    found = of(ROW)
    assert found.counts == {
        "input": 1, "output": 20, "cache_read": 300, "cache_creation": 4000, "tokens:opus": 4321, "thinking": 7,
        "reported": 20, "searches": 2, "fetches": 3, "responses": 1, "hour:1": 1, "stop:end_turn": 1,
    }  # fmt: skip
    assert (found.sessions, found.projects) == ({11: (100.0, 100.0)}, {21: 4321})
    assert (found.responses, found.tokens) == (1, 4321)


def test_several() -> None:
    found = of(
        ROW,
        ROW._replace(id=2, message=2, at=250.0, family="haiku", thinking=-1, stop=""),
        ROW._replace(id=3, message=3, at=50.0, thinking=0, main=False),
    )
    assert found.counts == {
        "input": 3, "output": 60, "cache_read": 900, "cache_creation": 12_000, "tokens:opus": 8642,
        "tokens:haiku": 4321, "thinking": 7, "reported": 40, "searches": 6, "fetches": 9, "responses": 3, "side": 4321,
        "hour:0": 1, "hour:1": 1, "hour:2": 1, "stop:end_turn": 2, "stop:none": 1,
    }  # fmt: skip
    assert (found.sessions, found.projects) == ({11: (50.0, 250.0)}, {21: 3 * 4321})
    assert found.tokens == 3 * 4321


def test_advice_is_no_response_of_its_own() -> None:
    found = of(ROW._replace(advice=True))
    assert "responses" not in found.counts
    assert (found.tokens, found.projects, found.sessions) == (4321, {21: 4321}, {})


def test_what_is_of_another_day_decides_and_is_not_counted() -> None:
    copy = ROW._replace(id=2, main=False)
    assert tally([ROW, copy], [], [], {2}, hour_of).tokens == 0
    assert tally([copy], [], [], {2}, hour_of).tokens == 4321


@pytest.mark.parametrize(
    ("rows", "which"),
    [
        ([ROW, ROW._replace(id=2, main=False)], {1}),
        ([ROW._replace(main=False), ROW._replace(id=2, main=False)], {1, 2}),
        ([ROW, ROW._replace(id=2), ROW._replace(id=3, main=False)], {1, 2, 3}),
        ([ROW, ROW._replace(id=2, main=False, reused=True)], {1, 2}),
        ([ROW, ROW._replace(id=2, message=2, main=False)], {1, 2}),
    ],
    ids=["a copy", "no main chain", "an id of many", "an id that is reused", "another message"],
)
def test_a_copy_in_a_side_chain_is_none(rows: list[ResponseRow], which: set[int]) -> None:
    for order in permutations(rows):
        assert {row.id for row in counted(order)} == which


def test_facts() -> None:
    facts = (
        FactRow(1, 1.0, "prompts", 1), FactRow(2, 1.0, "prompts", 2), FactRow(3, 1.0, "touch", 1, 77),
        FactRow(4, 1.0, "touch", 2, 77), FactRow(5, 1.0, "touch", 1, -5),
    )  # fmt: skip
    found = of(facts=facts)
    assert (found.counts, found.files) == ({"prompts": 3}, {77: 3, -5: 1})


def test_bills_of_the_day_say_what_is_new_in_them() -> None:
    def bill(id_: int, usd: float) -> BillRow:
        used = (Used("opus 1", 0, 0, 0, 0, 0, 0, usd),)
        return BillRow(id_, 7, 1, float(id_), None, None, True, usd, 10 * id_, id_, used)  # noqa: FBT003

    (charge,) = tally([], [], [bill(1, 2.0), bill(2, 5.0)], {2}, hour_of).charges
    assert (charge.usd, charge.added, charge.removed) == (3.0, 10, 1)


def test_what_is_kept_for_a_year_are_sums_and_projects() -> None:
    full = Tally({"a": 1}, {1: (1.0, 2.0)}, {2: 3}, {4: 5}, [])
    assert full.sealed() == Tally({"a": 1}, {}, {2: 3}, {}, [])


@pytest.mark.parametrize(
    "less",
    [
        ROW._replace(main=False, output=9999), ROW._replace(output=19), ROW._replace(thinking=6),
        ROW._replace(at=101.0), ROW._replace(output=19, cache_read=301), ROW._replace(input=0, cache_creation=4001),
        ROW._replace(cache_read=299, cache_creation=4001), ROW._replace(family="haiku"), ROW._replace(session=12),
        ROW._replace(project=22),
    ],
)  # fmt: skip
def test_which_of_two_records_is_true(less: ResponseRow) -> None:
    assert better(ROW, less) == better(less, ROW) == ROW


def test_what_a_record_leaves_out_is_taken_from_the_other() -> None:
    poor = ROW._replace(output=5, stop="", searches=0, fetches=0)
    rich = ROW._replace(output=4, searches=9, fetches=8, reused=True)
    assert better(poor, rich) == better(rich, poor) == rich._replace(output=5)


def test_searches_are_no_tokens() -> None:
    assert Used("opus 1", 1, 20, 300, 4000, 50_000, 600_000, 0.0).tokens == 54_321
