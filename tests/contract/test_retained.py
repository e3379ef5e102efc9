"""What is said of a snapshot: all of it, or what is new in it."""

from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.contract.messages import retained, retained_values
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import Usage
from tests.support.desk import at_work, nothing_known

TOPICS = Topics("desk")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_what_is_new_and_what_was_known_are_together_everything() -> None:
    before, after = nothing_known(), at_work(last_model="sonnet", hot=True)
    new = retained_values(after, TOPICS, since=before)
    assert retained_values(before, TOPICS) | new == retained_values(after, TOPICS)
    assert all(retained_values(before, TOPICS)[topic] != payload for topic, payload in new.items())
    assert list(new) == [topic for topic in retained(after, TOPICS) if topic in new], "the same order: needles first"


@pytest.mark.parametrize(
    ("known", "topics"),
    [
        ({"rate_1m": 7}, {TOPICS.keys["rate_1m"]}),
        ({"needle_tach": 7}, {TOPICS.needles["needle_tach"], TOPICS.keys["needle_tach"]}),
        ({"hot": True}, {TOPICS.lamps, TOPICS.keys["hot"]}),
        ({"hot": False}, {TOPICS.keys["hot"]}),
        ({}, set()),
    ],
)
def test_only_what_changed_is_said(known: dict[str, object], topics: set[str]) -> None:
    before = Usage(updated_at=NOW, instance="desk", source="test")
    after = Usage.model_validate({"updated_at": NOW, "instance": "desk", "source": "test", **known})
    assert retained_values(after, TOPICS, since=before).keys() == topics


def test_the_state_topic_and_get_usage_are_the_same_bytes_made_once() -> None:
    usage = at_work()
    assert retained(usage, TOPICS)[TOPICS.state] is usage.to_json()


def test_the_bytes_kept_change_nothing_about_a_snapshot() -> None:
    one, other = (Usage(updated_at=NOW + timedelta(0), instance="desk", source="test") for _ in range(2))
    one.to_json()
    assert one == other
    assert one.model_dump() == other.model_dump()
