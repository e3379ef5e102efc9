"""Values, lamps and events as they stand on the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gauge_mqtt.contract.messages import Event, bare, edges, lamp_mask, lamps, retained, retained_values
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import LAMPS, Usage

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOPICS = Topics("lab")


def usage(after_s: float = 0, **values: Any) -> Usage:
    return Usage(instance="lab", source="test", updated_at=NOW + timedelta(seconds=after_s), **values)


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (None, "None"), (True, "ON"), (False, "OFF"), (7, "7"), (0, "0"), (1.0, "1"), (0.29, "0.29"),
        (1234.5, "1234.5"), (0.1234567, "0.123457"), (100.0, "100"), (-0.0000001, "0"), (10.5, "10.5"),
        (20.0, "20"), (1e15, "1000000000000000"), ("opus", "opus"), ((), "none"),
        (("fuel_5h", "cache"), "fuel_5h,cache"), (NOW, "2026-11-22T12:00:00Z"),
    ],
)  # fmt: skip
def test_a_bare_value(value: object, payload: str) -> None:
    assert bare(value) == payload


def test_an_event_to_the_byte() -> None:
    assert Event("reset_7d", NOW).to_json() == b'{"event_type":"reset_7d","at":"2026-11-22T12:00:00Z"}'


@pytest.mark.parametrize("bit", range(len(LAMPS)))
def test_each_lamp_has_its_bit(bit: int) -> None:
    lamp = LAMPS[bit]
    values = {"last_model": lamp} if lamp in {"opus", "sonnet", "haiku"} else {lamp: True}
    assert lamp_mask(usage(**values)) == 2**bit
    assert lamps(usage(**values)) == {name: name == lamp for name in LAMPS}


def test_lamps_add_up_and_unknown_ones_are_dark() -> None:
    assert lamp_mask(usage()) == 0
    assert lamp_mask(usage(last_model="gpt", hot=False)) == 0
    assert lamp_mask(usage(last_model="sonnet", hot=True, stall=True)) == 0b0101010


def test_every_retained_value_is_there_and_the_needles_come_first() -> None:
    said = retained(usage(needle_5h=0, needle_tach=None, needle_7d=1000, hot=True), TOPICS)
    assert list(said)[:4] == [*TOPICS.needles.values(), TOPICS.lamps]
    assert [said[topic] for topic in list(said)[:4]] == [b"0", b"-1", b"1000", b"8"]
    assert said.keys() == {*TOPICS.needles.values(), TOPICS.lamps, TOPICS.state, *TOPICS.keys.values()}
    assert said[TOPICS.keys["needle_tach"]] == b"None"
    assert said[TOPICS.keys["hot"]] == b"ON"


def test_of_two_snapshots_only_what_differs_is_said() -> None:
    before = usage(rate_1m=1.0, hot=False, needle_5h=10)
    assert retained_values(usage(rate_1m=1.0, hot=False, needle_5h=10), TOPICS, before) == {}
    rate = usage(rate_1m=2.0, hot=False, needle_5h=10)
    assert retained_values(rate, TOPICS, before) == {TOPICS.keys["rate_1m"]: b"2"}
    hot = usage(rate_1m=1.0, hot=True, needle_5h=10)
    assert retained_values(hot, TOPICS, before) == {
        TOPICS.lamps: b"8", TOPICS.keys["hot"]: b"ON"
    }  # fmt: skip
    for model, mask in (("opus", b"1"), ("haiku", b"4"), (None, b"0")):
        changed = retained_values(usage(last_model=model), TOPICS, usage(last_model="sonnet"))
        assert changed[TOPICS.lamps] == mask
    assert TOPICS.lamps not in retained_values(usage(last_model="fable"), TOPICS, usage(last_model="gpt"))
    needle = usage(rate_1m=1.0, hot=False)
    assert retained_values(needle, TOPICS, before) == {
        TOPICS.needles["needle_5h"]: b"-1", TOPICS.keys["needle_5h"]: b"None"
    }  # fmt: skip


def kinds(before: Usage | None, after: Usage, hot_at: datetime | None = None) -> list[str]:
    return [event.event_type for event in edges(before, after, hot_at)]


@pytest.mark.parametrize("lamp", ["hot", "warn", "stall"])
def test_a_lamp_that_comes_on_is_an_event_of_that_moment(lamp: str) -> None:
    dark, lit = {lamp: False}, {lamp: True}
    assert edges(usage(**dark), usage(5, **lit)) == (Event(lamp, NOW + timedelta(seconds=5)),)  # type: ignore[arg-type]
    assert kinds(usage(**lit), usage(5, **lit)) == []
    assert kinds(usage(**lit), usage(5, **dark)) == []
    assert kinds(usage(), usage(5, **lit)) == [], "known for the first time is no edge"
    assert kinds(None, usage(5, **lit)) == []


@pytest.mark.parametrize(("ago_s", "told"), [(0, False), (599, False), (600, True), (-1, True)])
def test_hot_is_told_at_most_once_in_ten_minutes(ago_s: float, told: bool) -> None:  # noqa: FBT001
    hot_at = NOW - timedelta(seconds=ago_s)
    assert kinds(usage(hot=False, warn=False), usage(hot=True, warn=True), hot_at) == (["hot"] if told else []) + [
        "warn"
    ]


@pytest.mark.parametrize("window", ["5h", "7d"])
def test_a_window_that_ended_is_an_event_of_its_end(window: str) -> None:
    at, event = f"window_{window}_resets_at", f"reset_{window}"
    end, later = NOW + timedelta(seconds=60), NOW + timedelta(hours=5)
    assert edges(usage(**{at: end}), usage(60, **{at: later})) == (Event(event, end),)  # type: ignore[arg-type]
    assert kinds(usage(**{at: end}), usage(60, **{at: None})) == [event]
    assert kinds(usage(**{at: end}), usage(59, **{at: later})) == [], "moved before its end"
    assert kinds(usage(**{at: end}), usage(61, **{at: end})) == [], "the same window is still told"
    assert kinds(usage(), usage(61, **{at: later})) == []
