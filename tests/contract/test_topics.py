"""The topics, spelled out: firmware and dashboards in the field have these words."""

import pytest

from gauge_mqtt.contract.topics import DISPLAY_PREFIX, Topics, slug
from gauge_mqtt.contract.usage import KEYS

TOPICS = Topics("lab")


def test_every_topic_is_this_one() -> None:
    assert TOPICS.base == "claude_gauge/lab"
    assert TOPICS.availability == "claude_gauge/lab/availability"
    assert TOPICS.state == "claude_gauge/lab/state"
    assert TOPICS.event == "claude_gauge/lab/event"
    assert TOPICS.keys == {key: f"claude_gauge/lab/{key}" for key in KEYS}
    assert TOPICS.needles == {
        "needle_5h": "claude_gauge/lab/display/needle/5h",
        "needle_tach": "claude_gauge/lab/display/needle/tach",
        "needle_7d": "claude_gauge/lab/display/needle/7d",
    }
    assert TOPICS.lamps == "claude_gauge/lab/display/lamps"
    assert TOPICS.heartbeat == "claude_gauge/lab/display/heartbeat"
    assert TOPICS.node == "claude_gauge_lab"
    assert TOPICS.discovery == "homeassistant/device/claude_gauge_lab/config"
    assert TOPICS.birth == "homeassistant/status"
    assert Topics("lab", "ha").discovery == "ha/device/claude_gauge_lab/config"
    assert Topics("lab", "ha").birth == "ha/status"
    assert DISPLAY_PREFIX == "claude_gauge_display"


def test_what_is_retained_is_all_but_the_event_and_the_heartbeat() -> None:
    assert set(TOPICS.retained) == {
        TOPICS.discovery, TOPICS.state, *TOPICS.keys.values(), *TOPICS.needles.values(), TOPICS.lamps,
        TOPICS.availability,
    }  # fmt: skip
    assert len(set(TOPICS.retained)) == len(TOPICS.retained)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Desk Mac", "desk_mac"), ("a-b_c9", "a-b_c9"), ("Büro 7", "b_ro_7"), ("--x--", "x"), ("_x_", "x"),
     ("a/+/#b", "a_b"), ("x" * 40, "x" * 32)],
)  # fmt: skip
def test_a_slug_is_a_topic_level(text: str, name: str) -> None:
    assert slug(text) == name


def test_a_slug_may_have_another_limit() -> None:
    assert slug("abcdef", 3) == "abc"


@pytest.mark.parametrize("text", ["", "___", "!?", "ü"])
def test_without_a_letter_or_digit_there_is_no_slug(text: str) -> None:
    with pytest.raises(ValueError, match=r"has no letter or digit to make a topic of") as error:
        slug(text)
    assert repr(text) in str(error.value)
