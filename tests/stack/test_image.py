"""The publisher's image: its Dockerfile's own commands run here, without an engine, as somebody who is not root."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.stack import ROOT, read_yaml
from tests.support.waiting import PATIENCE_S, until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
NOBODY = 65534
ROOT_HERE = os.geteuid() == 0
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if ROOT_HERE else []
DROP = [*AS_NOBODY, "sh", "-c", 'exec "$0" "$@"']  # setpriv itself still runs programs that only root may


def context() -> set[str]:
    """What .dockerignore lets through."""
    return {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}


def instructions(name: str) -> list[str]:
    text = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def usable_python() -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        probe = [*DROP, python, "-c", "import venv, pip, sys; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(probe, capture_output=True, check=False, cwd="/", timeout=30).returncode == 0:
            return python
    pytest.skip("no Python 3.11 with venv and pip that others than root may run")


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """What the image has in /opt/gauge, made by the Dockerfile's own lines. Not in pytest's rooms: they are private."""
    python = usable_python()
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        room.chmod(0o755)
        (room / "bin").mkdir()
        (room / "bin/python3").symlink_to(python)
        pip = room / "bin/pip"
        pip.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
        pip.chmod(0o755)
        for source in context():
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            (room / "src").mkdir(exist_ok=True)
            copy(ROOT / source, room / "src" / Path(source).name)
        if ROOT_HERE:
            for path in (room, *room.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        environ = os.environ | {"PATH": f"{room}/bin:/usr/bin:/bin", "HOME": str(room)}
        build = DOCKERFILE.split("\nFROM ")[1].replace("\\\n", " ")
        for line in re.findall(r"^RUN (.*)$", build, re.MULTILINE):
            for path in ("/opt/", "/wheels"):
                line = line.replace(path, f"{room}{path}")  # noqa: PLW2901, the same line with other paths
            done = subprocess.run(
                [*AS_NOBODY, "sh", "-c", line], capture_output=True, text=True, check=False, timeout=600,
                cwd=room / "src", env=environ,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
        yield room / "opt/gauge"


def test_the_dockerfiles_commands_make_a_publisher_that_speaks(image: Path, mosquitto: Mosquitto) -> None:
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "--python", image / "bin/python", "freeze"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.lower()  # fmt: skip
    pins = dict(re.findall(r"^([\w.-]+)==([^ ;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    found = dict(row.replace("_", "-").split("==") for row in installed.splitlines() if "==" in row)
    assert {name: pins.get(name) for name in found} == found
    assert {"paho-mqtt", "pydantic", "uvicorn"} <= set(found)

    for path in image.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    state = image.parents[1] / "state"
    state.mkdir(mode=0o777)
    state.chmod(0o777)
    mosquitto.start()
    environ = {
        "HOME": str(state), "CLAUDE_CONFIG_DIR": "/nowhere", "CLAUDE_GAUGE_STATE_DIR": str(state),
        "CLAUDE_GAUGE_MQTT_URL": f"mqtt://127.0.0.1:{mosquitto.port}", "CLAUDE_GAUGE_INSTANCE": "lab",
        "CLAUDE_GAUGE_HTTP_PORT": "0",
    }  # fmt: skip
    with RecordingClient(mosquitto.port) as client:
        child = subprocess.Popen([*DROP, image / "bin/gauge-mqtt", "run"], env=environ, cwd="/")
        try:
            until(lambda: client.latest.get("claude_gauge/lab/availability") == b"online")
            until(lambda: "homeassistant/device/claude_gauge_lab/config" in client.latest)
        finally:
            child.terminate()
            assert child.wait(PATIENCE_S) == 0
        until(lambda: client.latest["claude_gauge/lab/availability"] == b"offline")


def test_byte_code_is_there_and_does_not_depend_on_file_times(image: Path) -> None:
    (made,) = image.glob("lib/python*/site-packages/gauge_mqtt/contract/__pycache__/usage.*.pyc")
    assert made.read_bytes()[4:8] == b"\x01\x00\x00\x00", "a hash, which is not checked (PEP 552)"


def test_nothing_but_what_is_copied_reaches_the_build() -> None:
    copied = {word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]}
    assert copied == context()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_the_build_backend_is_locked_with_hashes() -> None:
    text = (ROOT / "deploy/build.lock").read_text()
    pins = dict(re.findall(r"^(\S+)==(\S+)", text, re.MULTILINE))
    asked = re.search(r'requires = \["(.+)"\]', (ROOT / "pyproject.toml").read_text())
    assert asked
    backend = Requirement(asked[1])
    assert backend.specifier.contains(pins[backend.name])
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


def test_the_image_says_what_compose_relies_on() -> None:
    environment = dict(word.split("=", 1) for line in instructions("ENV") for word in line.split())
    publisher = read_yaml(ROOT / "docker-compose.yml")["services"]["publisher"]
    assert environment["CLAUDE_GAUGE_STATE_DIR"] == publisher["environment"]["CLAUDE_GAUGE_STATE_DIR"] == "/state"
    assert environment["CLAUDE_CONFIG_DIR"] == publisher["environment"]["CLAUDE_CONFIG_DIR"] == "/claude"
    assert "publisher:/state" in publisher["volumes"]
    assert "mkdir /state && chmod 1777 /state" in instructions("RUN"), "a new volume takes the mode over, for any user"
