"""The snapshot as MQTT messages: bare values, lamps, needles, and the events on its edges. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from gauge_mqtt.contract.insights import BARE_MAX, Insights, largest_first
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import (
    LAMPS,
    MODEL_LAMPS,
    NEEDLE_UNKNOWN,
    EventType,
    Usage,
    iso,
    values,
)

LAMP_KEYS = {"last_model", *LAMPS} - {*MODEL_LAMPS}
"""What the lamps are made of."""
UNKNOWN = "None"
"""What Home Assistant reads as unknown; never `null`, `nan` or an empty payload (that would delete the topic)."""
HOT_EVERY = timedelta(minutes=10)
"""A rate that swings about the redline is one event; the lamp shows each swing."""


class Event(NamedTuple):
    """Something that happened between two snapshots."""

    event_type: EventType
    at: datetime

    def to_json(self) -> bytes:
        return json.dumps({"event_type": self.event_type, "at": iso(self.at)}, separators=(",", ":")).encode()


def bare(value: Any) -> str:
    """One value as a retained payload: plain decimal, text, ISO time, `ON`/`OFF`; unknown is `None`."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "ON" if value else "OFF"
        case float():
            text = f"{value:.6f}".rstrip("0").rstrip(".")
            return "0" if text == "-0" else text
        case datetime():
            return iso(value)
        case tuple():
            return ",".join(map(str, value)) or "none"
        case _:
            return str(value)


def _largest(counts: Mapping[str, float]) -> str:
    """`Bash 120, Read 80`: as many entries, the largest first, as are fit for a topic."""
    text = ""
    for name, n in largest_first(counts):
        longer = f"{text}, {name} {bare(n)}" if text else f"{name} {bare(n)}"
        if len(longer.encode()) > BARE_MAX:
            break
        text = longer
    return text or "none"


def retained_insights(insights: Insights, topics: Topics, since: Insights | None = None) -> dict[str, bytes]:
    """Topic -> payload of every value of the insights, or of those that differ from `since`."""
    return {
        topics.insights[key]: (_largest(value) if isinstance(value, Mapping) else bare(value)).encode()
        for key, value in insights.values.items()
        if since is None or value != since.values[key]
    }


def lamps(usage: Usage) -> dict[str, bool]:
    """Lamp -> lit, in bit order. An unknown lamp is dark; a fourth model family lights none."""
    lit = {lamp: usage.last_model == lamp for lamp in MODEL_LAMPS}
    return {lamp: lit[lamp] if lamp in lit else bool(getattr(usage, lamp)) for lamp in LAMPS}


def lamp_mask(usage: Usage) -> int:
    """The lamps as the bit mask of `display/lamps`: bit 0 is the first of `LAMPS`."""
    return sum(1 << bit for bit, lit in enumerate(lamps(usage).values()) if lit)


def retained(usage: Usage, topics: Topics) -> dict[str, bytes]:
    """Topic -> payload of everything retained: the values, and the whole snapshot."""
    return retained_values(usage, topics) | {topics.state: usage.to_json()}


def retained_values(usage: Usage, topics: Topics, since: Usage | None = None) -> dict[str, bytes]:
    """Topic -> payload of every retained value, or of those that differ from `since`.

    The needles come first: they are what is waited for. Most values stand still from one snapshot to the next, so the
    others are not even spelled.
    """
    before: Mapping[str, Any] = values(since) if since else {}
    new = {key: value for key, value in values(usage).items() if since is None or value != before[key]}
    payloads = {
        topic: str(NEEDLE_UNKNOWN if new[key] is None else new[key]).encode()
        for key, topic in topics.needles.items()
        if key in new
    }
    if since is None or (not LAMP_KEYS.isdisjoint(new) and lamp_mask(usage) != lamp_mask(since)):
        payloads[topics.lamps] = str(lamp_mask(usage)).encode()
    for key, value in new.items():
        payloads[topics.keys[key]] = bare(value).encode()
    return payloads


def edges(before: Usage | None, usage: Usage, hot_at: datetime | None = None) -> tuple[Event, ...]:
    """What happened from one snapshot to the next: a lamp came on, a window was reset. Nothing on the first one.

    `hot_at`: when `hot` happened last. One that is ahead of this snapshot is of a clock that was set back since.
    """
    if before is None:
        return ()
    found = [
        Event(lamp, usage.updated_at)
        for lamp in ("hot", "warn", "stall")
        if getattr(usage, lamp) and getattr(before, lamp) is False
    ]
    if hot_at is not None and timedelta() <= usage.updated_at - hot_at < HOT_EVERY:
        found = [event for event in found if event.event_type != "hot"]
    resets: tuple[tuple[EventType, datetime | None, datetime | None], ...] = (
        ("reset_5h", before.window_5h_resets_at, usage.window_5h_resets_at),
        ("reset_7d", before.window_7d_resets_at, usage.window_7d_resets_at),
    )
    for kind, old, new in resets:
        if old is not None and old <= usage.updated_at and new != old:
            found.append(Event(kind, old))
    return tuple(found)
