"""What a lock file of npm pins: found in the cache, or installed there."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.support.cache import cached

FILES = ("package.json", "package-lock.json")
WITHIN_S = 300


def installed(folder: Path, name: str) -> Path:
    """The `node_modules` that the files of `folder` ask for. Raises `RuntimeError` where npm is missing or fails."""

    def install(home: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed once, to install {name} into {home}")
        for file in FILES:
            shutil.copy(folder / file, home)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=WITHIN_S)
        if done.returncode:
            raise RuntimeError(f"npm could not install {name}: {done.stderr[-500:]}")

    pinned = hashlib.sha256(b"".join((folder / file).read_bytes() for file in FILES)).hexdigest()
    return cached(f"npm-{name}-{pinned[:12]}", install) / "node_modules"
