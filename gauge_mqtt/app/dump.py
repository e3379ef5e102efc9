"""`gauge-mqtt dump`: what a bug report needs, without anything that is nobody's business.

Settings are shown when they are numbers or one of our own words; of any other only that it is set. Readings are
counts, times and public names of models. What the doctor says is searched for whatever could name somebody.
"""

import contextlib
import getpass
import json
import os
import platform
import re
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gauge_mqtt import __version__
from gauge_mqtt.app import places
from gauge_mqtt.app.checks import Check
from gauge_mqtt.app.doctor import examine
from gauge_mqtt.app.settings import NAMES
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.app.source_set import SourceSet, make_sources
from gauge_mqtt.app.text_files import why_not_new
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.models import public_id
from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.tape.tape import Writer

SPOKEN_FREELY = frozenset({"source", "prom_temporality"})
"""Settings whose value is one of our own words."""
LAST_HOUR = timedelta(hours=1)
STEP = timedelta(minutes=1)
URL = re.compile(r"\b([a-z]{2,8})://[^\s,;)\"']+")
PATH = re.compile(r"(?<![\w<:/])(?:~|\.{1,2})?/[^\s,;:)\"']+")
MAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:]*")


KINDS = ((URL, r"\1://<host>"), (MAIL, "<mail>"), (QUOTED, "<quoted>"), (PATH, "<path>"), (ADDRESS, "<address>"))


class DumpError(GaugeError):
    """The file cannot be written."""


async def dump(loaded: LoadedSettings, path: Path | None) -> str:
    """The bundle as JSON; written to `path` for its owner only, if one is given. Raises `GaugeError`."""
    names = private_names(loaded)
    checks = await examine(loaded)
    source_set = await make_sources(loaded.settings)
    await source_set.load()
    text = json.dumps(
        {
            "what": "gauge-mqtt dump: nothing of a transcript, no path, no name, no secret; please look through it",
            "versions": _versions(),
            "settings": {name: _setting(loaded, name) for name in NAMES},
            "doctor": [_checked(check, names) for check in checks],
            "last_hour": [json.loads(line) for line in _last_hour(loaded, source_set, datetime.now(UTC))],
        },
        indent=1,
    )
    if path is not None:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
                file.write(text + "\n")
        except OSError as error:
            raise DumpError(f"{path} cannot be written: {why_not_new(path, error)}") from None
    return text


def _versions() -> dict[str, str]:
    system = f"{sys.platform} {platform.machine()}"
    found = {"gauge-mqtt": __version__, "python": platform.python_version(), "system": system}
    for requirement in requires("gauge-mqtt") or []:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _setting(loaded: LoadedSettings, name: str) -> Any:
    value, origin = getattr(loaded.settings, NAMES[name]), loaded.origins[name].split(" ")[0]
    if value is None or isinstance(value, bool | int | float) or name in SPOKEN_FREELY:
        shown = value
    else:
        shown = "set" if origin != "default" else "as ever"
    return {"value": shown, "from": origin}


def private_names(loaded: LoadedSettings) -> list[str]:
    """What is replaced wherever it stands, the longest first: of this machine, its user, and every text that is set."""
    found = {socket.gethostname(), socket.gethostname().split(".")[0], loaded.settings.topics.instance}
    home = places.home()
    found |= {str(home), home.name} if home else set()
    found |= {os.environ.get(name, "") for name in ("USER", "LOGNAME", "HOME", "CLAUDE_CONFIG_DIR")}
    with contextlib.suppress(KeyError, OSError):  # a user without an entry
        found.add(getpass.getuser())
    for name, field in NAMES.items():
        value = getattr(loaded.settings, field)
        if value is not None and not isinstance(value, bool | int | float) and name not in SPOKEN_FREELY:
            text = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
            host = urlsplit(text).hostname if name.endswith("_url") else None
            found |= {text, host or "", (host or "").split(".")[0]}
    return sorted((name for name in found if len(name) > 1 and name != "root"), key=len, reverse=True)


def redacted(text: str, names: Iterable[str]) -> str:
    """`text` without addresses, paths, quotations and the given names. Each leaves a word for its kind."""
    for name in names:
        text = text.replace(name, "<name>")
    for pattern, word in (
        (URL, r"\1://<host>"),
        (MAIL, "<mail>"),
        (QUOTED, "<quoted>"),
        (PATH, "<path>"),
        (ADDRESS, "<address>"),
    ):
        text = pattern.sub(word, text)
    return text


def _checked(check: Check, names: Sequence[str]) -> dict[str, str]:
    return {"verdict": check.verdict, "about": redacted(check.about, names), "fact": redacted(check.fact, names)}


def _last_hour(loaded: LoadedSettings, source_set: SourceSet, now: datetime) -> list[bytes]:
    """A tape: what the sources would have said each minute, from what they know now."""
    writer = Writer(loaded.settings.limits)
    steps = int(LAST_HOUR / STEP)
    moments = [now - (steps - number) * STEP for number in range(steps + 1)]
    return [writer.head, *(writer.line(at, [_bare(reading) for reading in source_set.read(at)]) for at in moments)]


def _bare(reading: Reading) -> Reading:
    return replace(
        reading,
        model=public_id(reading.model),
        failure=None if reading.failure is None else "it fails: see doctor",
        quota_model=None,
        account=None,
    )
