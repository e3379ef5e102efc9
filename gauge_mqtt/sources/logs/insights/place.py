"""Where the insights are kept: for who asks only whether there are any."""

import os
from pathlib import Path

NAME = "insights.sqlite3"


def path_in(directory: Path) -> Path:
    return directory / NAME


def kept(directory: Path | None) -> bool:
    """Whether there is something that was kept while insights were on."""
    return directory is not None and os.path.exists(path_in(directory))
