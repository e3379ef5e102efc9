"""The real ccusage, pinned: found in the cache or installed there with npm. Imports nothing of the project's, so that a
benchmark stays small with it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.support.cache import cached

VERSION = "20.0.24"
"""Releases disagree with each other (`blocks` changed its meaning between 20.0.20 and 20.0.23): never `latest`."""
NPM_WITHIN_S = 600
IN_JAVASCRIPT = ("15.10.0", "16.2.5", "17.2.1", "18.0.11")
"""The last of each line before the native program. 19 needs a newer Node than 20 does."""


@cache
def ccusage_binary() -> Path:
    """The native executable. The package ships it with mode 0644; the launcher, unused here, would repair that."""
    return _installed(VERSION, _native)


@cache
def ccusage_command(version: str) -> Path:
    """What npm puts on PATH, of one of `IN_JAVASCRIPT`."""
    return _installed(version, lambda home: next(home.glob("node_modules/.bin/ccusage"), None))


def _installed(version: str, look: Callable[[Path], Path | None]) -> Path:
    """Found in the cache or installed there with npm, and asked whether it is the one."""

    def install(home: Path) -> None:
        said = npm_install(home, f"ccusage@{version}")
        if look(home) is None:  # npm exits 0 even if the optional package of this platform is not there
            raise RuntimeError(f"npm brought no ccusage {version}: {said}")
        (home / "projects").mkdir()  # 15 wants logs even to say its version

    home = cached(f"npm-ccusage-{version}", install)
    found = look(home)
    assert found
    environ = os.environ | {"CLAUDE_CONFIG_DIR": str(home)}
    said = subprocess.run(
        [found, "--version"], env=environ, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    if version not in said:
        raise RuntimeError(f"{found} says {said.strip()!r}, not {version}")
    return found


def npm_install(home: Path, *arguments: str) -> str:
    """Run `npm install` in `home`; the end of what it wrote. Raises `RuntimeError` where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"npm is needed once, to install into {home}")
    command = [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=NPM_WITHIN_S)
    return f"exit {done.returncode}, {done.stderr[-500:]}"


def _native(home: Path) -> Path | None:
    for pattern in ("ccusage", "ccusage.exe"):
        for path in home.glob(f"node_modules/@ccusage/ccusage-*/bin/{pattern}"):
            path.chmod(0o755)
            return path
    return None
