"""Begins to read the session logs while the rest of the program is imported, which takes as long as some 10,000 files.

The settings are not known yet. What is said in flags and variables is enough for a guess; a wrong one costs some CPU
time, and nothing else.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gauge_mqtt.app import places
from gauge_mqtt.sources.logs.ahead import Started, start
from gauge_mqtt.sources.logs.place import INDEX
from gauge_mqtt.sources.logs.roots import log_roots

VERBS = frozenset({"run", "once"})
OF_LOGS = frozenset({"", "auto", "jsonl", "ccusage", "hybrid"})
HELP = frozenset({"-h", "--help"})


def begin(arguments: Sequence[str], environ: Mapping[str, str]) -> Started | None:
    """`None` where it does not look as if the logs were wanted. To be called while there is one thread."""
    if not VERBS.intersection(arguments) or HELP.intersection(arguments):
        return None
    if _said("source", arguments, environ) not in OF_LOGS:
        return None
    roots = [os.fsencode(root) for root in log_roots(environ, places.home())]
    state_dir = _said("state-dir", arguments, environ)
    return start(roots, reads=not INDEX.kept(Path(state_dir) if state_dir else places.state_dir()))


def _said(name: str, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """A setting by its flag or its variable; empty if neither is there."""
    flag, said = f"--{name}", environ.get(f"CLAUDE_GAUGE_{name.upper().replace('-', '_')}", "")
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == flag:
            said = following
        elif argument.startswith(f"{flag}="):
            said = argument.removeprefix(f"{flag}=")
    return said
