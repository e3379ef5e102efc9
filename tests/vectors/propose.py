"""Fill in the full output of every vector: `python tests/vectors/propose.py`. Read the diff before committing it."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gauge_mqtt.contract import dials, messages
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.highs import Highs
from gauge_mqtt.core.reading import Limits, Reading
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.core.totals import Counted

FOLDER = Path(__file__).parent
READINGS = TypeAdapter(list[Reading])
LIMITS = TypeAdapter(Limits)
INSTANT = TypeAdapter(datetime | None)


def paths() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def compute(vector: dict[str, Any]) -> tuple[Usage, list[str]]:
    """The snapshot of a vector and the events on the edge to it."""
    before = _snapshot(vector["before"], vector, None) if "before" in vector else None
    usage = _snapshot(vector, vector, before)
    hot_at = INSTANT.validate_python(vector.get("hot_at"))
    return usage, [event.event_type for event in messages.edges(before, usage, hot_at)]


def _snapshot(given: dict[str, Any], vector: dict[str, Any], before: Usage | None) -> Usage:
    readings, now = READINGS.validate_python(given["readings"]), INSTANT.validate_python(given["now"])
    assert now is not None
    limits, counted = LIMITS.validate_python(vector["limits"]), Counted(**vector.get("counted", {}))
    highs = Highs(**vector.get("highs", {}))
    return snapshot(readings, limits, vector["instance"], now, before=before, counted=counted, highs=highs)


def output(usage: Usage, instance: str) -> dict[str, Any]:
    """Everything that a snapshot becomes, as JSON values."""
    payloads = messages.retained(usage, Topics(instance))
    needles = {topic.rsplit("/", 1)[1]: int(payloads[topic]) for topic in Topics(instance).needles.values()}
    return {
        "usage": json.loads(usage.to_json()),
        "topics": {topic: payload.decode() for topic, payload in payloads.items() if not topic.endswith("/state")},
        "frame": {
            "needles": needles,
            "motor_deg": {dial: round(dials.motor_deg(needle), 3) for dial, needle in needles.items()},
            "lamps": messages.lamps(usage),
        },
    }


def contradictions(vector: dict[str, Any], made: dict[str, Any], events: list[str]) -> list[str]:
    """Where the output differs from what a person wrote down."""
    wrong = [
        f"{key}: {made['usage'][key]!r}, expected {value!r}"
        for key, value in vector["expect"].items()
        if made["usage"][key] != value
    ]
    if events != vector.get("events", events):
        wrong.append(f"events: {events}, expected {vector['events']}")
    return wrong


def main() -> int:
    failed = 0
    for path in paths():
        vector = json.loads(path.read_text())
        usage, events = compute(vector)
        made = output(usage, vector["instance"])
        if wrong := contradictions(vector, made, events):
            failed += 1
            print(f"{path.name}: {'; '.join(wrong)}", file=sys.stderr)  # noqa: T201
            continue
        path.write_text(json.dumps(vector | made, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
