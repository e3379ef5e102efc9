"""The configurations of Prometheus, the collector and Grafana.

Prometheus' own promtool judges its two. The collector's runs in tests/engines. There is no Grafana to be had, so of its
files only this is proven: they are YAML, and what must agree between files agrees.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import ROOT, prometheus3, read_yaml

DEPLOY = ROOT / "deploy"
COLLECTOR = read_yaml(DEPLOY / "collector/config.yaml")
PROMETHEUS = read_yaml(DEPLOY / "prometheus/prometheus.yml")
SERVICES = read_yaml(ROOT / "docker-compose.yml")["services"]
NEEDED_S = 8 * 86400
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def check(promtool: Path | str, name: str) -> "subprocess.CompletedProcess[str]":
    command = [promtool, "check", "config", DEPLOY / "prometheus" / name]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-otlp.yml"])
def test_promtool_3_takes_both(name: str) -> None:
    promtool = prometheus3("promtool")
    if promtool is None:
        pytest.skip("no promtool 3 here, nor to be had as Debian's package")
    done = check(promtool, name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_2_takes_the_one_with_a_collector_and_only_misses_otlp_in_the_other() -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: scripts/test installs it"
    done = check(promtool, "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    done = check(promtool, "prometheus-otlp.yml")
    unknown = re.findall(r"field (\w+) not found", done.stdout + done.stderr)
    assert unknown == ([] if done.returncode == 0 else ["otlp"])


@pytest.mark.parametrize("where", ["docker-compose.yml", "deploy/compose.otlp.yml"])
def test_prometheus_keeps_eight_days_or_more_and_nobody_can_stop_or_reload_it_from_afar(where: str) -> None:
    text = (ROOT / where).read_text()
    (kept,) = re.findall(r"--storage\.tsdb\.retention\.time=(\w+)", text)
    assert seconds(kept) >= NEEDED_S
    assert "--web.enable-lifecycle" not in text
    assert "--web.enable-admin-api" not in text


def jobs(config: Any) -> dict[str, Any]:
    return {job["job_name"]: job for job in config["scrape_configs"]}


def test_the_collector_is_scraped_twice_as_often_as_claude_code_exports() -> None:
    job = jobs(PROMETHEUS)["otel-collector"]
    assert seconds(job["scrape_interval"]) == 5
    assert job["honor_labels"] is False
    assert "honor_timestamps" not in job


def test_each_target_is_a_service_on_the_port_it_listens_on() -> None:
    listens = {
        "otel-collector": COLLECTOR["exporters"]["prometheus"]["endpoint"].rpartition(":")[2],
        "publisher": SERVICES["publisher"]["environment"]["CLAUDE_GAUGE_HTTP_PORT"],
        "localhost": "9090",
    }
    for config in (PROMETHEUS, read_yaml(DEPLOY / "prometheus/prometheus-otlp.yml")):
        targets = [t for job in config["scrape_configs"] for s in job["static_configs"] for t in s["targets"]]
        assert [t for t in targets if listens[t.partition(":")[0]] != t.partition(":")[2]] == []
        assert config["rule_files"] == ["rules/*.yml"]


def test_the_collector_exports_cumulative_metrics_with_their_own_time_and_keeps_them_for_an_hour() -> None:
    exporter = COLLECTOR["exporters"]["prometheus"]
    assert exporter["send_timestamps"] is True
    assert not {"namespace", "add_metric_suffixes", "translation_strategy"} & set(exporter), (
        "the names are the usual ones"
    )
    assert seconds(exporter["metric_expiration"]) == 3600
    assert seconds(COLLECTOR["processors"]["deltatocumulative"]["max_stale"]) == 86400
    assert "out_of_order_time_window" not in PROMETHEUS.get("storage", {}).get("tsdb", {}), "see prometheus.yml"


def test_everything_in_the_collectors_pipeline_is_configured_and_the_other_way_round() -> None:
    service = COLLECTOR["service"]
    assert set(service["pipelines"]) == {"metrics"}, "logs may carry prompts"
    for kind in ("receivers", "processors", "exporters"):
        assert list(service["pipelines"]["metrics"][kind]) == list(COLLECTOR[kind])
    assert service["extensions"] == list(COLLECTOR["extensions"])
    assert service["pipelines"]["metrics"]["processors"][0] == "memory_limiter"


def test_the_collectors_ports_are_the_published_ones() -> None:
    protocols = COLLECTOR["receivers"]["otlp"]["protocols"]
    inside = [protocols["grpc"], protocols["http"], COLLECTOR["extensions"]["health_check"]]
    published = [port.rpartition(":")[2] for port in SERVICES["otel-collector"]["ports"]]
    assert [place["endpoint"] for place in inside] == [f"0.0.0.0:{port}" for port in published]


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    (source,) = read_yaml(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert (source["uid"], source["type"], source["url"]) == ("prometheus", "prometheus", "http://prometheus:9090")
    (provider,) = read_yaml(DEPLOY / "grafana/provisioning/dashboards/claude-gauge.yml")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-otlp.yml"])
def test_the_publisher_answers_to_the_name_by_which_prometheus_calls_it(name: str) -> None:
    allowed = SERVICES["publisher"]["environment"]["CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS"].split(",")
    jobs = read_yaml(DEPLOY / "prometheus" / name)["scrape_configs"]
    targets = [target for job in jobs for config in job["static_configs"] for target in config["targets"]]
    assert [target for target in targets if target.endswith(":8080") and target.split(":")[0] in allowed]
