"""The second contract: its keys, how each is said, and that no packet is too large for a display."""

import json
from datetime import UTC, date, datetime

import pytest

from gauge_mqtt.contract import usage
from gauge_mqtt.contract.insights import BARE_MAX, GROUPS, KEYS, Insights, Value, json_schema
from gauge_mqtt.contract.messages import retained_insights
from gauge_mqtt.contract.topics import Topics

LARGE: dict[str, Value] = {
    "count": 10**15, "number": 123456.789012, "balance": -123456.789012, "ratio": 0.123456, "correlation": -0.123456,
    "counts": {f"name-{n:04}": 10**6 + n for n in range(300)}, "profile": (10**4,) * 24,
}  # fmt: skip
TOPICS = Topics("a" * 32)
ENABLED = {
    "tokens",
    "cost_usd",
    "sessions",
    "work_minutes",
    "streak_days",
    "cogitation_index",
    "tool_calls",
    "em_dashes",
}


def insights(**values: Value) -> Insights:
    day = date(2026, 11, 28)
    return Insights(day, day, datetime(2026, 11, 28, 12, tzinfo=UTC), dict.fromkeys(KEYS) | values)


def test_eight_are_enabled_at_first() -> None:
    assert {key for key, (_, spec) in KEYS.items() if spec.enabled_by_default} == ENABLED
    assert len(ENABLED) == 8


def test_every_key_stands_in_one_group() -> None:
    grouped = [key for keys in GROUPS.values() for key in keys]
    assert sorted(grouped) == sorted({*KEYS} - {"days_kept"})


def test_every_label_is_its_own() -> None:
    labels = [spec.label for _, spec in KEYS.values()]
    assert len(set(labels)) == len(labels)


def test_no_packet_is_too_large_for_a_display() -> None:
    largest = insights(**{key: LARGE[kind] for key, (kind, _) in KEYS.items()})
    for topic, payload in retained_insights(largest, TOPICS).items():
        assert len(topic) + len(payload) + 7 < 256, topic


def test_only_what_changed_is_said_again() -> None:
    before = insights(tokens=5, tools={"Bash": 1})
    assert retained_insights(before, TOPICS, before) == {}
    after = insights(tokens=6, tools={"Bash": 1})
    assert retained_insights(after, TOPICS, before) == {TOPICS.insights["tokens"]: b"6"}
    assert len(retained_insights(after, TOPICS)) == len(KEYS)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, b"None"),
        (0, b"0"),
        (0.5, b"0.5"),
        ({}, b"none"),
        ({"Read": 2, "Bash": 10, "Edit": 2}, b"Bash 10, Edit 2, Read 2"),
        ((0, 12, 3), b"0,12,3"),
    ],
)
def test_how_a_value_is_said(value: Value, said: bytes) -> None:
    assert retained_insights(insights(tools=value), TOPICS)[TOPICS.insights["tools"]] == said
    assert len(said) <= BARE_MAX


@pytest.mark.parametrize(("length", "fits"), [(BARE_MAX - 10, True), (BARE_MAX - 9, False)])
def test_what_does_not_fit_ends_a_map(length: int, *, fits: bool) -> None:
    """Here `Read 9` is followed by a name of so many letters, then by one that would fit."""
    value: Value = {"Read": 9, "x" * length: 8, "a": 7}
    said = retained_insights(insights(tools=value), TOPICS)[TOPICS.insights["tools"]]
    assert said == (f"Read 9, {'x' * length} 8".encode() if fits else b"Read 9")
    assert len(said) == (BARE_MAX if fits else 6)


def test_insights_have_topics_and_a_device_of_their_own() -> None:
    topics = Topics("lab")
    assert topics.insights["tokens"] == "claude_gauge/lab/insights/tokens"
    assert topics.insights.keys() == KEYS.keys()
    assert topics.insights_node == f"{topics.node}_insights"
    assert topics.insights_discovery == f"homeassistant/device/{topics.insights_node}/config"


def test_the_json_has_every_key_and_its_schema_says_so() -> None:
    told = json.loads(insights(tokens=5).to_json())
    schema = json_schema()
    assert list(told) == list(schema["properties"]) == schema["required"]
    assert told["tokens"] == 5
    assert told["cost_usd"] is None
    assert schema["properties"]["tokens"]["x-unit"] == "tok"


def test_units_are_those_of_the_gauge() -> None:
    ours = {spec.unit for _, spec in KEYS.values()} - {spec.unit for spec in usage.KEYS.values()}
    assert ours == {"min", "d"}
