"""A publisher in the hands of a test: the instance `desk` says what the test wants, on the topics of the real one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from gauge_mqtt import __version__
from gauge_mqtt.contract.messages import Event, retained
from gauge_mqtt.contract.scale import fuel_needle, tach_needle
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import EventType, Usage
from gauge_mqtt.homeassistant.dashboard import entity_ids
from gauge_mqtt.homeassistant.discovery import payload
from tests.support.brokers import Ear, until

TOPICS = Topics("desk")
IDS = entity_ids(TOPICS)


def eventually(condition: Callable[[], Any]) -> Any:
    """Home Assistant and a browser beside it can keep a small machine busy."""
    return until(condition, 20)


def at_work(**other: Any) -> Usage:
    """An afternoon with Opus; `other` values as given."""
    now = datetime.now(UTC).replace(microsecond=0)
    values: dict[str, Any] = {
        "rate_1m": 5200.0, "redline": 8000, "redline_source": "history", "window_5h_tokens": 34_612_840,
        "window_7d_tokens": 412_907_331, "window_5h_pct": 0.624, "window_7d_pct": 0.413, "thinking_ratio": 0.31,
        "cache_hit_rate": 0.962, "last_model": "opus", "last_model_id": "claude-opus-4-5", "hot": False, "warn": False,
        "stall": False, "idle": False, "source": "ccusage", "window_5h_source": "official",
        "window_7d_source": "official", "window_5h_resets_at": now + timedelta(hours=2, minutes=47),
        "window_7d_resets_at": now + timedelta(days=3, hours=5), "window_5h_asof": now, "window_7d_asof": now,
        "cost_5h_usd": 23.41, "cost_7d_usd": 281.9, "warn_reasons": (), "stall_reason": "none", "telemetry_at": now,
        "refused_lines": 0,
    }  # fmt: skip
    values |= other
    values["needle_5h"], values["needle_7d"] = map(fuel_needle, (values["window_5h_pct"], values["window_7d_pct"]))
    values["needle_tach"] = tach_needle(values["rate_1m"], values["redline"])
    return Usage(instance=TOPICS.instance, updated_at=now, **values)


def nothing_known() -> Usage:
    return Usage(instance=TOPICS.instance, updated_at=datetime.now(UTC), source="jsonl")


class Desk:
    """See the top of this file."""

    def __init__(self, port: int) -> None:
        self._voice = Ear(port)

    def __enter__(self) -> Self:
        self._voice.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._voice.__exit__()

    def announce(self) -> None:
        self._voice.say(TOPICS.discovery, payload(TOPICS, __version__), retain=True)

    def forget(self) -> None:
        for topic in TOPICS.retained:
            self._voice.say(topic, b"", retain=True)

    def say(self, usage: Usage) -> None:
        for topic, said in retained(usage, TOPICS).items():
            self._voice.client.publish(topic, said, 1, retain=True)
        self._voice.say(TOPICS.availability, b"online", retain=True)

    def leave(self) -> None:
        self._voice.say(TOPICS.availability, b"offline", retain=True)

    def happens(self, event: EventType) -> None:
        self._voice.say(TOPICS.event, Event(event, datetime.now(UTC)).to_json())
