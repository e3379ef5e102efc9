"""ESLint, pinned with all it needs by scripts/eslint's lock file.

`python -m tests.support.eslint` prints where its program is.
"""

import sys
from pathlib import Path

from tests.support.npm import installed

HERE = Path(__file__).resolve().parents[2] / "scripts/eslint"


def eslint() -> Path:
    """A file for `node`. Raises `RuntimeError` where npm is missing or fails."""
    return installed(HERE, "eslint") / "eslint/bin/eslint.js"


if __name__ == "__main__":
    sys.stdout.write(f"{eslint()}\n")
