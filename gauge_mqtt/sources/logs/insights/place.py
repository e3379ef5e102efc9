"""Where the insights are kept: for who asks only whether there are any."""

from pathlib import Path

NAME = "insights.sqlite3"


def path_in(directory: Path) -> Path:
    return directory / NAME
