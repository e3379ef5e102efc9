"""What is kept of the logs in the state directory: for who asks only whether it is there."""

import os
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """One file there."""

    name: str

    def path_in(self, directory: Path) -> Path:
        return directory / self.name

    def kept(self, directory: Path | None) -> bool:
        """Whether it is there, usable or not."""
        return directory is not None and os.path.exists(self.path_in(directory))


INDEX = Place("jsonl-index.msgpack")
INSIGHTS = Place("insights.sqlite3")
"""Also there while insights are off, if they were on before."""
