"""The stack for its tests: a copy with secrets of its own, the programs to check it with, its broker as a process."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.brokers import free_port, mosquitto, port_open
from tests.support.cache import cached
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
SECRETS = "deploy/secrets"
PROFILES = ("otel", "homeassistant")
FETCH_WITHIN_S = 600
OTLP = ("-f", "docker-compose.yml", "-f", "deploy/compose.otlp.yml")
_MADE = shutil.ignore_patterns("secrets", "data", "__pycache__")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def copy_stack(to: Path, *more: str) -> Path:
    """What the stack is made of, without what somebody made of it here."""
    for name in ("docker-compose.yml", ".env.example", "deploy", *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=_MADE)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    return to


def set_up(stack: Path, **how: Any) -> str:
    """`deploy/setup`, for real; what it said."""
    done = subprocess.run(
        [stack / "deploy/setup"], capture_output=True, text=True, check=False, timeout=60, cwd="/", **how
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def secret(stack: Path, name: str) -> str:
    return (stack / SECRETS / name).read_text().strip()


@functools.cache
def compose() -> tuple[str, ...] | None:
    """Docker Compose 2 or later, as a command: what is installed here, else Debian's program, which needs no engine."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if _says(*command, "version", "--short").lstrip("v")[:1].isdigit():
            version = _says(*command, "version", "--short").lstrip("v")
            if int(version.split(".")[0]) > 1:
                return command
    program = from_debian("trixie", "docker-compose", "usr/libexec/docker/cli-plugins/docker-compose")
    return (str(program),) if program else None


@functools.cache
def prometheus3(program: str) -> Path | None:
    """`prometheus` or `promtool` of the major version that the stack runs."""
    found = shutil.which(program)
    if found and " 3." in _says(found, "--version"):
        return Path(found)
    return from_debian("forky", program, f"usr/bin/{program}")


def _says(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except FileNotFoundError:
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""


def from_debian(suite: str, package: str, program: str) -> Path | None:
    """One program out of a package of a later Debian, from the mirror that apt uses here; nothing is installed."""
    if (home := debian_packages(suite, package)) is None:
        return None
    found = home / program
    return found if found.exists() and _says(str(found), "--version") else None


def debian_packages(suite: str, package: str, *, dependencies: bool = False) -> Path | None:
    """A folder with `package` of a later Debian unpacked, and with all that it depends on if that is wanted; `None`
    where apt cannot fetch it.
    """

    def fetch(home: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            _download(Path(scratch), suite, package, dependencies=dependencies)
            for archive in Path(scratch).rglob("*.deb"):
                _run("dpkg-deb", "-x", archive, home)
        for libc in home.rglob("libc.so.6"):
            _run("/sbin/ldconfig", "-n", libc.parent)  # the links that the packages' scripts would make

    try:
        return cached(f"apt-{suite}-{package}{'-whole' if dependencies else ''}", fetch)
    except subprocess.SubprocessError:
        return None


def _debian_mirror() -> str:
    if not shutil.which("apt-get"):
        return ""
    wanted = ("Created-By: Packages", "Origin: Debian", "Component: main")
    uris = _says("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted).split()
    return next((uri for uri in uris if "security" not in uri), "")


def _download(scratch: Path, suite: str, package: str, *, dependencies: bool) -> None:
    if not (mirror := _debian_mirror()):
        raise subprocess.SubprocessError("no apt, or no Debian, here")
    for folder in ("lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    (scratch / "sources").write_text(f"deb {mirror} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": scratch / "sources", "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": scratch / "lists", "Dir::Cache": scratch / "cache", "APT::Sandbox::User": "",
    }  # fmt: skip
    verbs = [["update"], ["download", package]]
    if dependencies:
        (scratch / "status").touch()  # as if nothing were installed, so that everything is fetched
        options |= {"Dir::State::status": scratch / "status", "Debug::NoLocking": "true"}
        verbs[1] = ["install", "--download-only", "--no-install-recommends", "-y", package]
    apt = ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    for verb in verbs:
        _run(*apt, *verb, cwd=scratch)


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=FETCH_WITHIN_S, cwd=cwd)


def clean(**more: str) -> dict[str, str]:
    """The environment without what docker-compose.yml would take from it."""
    names = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    return {name: value for name, value in os.environ.items() if name not in names} | more


def replaced(text: str, values: Mapping[str, str]) -> str:
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def stack_broker(stack: Path, room: Path) -> Iterator[int]:
    """mosquitto with the stack's own configuration, rules and passwords; only the container's paths are other ones."""
    port, program = free_port(), mosquitto()
    assert program, "mosquitto is missing: scripts/test installs it"
    (room / "data").mkdir(parents=True, exist_ok=True)
    config = room / "mosquitto.conf"
    config.write_text(
        replaced(
            (stack / "deploy/mosquitto/mosquitto.conf").read_text(),
            {
                "listener 1883": f"listener {port} 127.0.0.1",
                "/run/secrets/": f"{stack / SECRETS}/",
                "/mosquitto/config/acl": f"{stack}/deploy/mosquitto/acl",
                "/mosquitto/data/": f"{room}/data/",
            },
        )
    )
    with (room / "log").open("wb") as log, subprocess.Popen([program, "-c", config], stderr=log) as child:
        try:
            until(lambda: port_open(port) or _died(child, room / "log"))
            yield port
        finally:
            child.terminate()


def _died(child: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert child.poll() is None, log.read_text()
    return False
