"""ESLint, pinned with all it needs: found in the cache, or installed there with npm from scripts/eslint's lock file.

`python -m tests.support.eslint` prints where its program is.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.cache import cached

HERE = Path(__file__).resolve().parents[2] / "scripts/eslint"
FILES = ("package.json", "package-lock.json")
WITHIN_S = 300


def eslint() -> Path:
    """A file for `node`. Raises `RuntimeError` where npm is missing or fails."""
    pinned = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()
    return cached(f"npm-eslint-{pinned[:12]}", _install) / "node_modules/eslint/bin/eslint.js"


def _install(home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"npm is needed once, to install ESLint into {home}")
    for name in FILES:
        shutil.copy(HERE / name, home)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=WITHIN_S)
    if done.returncode:
        raise RuntimeError(f"npm could not install ESLint: {done.stderr[-500:]}")


if __name__ == "__main__":
    sys.stdout.write(f"{eslint()}\n")
