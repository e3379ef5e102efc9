"""The real ccusage, pinned: found in the cache or installed there with npm. Called directly, without its launcher."""

import os
import shutil
import subprocess
from pathlib import Path

VERSION = "20.0.24"
"""Releases disagree with each other (`blocks` changed its meaning between 20.0.20 and 20.0.23): never `latest`."""


def ccusage_binary() -> Path:
    """The native executable. The package ships it with mode 0644; the launcher, unused here, would repair that."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "claude-gauge-tests" / f"ccusage-{VERSION}"
    found = _native(home)
    if found is None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed once, to install ccusage {VERSION} into {home}")
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", f"ccusage@{VERSION}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        found = _native(home)
        if found is None:  # npm exits 0 even if the optional package of this platform is not there
            raise RuntimeError(
                f"npm brought no native ccusage {VERSION} (exit {done.returncode}): {done.stderr[-500:]}"
            )
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    if VERSION not in said:
        raise RuntimeError(f"{found} says {said.strip()!r}, not {VERSION}")
    return found


def _native(home: Path) -> Path | None:
    for pattern in ("ccusage", "ccusage.exe"):
        for path in home.glob(f"node_modules/@ccusage/ccusage-*/bin/{pattern}"):
            path.chmod(0o755)
            return path
    return None
