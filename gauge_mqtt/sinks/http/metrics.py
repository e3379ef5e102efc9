"""The snapshot in Prometheus' text format 0.0.4. Pure. Unknown is no sample at all."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from gauge_mqtt.contract.health import Metric
from gauge_mqtt.contract.insights import KEYS as INSIGHTS
from gauge_mqtt.contract.insights import Insights, Value
from gauge_mqtt.contract.usage import KEYS, Usage, values

LABELS = {
    "cost_by_family": "family", "session_lengths": "length", "stop_reasons": "reason", "tools": "tool",
    "executables": "program", "projects": "project",
}  # fmt: skip
"""Key of a map -> the label that its names have."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAMESPACE = "claude_gauge"


def exposition(
    usage: Usage | None, own: Iterable[Metric], version: str, insights: Insights | None = None
) -> bytes:  # fmt: skip
    """Everything that can be scraped: the keys of the contract, today's `insights`, and `own`, how the publisher does
    (sorted by name).
    """
    lines: list[str] = []
    if usage is not None:
        texts = {"version": version}
        for key, value in values(usage).items():
            if isinstance(value, str):
                # A label `instance` is Prometheus' own: it would come out as `exported_instance`.
                texts["publisher" if key == "instance" else key] = value
            elif (number := _number(value)) is not None:
                kind = "counter" if key.endswith("_total") else "gauge"
                lines += _family(_name(key, value), kind, KEYS[key].about, f" {number}")
        labels = ",".join(f'{key}="{_escaped(text)}"' for key, text in texts.items())
        lines += _family(f"{NAMESPACE}_info", "gauge", "the texts of the snapshot, as labels", f"{{{labels}}} 1")
    for key, value in insights.values.items() if insights else ():
        if samples := list(_insight(key, value)):
            lines += _family(f"{NAMESPACE}_insights_{key}", "gauge", f"today: {INSIGHTS[key].spec.about}", *samples)
    for (name, kind, about), family in groupby(own, key=lambda metric: metric[:3]):
        lines += _family(f"{NAMESPACE}_{name}", kind, about, *(f"{m.labels} {m.value:.15g}" for m in family))
    return ("\n".join(lines) + "\n").encode()


def _family(name: str, kind: str, about: str, *samples: str) -> list[str]:
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}", *(name + sample for sample in samples)]


def _name(key: str, value: Any) -> str:
    stem = f"{NAMESPACE}_{key}"
    if isinstance(value, datetime):
        return f"{stem}_timestamp_seconds"
    return f"{stem}_ratio" if key.endswith("_pct") else stem


def _insight(key: str, value: Value) -> Iterator[str]:
    """The samples of a key: one a name for a map, one an hour for a profile. Gauges: midnight sets them back."""
    if isinstance(value, Mapping):
        yield from (f'{{{LABELS[key]}="{_escaped(name)}"}} {n:.15g}' for name, n in value.items())
    elif isinstance(value, tuple):
        yield from (f'{{hour="{hour:02}"}} {n}' for hour, n in enumerate(value))
    elif (number := _number(value)) is not None:
        yield f" {number}"


def _number(value: Any) -> str | None:
    match value:
        case bool():
            return str(int(value))
        case int() | float():
            return f"{value:.15g}"
        case datetime():
            return f"{value.timestamp():.3f}"
        case _:
            return None


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
