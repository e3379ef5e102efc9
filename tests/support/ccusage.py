"""The real ccusage, pinned: found in the cache or installed there with npm. Imports nothing of the project's, so that a
benchmark stays small with it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

VERSION = "20.0.24"
"""Releases disagree with each other (`blocks` changed its meaning between 20.0.20 and 20.0.23): never `latest`."""
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
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = caches / "claude-gauge-tests" / f"ccusage-{version}"
    found = look(home)
    if found is None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed once, to install ccusage {version} into {home}")
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", f"ccusage@{version}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        found = look(home)
        if found is None:  # npm exits 0 even if the optional package of this platform is not there
            raise RuntimeError(f"npm brought no ccusage {version} (exit {done.returncode}): {done.stderr[-500:]}")
    (home / "projects").mkdir(exist_ok=True)  # 15 wants logs even to say its version
    environ = os.environ | {"CLAUDE_CONFIG_DIR": str(home)}
    said = subprocess.run(
        [found, "--version"], env=environ, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    if version not in said:
        raise RuntimeError(f"{found} says {said.strip()!r}, not {version}")
    return found


def _native(home: Path) -> Path | None:
    for pattern in ("ccusage", "ccusage.exe"):
        for path in home.glob(f"node_modules/@ccusage/ccusage-*/bin/{pattern}"):
            path.chmod(0o755)
            return path
    return None
