"""docker-compose.yml: what it promises about safety, and that the real Docker Compose takes it."""

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gauge_mqtt.app.settings import NAMES, variable
from tests.support.stack import OTLP, PROFILES, ROOT, SECRETS, clean, compose, copy_stack, read_yaml

FILE = read_yaml(ROOT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = [name for name in SERVICES if name != "homeassistant"]
"""Home Assistant's image runs its own init as root and writes all over its file system."""
ASKABLE = [name for name in SERVICES if name != "otel-collector"]
"""The collector's image holds one program and nothing that could ask it."""
PORTS = {
    "mosquitto": {1883}, "publisher": {8080}, "otel-collector": {4317, 4318, 13133}, "prometheus": {9090},
    "grafana": {3000}, "homeassistant": {8123},
}  # fmt: skip


def config(*profiles: str, files: tuple[str, ...] = (), stack: Path = ROOT, **environ: str) -> dict[str, Any]:
    """What the real Docker Compose makes of it."""
    command = compose()
    if command is None:
        pytest.skip("no Docker Compose 2 here, nor to be had as Debian's package; the file was only parsed")
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run(
        [*command, *files, *chosen, "config", "--format", "json"],
        capture_output=True, text=True, check=False, timeout=60, cwd=stack, env=clean(**environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return copy_stack(tmp_path / "stack")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_comes_back_by_itself_and_has_no_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["driver"] == "local"
    forbidden = {"privileged", "network_mode", "pid", "ipc", "cap_add", "devices", "userns_mode", "container_name"}
    assert not forbidden & set(service)
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_take_all_memory_or_all_processes(name: str) -> None:
    size, unit = re.fullmatch(r"(\d+)([mg])", SERVICES[name]["mem_limit"]).groups()  # type: ignore[union-attr]
    assert int(size) * {"m": 1, "g": 1024}[unit] <= 2048
    assert SERVICES[name]["pids_limit"] <= 500


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_the_tag_of_a_release(name: str) -> None:
    if name == "publisher":
        assert (SERVICES[name]["build"], SERVICES[name]["image"]) == (".", "claude-gauge-publisher:local")
    else:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_the_publishers_base_is_pinned_too() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE=python:3\.\d+\.\d+-slim-\w+$", dockerfile, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", dockerfile, re.MULTILINE)


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_is_read_only_and_nobody_special(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert re.match(r"(\$\{PUID:-1000\}|[1-9]\d*):", service["user"])
    writable = [v for v in service["volumes"] if isinstance(v, str) and not v.endswith(":ro")]
    assert all(re.match(r"(\w+|\./deploy/data/\w+):/", volume) for volume in writable)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_where_its_image_can_run_one(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check == {"disable": True} if name not in ASKABLE else check["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_is_in_the_file_or_in_an_environment(name: str) -> None:
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        if re.search(r"password|token|secret", key, re.IGNORECASE):
            assert key.endswith("_FILE")
            assert value.startswith("/run/secrets/")
    given = {item if isinstance(item, str) else item["source"] for item in service.get("secrets", ())}
    assert given <= set(FILE["secrets"])


def test_every_secret_is_a_file_that_setup_makes() -> None:
    assert all(item == {"file": f"./{SECRETS}/{name}"} for name, item in FILE["secrets"].items())


def test_the_session_logs_are_read_only_and_beside_them_only_the_readings_of_the_status_line_are_mounted() -> None:
    mount, quota = [volume for volume in SERVICES["publisher"]["volumes"] if isinstance(volume, dict)]
    assert (quota["source"], quota["target"]) == (
        "${XDG_STATE_HOME:-~/.local/state}/gauge-mqtt/quota",
        SERVICES["publisher"]["environment"]["CLAUDE_GAUGE_STATE_DIR"] + "/quota",
    )
    assert quota["bind"] == {"create_host_path": False}
    assert mount["source"].endswith("/projects")
    assert mount["read_only"] is True
    assert mount["bind"] == {"create_host_path": False}


def test_every_setting_in_the_files_is_one() -> None:
    known = {variable(name) for name in NAMES}
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    assert set(re.findall(r"CLAUDE_GAUGE_[A-Z0-9_]+[A-Z0-9]", text)) <= known


@pytest.mark.parametrize("profiles", [c for n in range(3) for c in itertools.combinations(PROFILES, n)], ids="+".join)
def test_compose_takes_each_combination_of_profiles(stack: Path, profiles: tuple[str, ...]) -> None:
    found = config(*profiles, stack=stack)["services"]
    wanted = [name for name, service in SERVICES.items() if set(service.get("profiles", profiles)) <= set(profiles)]
    assert set(found) == set(wanted) >= {"mosquitto", "publisher"}


def test_ports_are_on_this_machine_only_unless_asked(stack: Path) -> None:
    def hosts(**environ: str) -> dict[str, set[str]]:
        services = config(*PROFILES, stack=stack, **environ)["services"]
        return {name: {port["host_ip"] for port in service["ports"]} for name, service in services.items()}

    services = config(*PROFILES, stack=stack)["services"]
    assert {name: {port["target"] for port in service["ports"]} for name, service in services.items()} == PORTS
    assert all(port["published"] == str(port["target"]) for s in services.values() for port in s["ports"])
    assert all(found == {"127.0.0.1"} for found in hosts().values())
    assert all(found == {"0.0.0.0"} for found in hosts(BIND="0.0.0.0").values())  # noqa: S104, asked for
    opened = hosts(MQTT_BIND="192.0.2.1")
    assert opened.pop("mosquitto") == {"192.0.2.1"}
    assert all(found == {"127.0.0.1"} for found in opened.values())


def test_what_env_sets_reaches_the_publisher_but_not_its_place_in_the_container(stack: Path) -> None:
    lines = ("PUID=1234", "PGID=2345", "CLAUDE_GAUGE_INSTANCE=shelf", "CLAUDE_GAUGE_5H_CEILING=7")
    (stack / ".env").write_text("\n".join((*lines, "CLAUDE_GAUGE_STATE_DIR=/elsewhere", "CLAUDE_CONFIG_DIR=~/x\n")))
    publisher = config(stack=stack)["services"]["publisher"]
    environment = publisher["environment"]
    assert publisher["user"] == "1234:2345"
    assert (environment["CLAUDE_GAUGE_INSTANCE"], environment["CLAUDE_GAUGE_5H_CEILING"]) == ("shelf", "7")
    assert (environment["CLAUDE_GAUGE_STATE_DIR"], environment["CLAUDE_CONFIG_DIR"]) == ("/state", "/claude")
    assert publisher["volumes"][0]["source"] == str(Path.home() / "x/projects")


def test_env_example_changes_nothing_by_itself(stack: Path) -> None:
    before = config(*PROFILES, stack=stack)
    (stack / ".env").write_text((stack / ".env.example").read_text())
    after = config(*PROFILES, stack=stack)
    for name in ("PUID", "PGID"):
        assert after["services"]["publisher"]["environment"].pop(name) == "1000"
    assert after == before


def test_the_stack_without_a_collector(stack: Path) -> None:
    with_, without = config("otel", stack=stack), config("otel", files=OTLP, stack=stack)
    assert set(with_["services"]) - set(without["services"]) == {"otel-collector"}
    changed = without["services"]["prometheus"]
    assert "--web.enable-otlp-receiver" in changed.pop("command")
    with_["services"]["prometheus"].pop("command")
    assert changed == with_["services"]["prometheus"]


def test_no_file_of_the_stack_that_compose_mounts_is_missing(stack: Path) -> None:
    services = config(*PROFILES, stack=stack)["services"]
    sources = [Path(v["source"]) for s in services.values() for v in s["volumes"] if v["type"] == "bind"]
    ours = [path for path in sources if path.is_relative_to(stack) and "data" not in path.parts]
    assert len(ours) == 6
    assert [path for path in ours if not path.exists()] == []


def test_the_override_needs_the_tag_that_compose_knows() -> None:
    class Loader(yaml.SafeLoader):
        """Takes Compose's `!override` for what is under it."""

    Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))
    override = yaml.load((ROOT / "deploy/compose.otlp.yml").read_text(), Loader)  # noqa: S506, a SafeLoader
    assert override["services"]["otel-collector"] == {"profiles": ["never"]}
