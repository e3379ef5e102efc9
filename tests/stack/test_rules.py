"""The alert rules, judged by promtool: each fires when it should, not before, and not when all is well."""

import functools
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gauge_mqtt.contract.scale import WARN_ABOVE
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S
from tests.stack.test_dashboard import metrics
from tests.support.stack import ROOT, prometheus3, read_yaml

RULES = ROOT / "deploy/prometheus/rules/claude-gauge.yml"
ALERTS = {rule["alert"]: rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]}
OURS = {"instance": "publisher:8080", "job": "gauge-mqtt"}
SOURCED = {**OURS, "source": "jsonl"}
FUEL_5H, FUEL_7D = "claude_gauge_window_5h_pct_ratio", "claude_gauge_window_7d_pct_ratio"
STALL, SOURCE, MQTT = "claude_gauge_stall", 'claude_gauge_source_up{source="jsonl"}', "claude_gauge_mqtt_connected"
UPDATED = "claude_gauge_updated_at_timestamp_seconds"
WELL = {
    FUEL_5H: "0.8x60", FUEL_7D: "0.2x60", STALL: "0x60", SOURCE: "1x60", MQTT: "1x60", "up": "1x60", UPDATED: "0+60x60",
    'claude_gauge_info{source="jsonl",stall_reason="turn"}': "1x60",
}  # fmt: skip
"""One value a minute; `x9` is ten of them."""


class Case(NamedTuple):
    """`said`: what is not as it is when all is well. `fires`: minute -> the value told; `quiet`: minutes without."""

    alert: str
    said: dict[str, str]
    fires: dict[int, str]
    quiet: tuple[int, ...]
    labels: dict[str, str] = OURS


CASES = [
    Case("Fuel5hHigh", {FUEL_5H: "0.8x9 0.81x20 0.5x30"}, dict.fromkeys((15, 30, 35), "81%"), (9, 14, 36), {}),
    Case("Fuel5hHigh", {FUEL_5H: "0.9x3 0.5x56"}, {}, (3, 5, 8), {}),
    Case("Fuel5hHigh", {FUEL_5H: "0.9x9 0.79x2 0.9x2 0.79x2 0.9x9"}, dict.fromkeys((6, 11, 15, 18), "90%"), (4,), {}),
    Case("Fuel7dHigh", {FUEL_7D: "0.8x9 0.95x50"}, {15: "95%", 59: "95%"}, (14,), {}),
    Case("Stalled", {STALL: "0x9 1x10 0x40"}, {11: "", 20: ""}, (9, 10, 21), {**SOURCED, "stall_reason": "turn"}),
    Case("SourceDown", {SOURCE: "1x9 0x10 1x40"}, {12: "", 20: ""}, (11, 21), SOURCED),
    Case("BrokerDown", {MQTT: "1x9 0x10 1x40"}, {12: "", 20: ""}, (11, 21)),
    Case("TargetDown", {"up": "1x9 0x10 1x40"}, {12: "", 20: ""}, (11, 21)),
    Case("Absent", {UPDATED: "0+60x10 stale"}, {16: "", 40: ""}, (10, 15), {}),
    Case("Absent", dict.fromkeys(WELL, ""), {5: "", 40: ""}, (4,), {}),
    Case("Stale", {UPDATED: "0+60x10 600x49"}, {14: "4m 0s", 40: "30m 0s"}, (11, 12, 13)),
    *(Case(name.removeprefix("ClaudeGauge"), {}, {}, (0, 10, 30, 59)) for name in ALERTS),
]


@functools.cache
def promtools() -> list[str]:
    """The one that is here, and that of the major version the stack runs."""
    return [str(program) for program in (shutil.which("promtool"), prometheus3("promtool")) if program]


def ask(*words: str | Path) -> str:
    """What is wrong."""
    if not promtools():
        pytest.skip("no promtool here")
    runs = [
        subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=60)
        for program in promtools()
    ]
    return "\n".join(run.stdout + run.stderr for run in runs if run.returncode)


def named(name: str) -> str:
    ours = ",".join(f'{label}="{value}"' for label, value in OURS.items())
    return f"{name[:-1]},{ours}}}" if name.endswith("}") else f"{name}{{{ours}}}"


def told(alert: str, words: dict[str, str]) -> dict[str, str]:
    """The annotations, filled in."""
    fields = re.compile(r"\{\{ \$(?:labels\.)?(\w+)(?: \| \w+)? \}\}")
    return {kind: fields.sub(lambda f: words[f[1]], note) for kind, note in ALERTS[alert]["annotations"].items()}


def unit(case: Case) -> dict[str, Any]:
    name = f"ClaudeGauge{case.alert}"
    labels = {**case.labels, **ALERTS[name]["labels"]}
    wanted: dict[int, list[Any]] = {
        minute: [{"exp_labels": labels, "exp_annotations": told(name, {**labels, "value": value})}]
        for minute, value in case.fires.items()
    } | {minute: [] for minute in case.quiet}
    return {
        "interval": "1m",
        "input_series": [{"series": named(n), "values": v} for n, v in {**WELL, **case.said}.items() if v],
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": alerts} for minute, alerts in wanted.items()
        ],
    }


def judged(rules: Path, cases: list[Case], room: Path) -> str:
    file = room / "units.json"
    file.write_text(
        json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [unit(case) for case in cases]})
    )
    return ask("test", "rules", file)


def test_promtool_takes_them() -> None:
    assert ask("check", "rules", RULES) == ""


def test_each_fires_when_it_should_and_not_before_and_not_when_all_is_well(tmp_path: Path) -> None:
    assert {f"ClaudeGauge{case.alert}" for case in CASES if case.fires} == set(ALERTS)
    assert judged(RULES, CASES, tmp_path) == ""


@pytest.mark.parametrize(
    ("word", "other"),
    [("> 0.8", ">= 0.8"), ("keep_firing_for: 5m", "keep_firing_for: 0s"), ("for: 2m", "for: 1m"), ("_up ==", "_up !=")],
)
def test_a_rule_that_is_a_little_wrong_is_found(tmp_path: Path, word: str, other: str) -> None:
    spoilt = tmp_path / "spoilt.yml"
    spoilt.write_text(RULES.read_text().replace(word, other))
    assert "FAILED" in judged(spoilt, CASES, tmp_path)


def test_they_ask_for_what_metrics_has_and_agree_with_the_contract() -> None:
    ours = {line.split("{")[0].split()[0] for line in metrics(datetime.now(UTC)).splitlines() if line[0] != "#"}
    asked = {name for rule in ALERTS.values() for name in re.findall(r"claude_gauge_\w+", rule["expr"])}
    assert asked - ours == set()
    assert all(ALERTS[f"ClaudeGaugeFuel{w}High"]["expr"].endswith(f" > {WARN_ABOVE:g}") for w in ("5h", "7d"))
    assert int(ALERTS["ClaudeGaugeStale"]["expr"].split()[-1]) >= EXPIRE_AFTER_S
    jobs = {job["job_name"] for job in read_yaml(ROOT / "deploy/prometheus/prometheus.yml")["scrape_configs"]}
    watched = set(re.findall(r'"(.+)"', ALERTS["ClaudeGaugeTargetDown"]["expr"])[0].split("|"))
    assert watched == jobs - {"prometheus"}


def test_each_says_what_is_wrong_and_what_to_do() -> None:
    broken = {name for name, rule in ALERTS.items() if rule["labels"].get("meter") == "broken"}
    assert broken == {f"ClaudeGauge{part}" for part in ("SourceDown", "BrokerDown", "TargetDown", "Absent", "Stale")}
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] == ("critical" if name in broken else "warning")
        assert set(rule["annotations"]) == {"summary", "description"}
        assert len(rule["annotations"]["description"]) > 40
