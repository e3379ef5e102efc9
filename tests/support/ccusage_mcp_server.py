"""The real @ccusage/mcp, its last release: found in the cache or installed there with npm, and started."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.brokers import HOST, free_port, port_open

VERSION = "18.0.11"
SDK = "1.25.3"
"""With a later one the server answers `initialize` and nothing else."""


def installed() -> Path:
    """The `node_modules` with the server, and with the ccusage that it asks."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "claude-gauge-tests" / f"ccusage-mcp-{VERSION}-sdk-{SDK}"
    modules = home / "node_modules"
    if not _complete(modules):
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed once, to install @ccusage/mcp {VERSION} into {home}")
        home.mkdir(parents=True, exist_ok=True)
        wanted = {"dependencies": {"@ccusage/mcp": VERSION}, "overrides": {"@modelcontextprotocol/sdk": SDK}}
        (home / "package.json").write_text(json.dumps({"private": True, **wanted}))
        done = subprocess.run(
            [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts"],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if not _complete(modules):
            raise RuntimeError(f"npm brought no @ccusage/mcp {VERSION} (exit {done.returncode}): {done.stderr[-500:]}")
    return modules


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
        deadline = time.monotonic() + 20
        while not port_open(port):
            said = (room / "server.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
        yield f"http://{HOST}:{port}/", process
    finally:
        stop(process)


def stop(process: "subprocess.Popen[Any]") -> None:
    """Also a report that it runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(claude: Path) -> dict[str, str]:
    return {**os.environ, "CLAUDE_CONFIG_DIR": str(claude)}
