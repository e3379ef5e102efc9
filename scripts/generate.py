"""Write what is derived from the contract and the settings. `--check` writes nothing and names what is stale."""

import argparse
import json
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from cluster_geometry import card_entities, cluster_geometry
from gauge_mqtt.app.settings import CONFIG, NAMES, SECRETS, Settings, flag, variable
from gauge_mqtt.contract import insights
from gauge_mqtt.contract.messages import UNKNOWN, Event, retained
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import HEARTBEAT_S, KEYS, LAMPS, NEEDLE_MAX, EventType, Usage, json_schema
from gauge_mqtt.homeassistant.yaml_export import PAGES, page
from gauge_mqtt.sinks.http.card import bundle, card_parts
from gauge_mqtt.sources.prometheus.recorded import rules_page
from grafana_page import DASHBOARD, dashboard
from headers import contract_header

COMMAND = "scripts/generate"
HEADER = "firmware/lib/gauge_core/src/gauge/contract.hpp"
STATIC = "gauge_mqtt/sinks/http/static"
CLUSTER, ENTITIES = f"{STATIC}/cluster.js", f"{STATIC}/home-assistant-entities.js"
CARD = "dist/claude-gauge-card.js"
"""Where HACS looks for it."""
RULES = "deploy/prometheus/rules/claude-code-minutes.yml"
RULES_NOTE = f"""# Made by {COMMAND}, do not edit. Claude Code's tokens and costs by the minute: docs/fleet.md.
# For Prometheus, vmalert, Mimir's and Thanos' rulers. gauge-mqtt finds and prefers what they record.
"""
NOTE = f"<!-- Made by {COMMAND}, do not edit. -->"
DEPENDS = {"instance": "the host name", "state_dir": "`~/.local/state/gauge-mqtt`"}
"""Defaults that depend on the machine, in words."""
TOPICS = Topics("<instance>")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SAMPLE = Usage(
    rate_1m=5200, window_5h_tokens=41_300_000, window_7d_tokens=655_000_000, window_5h_pct=0.413, window_7d_pct=0.655,
    thinking_ratio=0.31, cache_hit_rate=0.962, last_model="opus", hot=False, warn=False, stall=False, idle=False,
    updated_at=NOON, instance="desk", source="jsonl", window_5h_source="ceiling", window_7d_source="ceiling",
    window_5h_resets_at=NOON + timedelta(hours=3), window_5h_asof=NOON, window_7d_asof=NOON,
    last_model_id="claude-opus-5-5", needle_5h=413, needle_tach=520, needle_7d=655, warn_reasons=(),
    stall_reason="none", redline=8000, redline_source="set",
)  # fmt: skip
"""What the examples show; its unknown keys show how unknown looks."""


class MarkerError(Exception):
    """A page has no place for its table."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def kind(schema: dict[str, Any]) -> tuple[str, str]:
    """Type and range of a key, as its JSON schema has them."""
    parts = schema.get("anyOf", [schema])
    part = next(p for p in parts if p.get("type") != "null")
    words = part["items"] if part["type"] == "array" else part
    name = {"date-time": "ISO 8601, UTC"}.get(part.get("format", ""), part["type"])
    if "enum" in words:
        span = ", ".join(f"`{word}`" for word in words["enum"])
    elif "maximum" in part:
        span = f"{part['minimum']:g}..{part['maximum']:g}"
    else:
        span = f"from {part['minimum']:g}" if "minimum" in part else ""
    return f"{name} or null" if len(parts) > 1 else name, span


def contract_table() -> str:
    properties = json_schema()["properties"]
    rows = []
    for key, spec in KEYS.items():
        type_, span = kind(properties[key])
        rows.append((f"`{key}`", type_, spec.unit or "", span, spec.about))
    return table(("Key", "Type", "Unit", "Range", "Meaning"), rows)


def insights_table() -> str:
    rows = [(f"`{key}`", kind, spec.unit or "", spec.about) for key, (kind, spec) in insights.KEYS.items()]
    return table(("Key", "Kind", "Unit", "Meaning"), rows)


def settings_table() -> str:
    config = (variable(CONFIG), flag(CONFIG), "", "`~/.config/gauge-mqtt/config.toml`", "TOML file with settings")
    rows = [(f"`{config[0]}`", f"`{config[1]}`", *config[2:])]
    for name, attribute in NAMES.items():
        field = Settings.model_fields[attribute]
        default = "not set" if field.default is None else f"`{field.default}`"
        if field.default is PydanticUndefined:
            default = DEPENDS[name]
        option = "" if name in SECRETS else f"`{flag(name)}`"
        rows.append((f"`{variable(name)}`", option, f"`{name}`", default, field.description or ""))
    return table(("Variable", "Flag", "TOML key", "Default", "Meaning"), rows)


def topics_page() -> str:
    shown = {topic: payload.decode() for topic, payload in retained(SAMPLE, TOPICS).items()}
    needles = f"integer 0..{NEEDLE_MAX}; `-1` while unknown"
    rows = {
        TOPICS.availability: "`online` or `offline`; the will says `offline` too",
        TOPICS.state: "the snapshot as JSON, unknown is `null`",
        **{topic: KEYS[key].about for key, topic in TOPICS.keys.items()},
        TOPICS.event: f"one JSON object on the edge, its `event_type` one of {words(get_args(EventType))}",
        **{topic: f"{needles}; {KEYS[key].about}" for key, topic in TOPICS.needles.items()},
        TOPICS.lamps: f"bit mask in decimal, from bit 0: {words(LAMPS)}",
        TOPICS.heartbeat: f"every {HEARTBEAT_S} s, seconds until the next is due",
        TOPICS.discovery: "the whole device for Home Assistant, as JSON",
    }
    shown |= {TOPICS.availability: "online", TOPICS.heartbeat: str(HEARTBEAT_S)}
    shown |= {TOPICS.event: Event("hot", NOON).to_json().decode(), TOPICS.state: '{"rate_1m":5200.0,...}'}
    shown[TOPICS.discovery] = '{"device":{...},...}'
    listed = table(
        ("Topic", "Payload", "Example", "Retained", "QoS"),
        (
            (f"`{topic}`", about, f"`{shown[topic]}`", "yes" if topic in TOPICS.retained else "no", qos(topic))
            for topic, about in rows.items()
        ),
    )
    return f"""{NOTE}

# Topics

`<instance>` is the setting `{variable("instance")}`, in small letters; `homeassistant` the setting
`{variable("discovery_prefix")}`. A topic of a bare value says ON or OFF for a lamp, a plain decimal number, text, or
an instant in ISO 8601, UTC; while the value is unknown it says the literal `{UNKNOWN}`. Ratios are 0..1.

{listed}

{insight_topics()}

gauge-mqtt listens to one topic, `{TOPICS.birth}`: when Home Assistant says `online` there, everything is said again.
"""


def insight_topics() -> str:
    rows = ((f"`{topic}`", f"today: {insights.KEYS[key].spec.about}") for key, topic in TOPICS.insights.items())
    return f"""## Insights

With [insights](insights.md) on, each of their keys has a topic of its own as well, retained, QoS 1, said again every
{insights.REPEAT_S // 60} min and forgotten by the broker {insights.EXPIRE_S // 60} min after the publisher is gone. A
map says its largest entries, as `Bash 120, Read 80`; the hours say 24 numbers with commas between. The device for Home
Assistant is on `{TOPICS.insights_discovery}`.

{table(("Topic", "Payload"), rows)}"""


def qos(topic: str) -> str:
    return "0" if topic == TOPICS.heartbeat else "1"


def words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def filled(page: str, name: str, content: str) -> str:
    """The page with what is between the two markers of that name replaced."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(start) != 1 or page.count(end) != 1 or page.index(start) > page.index(end):
        raise MarkerError(f"docs/{name}.md needs one {start} and, below it, one {end}")
    place = re.compile(f"{re.escape(start)}.*{re.escape(end)}", re.DOTALL)
    return place.sub(lambda _: f"{start}\n{content}\n{end}", page)


def script(path: Path, name: str, value: str) -> str:
    """A JavaScript file with the constant of that name as it is today, between its two comments."""
    start, end = f"/* {name.lower()}, made by scripts/generate: do not edit */\n", f"/* /{name.lower()} */"
    head, found, rest = path.read_text(encoding="utf-8").partition(start)
    if not found or end not in rest:
        raise MarkerError(f"{path.name} needs {start.strip()} and, below it, {end}")
    return f"{head}{start}const {name} = {value};\n{end}{rest.partition(end)[2]}"


def pages(root: Path) -> dict[Path, str]:
    """Path -> what the file has to say."""
    tables = {"contract": contract_table(), "insights": insights_table(), "settings": settings_table()}
    places = {root / f"docs/{name}.md": name for name in tables}
    tabled = {path: filled(path.read_text(encoding="utf-8"), name, tables[name]) for path, name in places.items()}
    made = {CLUSTER: ("GEOMETRY", cluster_geometry()), ENTITIES: ("ENTITIES", card_entities())}
    scripts = {root / file: script(root / file, *constant) for file, constant in made.items()}
    parts = [scripts.get(path, path.read_text(encoding="utf-8")) for path in card_parts(root / STATIC)]
    return {
        root / "docs/usage.schema.json": json.dumps(json_schema(), indent=2) + "\n",
        root / "docs/topics.md": topics_page(),
        **{root / "homeassistant" / p.file: page(name, Topics("desk")) for name, p in PAGES.items()},
        **scripts,
        root / CARD: bundle(parts),
        root / RULES: rules_page(RULES_NOTE),
        root / DASHBOARD: dashboard((root / DASHBOARD).read_text(encoding="utf-8")),
        root / HEADER: contract_header(f"Made by {COMMAND}, do not edit."),
        **tabled,
    }


def stale(root: Path) -> list[Path]:
    return [
        path
        for path, content in pages(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]


def main(root: Path) -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    check = parser.parse_args().check
    try:
        behind = stale(root)
    except MarkerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in behind:
        name = path.relative_to(root)
        if check:
            sys.stderr.write(f"{name} is stale: run {COMMAND}\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages(root)[path], encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return int(check and bool(behind))


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
