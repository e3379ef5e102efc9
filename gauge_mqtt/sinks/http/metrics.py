"""The snapshot in Prometheus' text format 0.0.4. Pure. Unknown is no sample at all."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from gauge_mqtt.contract.health import Metric
from gauge_mqtt.contract.usage import KEYS, Usage, values

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAMESPACE = "claude_gauge"


def exposition(usage: Usage | None, own: Iterable[Metric], version: str) -> bytes:
    """Everything that can be scraped: the keys of the contract, and `own`, how the publisher does (sorted by name)."""
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
