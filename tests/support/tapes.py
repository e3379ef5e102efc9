"""The tape of an hour of hard work (its values are made up), as a sink was shown it."""

from pathlib import Path

from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.snapshot import snapshot
from gauge_mqtt.sources.tape.tape import Reader

AT_WORK = Path(__file__).resolve().parents[1] / "fixtures/at-work.tape"


def last_snapshot(tape: Path) -> Usage:
    """What it ends with. Its source is `replay`."""
    head, *lines = tape.read_bytes().splitlines(keepends=True)
    reader = Reader(head)
    moments = [reader.moment(line) for line in lines]
    return snapshot(moments[-1].readings, reader.limits, "desk", moments[-1].at)
