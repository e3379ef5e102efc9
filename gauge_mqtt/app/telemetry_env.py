"""The environment that makes Claude Code export what the source `prometheus` reads. Pure text.

Names and defaults: https://code.claude.com/docs/en/monitoring-usage
"""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

Path = Literal["collector", "prometheus"]
Form = Literal["shell", "systemd", "settings"]

ENDPOINTS: dict[Path, str] = {
    "collector": "http://127.0.0.1:4318/v1/metrics",
    "prometheus": "http://127.0.0.1:9090/api/v1/otlp/v1/metrics",
}
EXPORT_MS = 10_000
UNFIT = re.compile(r"(?:[^!-~]|[,;\"'\\=%])+")
"""What a resource attribute cannot hold as it is."""
ENDPOINT = re.compile(r"https?://[^\s\"'\\/]+(?:/[^\s\"'\\]*)?", re.ASCII)
"""A URL that neither a shell nor systemd reads as something else."""


class Variable(NamedTuple):
    name: str
    value: str
    why: str


def variables(path: Path, host: str, endpoint: str | None = None) -> list[Variable]:
    """What to set, in a sensible order. `endpoint` is taken to the letter, the whole URL."""
    dropped = {
        "collector": "the default, delta, loses for good what an outage of the collector swallows",
        "prometheus": "the default, delta, is dropped by Prometheus without an error on either side",
    }
    return [
        Variable("CLAUDE_CODE_ENABLE_TELEMETRY", "1", "nothing is exported without it"),
        Variable("OTEL_METRICS_EXPORTER", "otlp", "its own Prometheus port dies with each session and serves only one"),
        Variable("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf", "there is no default"),
        Variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", endpoint or ENDPOINTS[path], "metrics only, to the letter"),
        Variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative", dropped[path]),
        Variable(
            "OTEL_METRIC_EXPORT_INTERVAL",
            str(EXPORT_MS),
            "milliseconds; a needle wants less than the default, a minute",
        ),
        Variable(
            "OTEL_METRICS_INCLUDE_SESSION_ID", "true", "two sessions at once would write one series, beyond repair"
        ),
        Variable(
            "OTEL_RESOURCE_ATTRIBUTES", f"host.name={UNFIT.sub('-', host)}", "tells machines apart: label host_name"
        ),
    ]


def written(what: Sequence[Variable], form: Form) -> str:
    """As it is pasted: `shell`, `systemd` (a drop-in), or `settings` (`~/.claude/settings.json`: no reasons)."""
    if form == "settings":
        return json.dumps({"env": {one.name: one.value for one in what}}, indent=2)
    write: dict[str, Callable[[Variable], str]] = {
        "shell": lambda one: f"# {one.why}\nexport {one.name}={shlex.quote(one.value)}",
        "systemd": lambda one: f"# {one.why}\nEnvironment={one.name}={one.value.replace('%', '%%')}",
    }
    return "\n".join([*(["[Service]"] if form == "systemd" else []), *(write[form](one) for one in what)])
