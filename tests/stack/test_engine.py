"""The default profile on a real Docker engine, if one is running. None is started here.

Where images cannot be pulled, GAUGE_STACK_OVERRIDE names a Compose file that puts others in their place, such as
    services:
      mosquitto: {image: "mosquitto-of-debian:1"}
      publisher: {build: {args: {BASE: "debootstrap-with-python:1"}}}
Without an engine the same is proven piece by piece: test_image runs the Dockerfile's commands, test_up the parts.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.test_image import context
from tests.support.brokers import RecordingClient, free_port
from tests.support.lines import answer, line
from tests.support.stack import ROOT, clean, compose, copy_stack, read_yaml, secret, set_up
from tests.support.waiting import until

OWNER = 1234 if os.geteuid() == 0 else os.getuid()
AS_OWNER = {"user": OWNER, "group": OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
ENGINE = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
SERVICES = read_yaml(ROOT / "docker-compose.yml")["services"]
(BASE,) = re.findall(r"^ARG BASE=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
OVERRIDE = os.environ.get("GAUGE_STACK_OVERRIDE")

Docker = Callable[..., str]


def works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=600).returncode == 0


def missing() -> str:
    """What this test needs and cannot have here."""
    if not shutil.which("docker") or not works("docker", "info"):
        return "no Docker engine is running"
    if compose() is None:
        return "there is no Docker Compose 2"
    images = [] if OVERRIDE else [BASE, SERVICES["mosquitto"]["image"]]
    for image in images:
        if not works("docker", "image", "inspect", image) and not works("docker", "pull", image):
            return f"{image} cannot be had, and GAUGE_STACK_OVERRIDE names no other"
    return ""


@pytest.fixture
def stack() -> Iterator[Path]:
    """A checkout and session logs of somebody who is not root."""
    if reason := missing():
        pytest.skip(f"{reason}; test_image and test_up prove the parts")
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        stack = copy_stack(room / "stack", "docker-compose.yml", "Dockerfile", ".dockerignore", "pyproject.toml",
                           "requirements.lock", "README.md", "LICENSE", "gauge_mqtt")  # fmt: skip
        assert all((stack / source).exists() for source in context())
        log = room / "home/.claude/projects/-home-user-project/session.jsonl"
        log.parent.mkdir(parents=True)
        log.touch()
        for path in (room, *room.rglob("*")):
            os.chown(path, OWNER, -1)
        set_up(stack, env=os.environ | {"HOME": str(room / "home")}, **AS_OWNER)
        yield stack


@pytest.fixture
def ports() -> dict[str, str]:
    return {"MQTT_PORT": str(free_port()), "HTTP_PORT": str(free_port())}


@pytest.fixture
def docker(stack: Path, ports: dict[str, str]) -> Iterator[Docker]:
    command = [*(compose() or ()), "-p", f"gauge-test-{os.getpid()}", "-f", "docker-compose.yml"]
    command += ["-f", OVERRIDE] if OVERRIDE else []
    environ = clean(HOME=str(stack.parent / "home"), **ports, **ENGINE)

    def run(*args: str, fails: bool = False) -> str:
        done = subprocess.run(
            [*command, *args], capture_output=True, text=True, check=False, timeout=900, cwd=stack, env=environ
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run
    run("down", "--volumes", "--timeout", "5", fails=True)


def test_the_default_profile_runs_well_and_shut_in(stack: Path, docker: Docker, ports: dict[str, str]) -> None:
    docker("up", "--detach", "--build")
    login = ("viewer", secret(stack, "mqtt_viewer"))
    until(lambda: states(docker) == {"mosquitto": "healthy", "publisher": "healthy"}, 120)
    with RecordingClient(int(ports["MQTT_PORT"]), login=login) as client:
        name = next(row[22:] for row in (stack / ".env").read_text().splitlines() if row.startswith("CLAUDE_GAUGE_I"))
        tokens = f"claude_gauge/{name.lower()}/window_7d_tokens"
        until(lambda: client.latest.get(tokens) == b"0")
        log = next((stack.parent / "home/.claude/projects").rglob("*.jsonl"))
        with log.open("ab") as session:
            session.write(line(answer(time.time())))
        until(lambda: client.latest.get(tokens) == b"43120")
        for service in ("mosquitto", "publisher"):
            status = docker("exec", "-T", service, "cat", "/proc/1/status")
            facts = dict(row.split(":\t", 1) for row in status.splitlines() if ":\t" in row)
            assert facts["Uid"].split() == [str(OWNER)] * 4
            assert (int(facts["CapEff"], 16), int(facts["CapBnd"], 16), facts["NoNewPrivs"]) == (0, 0, "1")
            refused = docker("exec", "-T", service, "sh", "-c", "echo x >/etc/x || echo refused", fails=True)
            assert refused == "refused\n"
        wrote = docker("exec", "-T", "publisher", "sh", "-c", "echo x >/claude/projects/x || echo refused", fails=True)
        assert wrote == "refused\n"
        docker("stop", "publisher")
        until(lambda: client.latest[f"claude_gauge/{name.lower()}/availability"] == b"offline")


def states(docker: Docker) -> dict[str, str]:
    text = docker("ps", "--format", "json").strip()
    rows = json.loads(text) if text.startswith("[") else [json.loads(row) for row in text.splitlines()]
    return {row["Service"]: row["Health"] for row in rows}
