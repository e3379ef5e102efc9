"""Commits in the directories that the logs name, read-only: how many, when, and how many lines they change.

Only those of who is named in the directory's own git configuration. Of a path, a message or a name nothing is kept: a
commit is known by the keyed hash of its id.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gauge_mqtt.core.insights.rows import FactRow
from gauge_mqtt.sources.logs.listing import ListedFile
from gauge_mqtt.sources.logs.tail import OPEN_FLAGS

log = logging.getLogger(__name__)

LOOK_BACK = 1 << 15
"""Bytes from the end of a file in which its directory is looked for."""
CWD = re.compile(rb'"cwd":("(?:[^"\\]|\\.)*")')
DIRECTORIES_MAX, PATIENCE_S = 64, 20.0
OUTPUT_MAX = 16 << 20
"""Bytes of an answer that are read; the newest commits come first."""
QUIET = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.hooksPath=/dev/null", "--no-pager")
"""Nothing that a repository's own configuration names is run."""
RECORD = "\x1e"
HEAD = re.compile(r"([0-9a-f]{40,64}) ([0-9]{1,10})\n")
"""The id of a commit and its time, unix s. One of more digits is later than any calendar."""
CHANGED = re.compile(r"^([0-9]{1,9})\t([0-9]{1,9})\t", re.MULTILINE)
"""Lines added and removed in a file; a binary one has `-`."""


class Commit(NamedTuple):
    sha: str
    at: float
    lines: int


def directories(files: Iterable[ListedFile], since: float) -> list[str]:
    """Where the sessions of these files last were, the newest first."""
    found: dict[str, None] = {}
    for item in sorted(files, key=lambda item: item.mtime_ns, reverse=True):
        if item.mtime < since or len(found) >= DIRECTORIES_MAX:
            break
        if (cwd := _cwd(item)) and os.path.isdir(cwd):
            found[cwd] = None
    return [*found]


def _cwd(item: ListedFile) -> str | None:
    try:
        fd = os.open(item.path, OPEN_FLAGS)
        try:
            named = CWD.findall(os.pread(fd, LOOK_BACK, max(item.size - LOOK_BACK, 0)))
        finally:
            os.close(fd)
        return str(json.loads(named[-1])) if named else None
    except (OSError, ValueError):
        return None


def facts(where: Iterable[str], since: float, hashed: Callable[..., int]) -> Iterator[FactRow]:
    """Rows of the commits since that instant (unix s) in these directories."""
    program = shutil.which("git")
    if program is None:
        log.warning("commits are not counted: there is no git here")
        return
    for directory in where:
        for commit in commits(program, directory, since):
            yield FactRow(hashed("commit", commit.sha), commit.at, "commits", 1)
            yield FactRow(hashed("commit lines", commit.sha), commit.at, "lines_changed", commit.lines)


def commits(program: str, directory: str, since: float) -> Iterator[Commit]:
    """The user's own commits on the branches of a repository; none if it is no repository, or git does not say."""
    who = _asked(program, directory, "config", "--get", "user.email").strip()
    if not who:
        return
    told = _asked(
        program, directory, "log", "--branches", "--no-merges", "--no-ext-diff", "--no-textconv", "--numstat",
        "--fixed-strings", f"--author=<{who}>", f"--since={int(since)}", f"--format={RECORD}%H %ct",
    )  # fmt: skip
    for record in told.split(RECORD)[1:]:
        if head := HEAD.match(record):
            yield Commit(head[1], float(head[2]), sum(int(n) for pair in CHANGED.findall(record) for n in pair))


def _asked(program: str, directory: str, *words: str) -> str:
    """What git answers; of an answer that is too long the whole records that were read. Empty if it gives none."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in os.environ}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        git = subprocess.Popen(  # noqa: S603, git, with a directory as one argument
            [program, *QUIET, "-C", directory, *words], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, ValueError):
        return ""
    patience = threading.Timer(PATIENCE_S, git.kill)
    patience.start()
    with git:
        assert git.stdout is not None  # noqa: S101, asked for above
        told = git.stdout.read(OUTPUT_MAX)
        if cut := len(told) == OUTPUT_MAX:
            git.kill()
    patience.cancel()
    text = told.decode(errors="replace")
    if cut:
        return text.rpartition(RECORD)[0]
    return "" if git.returncode else text
