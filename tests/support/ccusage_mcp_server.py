"""The real @ccusage/mcp, its last release: found in the cache or installed there with npm, and started."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.brokers import HOST, free_port, port_open
from tests.support.cache import cached
from tests.support.ccusage import npm_install
from tests.support.waiting import until

VERSION = "18.0.11"
SDK = "1.25.3"
"""With a later one the server answers `initialize` and nothing else."""


def installed() -> Path:
    """The `node_modules` with the server, and with the ccusage that it asks."""
    return cached(f"npm-ccusage-mcp-{VERSION}-sdk-{SDK}", _install) / "node_modules"


def _install(home: Path) -> None:
    wanted = {"dependencies": {"@ccusage/mcp": VERSION}, "overrides": {"@modelcontextprotocol/sdk": SDK}}
    (home / "package.json").write_text(json.dumps({"private": True, **wanted}))
    said = npm_install(home, "--ignore-scripts")
    if not _complete(home / "node_modules"):
        raise RuntimeError(f"npm brought no @ccusage/mcp {VERSION}: {said}")


def _complete(modules: Path) -> bool:
    wanted = {"@ccusage/mcp": VERSION, "ccusage": VERSION, "@modelcontextprotocol/sdk": SDK}
    manifests = {name: modules / name / "package.json" for name in wanted}
    return all(path.is_file() and json.loads(path.read_text())["version"] == wanted[name]
               for name, path in manifests.items())  # fmt: skip


def by_hand(claude: Path, room: Path, *arguments: str) -> bytes:
    """What the ccusage below the server prints."""
    command = ["node", str(installed() / ".bin" / "ccusage"), *arguments]
    return subprocess.run(
        command, env=_environment(claude), cwd=room, capture_output=True, check=True, timeout=30
    ).stdout


@contextmanager
def serving(claude: Path, room: Path) -> Iterator[tuple[str, "subprocess.Popen[Any]"]]:
    """Its address, and its process. It listens on every interface, which only a test may do."""
    (room / ".ccusage").mkdir()
    (room / ".ccusage" / "ccusage.json").write_text('{"defaults": {"offline": true}}')  # or it fetches prices
    port = free_port()
    command = ["node", str(installed() / ".bin" / "ccusage-mcp"), "--type", "http", "--port", str(port)]
    with (room / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=_environment(claude), cwd=room, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until(lambda: port_open(port) or _exited(process, room / "server.log"))
        yield f"http://{HOST}:{port}/", process
    finally:
        stop(process)


def _exited(process: "subprocess.Popen[Any]", log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    return False


def stop(process: "subprocess.Popen[Any]") -> None:
    """Also a report that it runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(claude: Path) -> dict[str, str]:
    return {**os.environ, "CLAUDE_CONFIG_DIR": str(claude)}
