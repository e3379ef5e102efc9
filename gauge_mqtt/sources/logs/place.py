"""Where the index is kept: for who asks only whether there is one."""

import os
from pathlib import Path

NAME = "jsonl-index.msgpack"


def path_in(directory: Path) -> Path:
    return directory / NAME


def kept(directory: Path | None) -> bool:
    """Whether there is an index, usable or not."""
    return directory is not None and os.path.exists(path_in(directory))
