"""The instance `desk`, whose values a test sets: published on the topics, and in the form, of the real publisher."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

from gauge_mqtt import __version__
from gauge_mqtt.contract.messages import Event, retained
from gauge_mqtt.contract.scale import fuel_needle, tach_needle
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import EventType, Usage
from gauge_mqtt.homeassistant.discovery import entity_ids, payload
from tests.support.brokers import RecordingClient

TOPICS = Topics("desk")
IDS = entity_ids(TOPICS)


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
        "refused_lines": 0, "tokens_total": 1_204_511_300, "cost_total_usd": 812.07,
    }  # fmt: skip
    values |= other
    values["needle_5h"], values["needle_7d"] = map(fuel_needle, (values["window_5h_pct"], values["window_7d_pct"]))
    values["needle_tach"] = tach_needle(values["rate_1m"], values["redline"])
    return Usage(instance=TOPICS.instance, updated_at=now, **values)


def nothing_known() -> Usage:
    return Usage(instance=TOPICS.instance, updated_at=datetime.now(UTC), source="jsonl")


class DeskPublisher:
    """See the top of this file."""

    def __init__(self, port: int) -> None:
        self._client = RecordingClient(port)

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()

    def announce(self) -> None:
        self._client.publish(TOPICS.discovery, payload(TOPICS, __version__), retain=True)

    def clear(self) -> None:
        for topic in TOPICS.retained:
            self._client.publish(topic, b"", retain=True)

    def show(self, usage: Usage) -> None:
        for topic, said in retained(usage, TOPICS).items():
            self._client.paho.publish(topic, said, 1, retain=True)
        self._client.publish(TOPICS.availability, b"online", retain=True)

    def go_offline(self) -> None:
        self._client.publish(TOPICS.availability, b"offline", retain=True)

    def send_event(self, event: EventType) -> None:
        self._client.publish(TOPICS.event, Event(event, datetime.now(UTC)).to_json())
