"""axe-core, which finds what a page hides from people who cannot see or use a mouse: from npm, into the cache."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

VERSION = "4.10.3"


@cache
def axe_source() -> str:
    """Its JavaScript, to be evaluated in the page: `axe.run()` then finds violations."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = caches / "claude-gauge-tests" / f"axe-core-{VERSION}"
    script = home / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed once, to install axe-core {VERSION} into {home}")
        home.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", f"axe-core@{VERSION}"]
        subprocess.run(command, capture_output=True, check=True, timeout=300)
    return script.read_text(encoding="utf-8")
