"""The doctor's checks of the sources, each with a verdict, a fact and one thing to do."""

import os
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal, NamedTuple

from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.models import TEXT_MAX
from gauge_mqtt.sources.logs import auxiliary
from gauge_mqtt.sources.logs.listing import printable, walk
from gauge_mqtt.sources.logs.roots import present
from gauge_mqtt.sources.logs.runs import UNNAMED
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.logs.unreadable import UnreadablePaths, cure

FAULT: Literal["fault"] = "fault"
DAY = 86_400
NAMED = 3
"""So many of the files that cannot be read are named."""
EXAMPLES = {
    "mqtt_url": "mqtt://your-broker:1883",
    "mqtt_username": "gauge  (and CLAUDE_GAUGE_MQTT_PASSWORD_FILE=/path/password)",
    "mqtt_ca_file": "/path/ca.crt",
    "instance": "desk2",
    "source": "jsonl  (our own reading of the logs)",
    "ccusage_timeout": "300",
    "insights_series": "/path/series.json  (or leave it out)",
    "prom_url": "http://prometheus:9090",
    "prom_selector": "'host_name=\"desk\"'  (or leave it out)",
    "prom_username": "gauge  (and CLAUDE_GAUGE_PROM_PASSWORD_FILE=/path/password)",
    "prom_token_file": "/path/token",
    "prom_ca_file": "/path/ca.crt",
    "prom_headers_file": "/path/headers  (a line each, such as X-Scope-OrgID: team)",
}
"""How a setting looks to which an error points."""
TRIAL = 1 << 16
"""Bytes written to see whether the state directory has room."""


class Check(NamedTuple):
    """`ok`, `note` (works, but not all of it) or `fault`. `fix`: one thing to do, a command where there is one; of a
    note or a fault never empty.
    """

    verdict: Literal["ok", "note", "fault"]
    about: str
    fact: str
    fix: str = ""


def fault(about: str, error: GaugeError) -> Check:
    """An error, and what to do about it."""
    example = f"export {variable(error.setting)}={EXAMPLES[error.setting]}" if error.setting else ""
    return Check(FAULT, about, str(error), error.fix or example)


def state(settings: Settings) -> Check:
    """Whether there is a place for what outlives a restart."""
    fix = f"export {variable('state_dir')}=/a/directory/of/this/user"
    lost = "each start reads the logs anew, and what is counted over restarts is lost"
    if settings.state_dir is None:
        return Check("note", "state", f"no directory is set and this user has no home directory: {lost}", fix)
    place = printable(settings.state_dir)
    there = next((path for path in (settings.state_dir, *settings.state_dir.parents) if os.path.exists(path)), Path())
    if why := _why_not_written(there):
        return Check("note", "state", f"{place} cannot be written ({why}): {lost}", fix)
    return Check("ok", "state", f"{place} keeps what outlives a restart")


def _why_not_written(directory: Path) -> str | None:
    """In the system's words; found by writing, since a full disk has all permissions. Nothing of it is left."""
    try:
        with TemporaryFile(dir=directory) as file:
            file.write(bytes(TRIAL))
    except OSError as error:
        return error.strerror or str(error)
    return None


def logs(source: JsonlSource) -> list[Check]:
    there = present(source.roots)
    where = ", ".join(map(printable, there))
    if not there:
        looked = ", ".join(map(printable, source.roots))
        fact = f"no log directory, looked for {looked}" if looked else "this user has no home directory to look in"
        return [Check(FAULT, "logs", fact, "export CLAUDE_CONFIG_DIR=/where/it/is")]
    unreadable = _unreadable(source.book.unreadable)
    newest = max((found.mtime for found in walk(map(os.fsencode, there)).files), default=None)
    if newest is None:
        return unreadable or [Check("note", "logs", f"no session in {where}", "claude -p hello")]
    age = max(0.0, time.time() - newest)
    fact = f"{len(source.book.files)} sessions in {where}, newest written {ago(age)}"
    fix = "check that Claude Code writes to this directory, else: export CLAUDE_CONFIG_DIR=/where/it/is"
    return [*unreadable, Check("ok", "logs", fact) if age < 7 * DAY else Check("note", "logs", fact, fix)]


def _unreadable(paths: UnreadablePaths) -> list[Check]:
    """The first of what cannot be read, each with what helps, and how many more there are."""
    checks = [
        Check(FAULT, "logs", f"{printable(path)} cannot be read: {found.reason}", cure(path, found.error))
        for path, found in islice(paths, NAMED)
    ]
    if len(paths) > NAMED:
        rest = f"{len(paths) - NAMED} more files and directories cannot be read"
        path, found = next(islice(paths, NAMED, None))
        checks.append(Check(FAULT, "logs", rest, cure(path, found.error)))
    return checks


def account(source: JsonlSource, usage: Usage) -> list[Check]:
    """What is shown, and how far the lines of the logs could be believed."""
    if source.failing_since is not None:
        return []
    newest = source.book.ledger.order[-1] * 60 if source.book.ledger.order else None
    record = "no usage record in a week" if newest is None else f"newest usage {ago(max(0.0, time.time() - newest))}"
    checks = [
        Check("ok", "windows", f"5 h {_count(usage.window_5h_tokens)}, 7 d {_count(usage.window_7d_tokens)}; {record}")
    ]
    refused, oversize = source.book.tail.counters.refused, source.book.tail.counters.oversize
    if refused or oversize:
        fact = f"{refused} lines with a usage that cannot be believed, {oversize} too long; none of them was counted"
        checks.append(Check("note", "lines", fact, "gauge-mqtt --version, and report it if Claude Code is newer"))
    return [*checks, *_reused_ids(source), *_auxiliary(source)]


def _reused_ids(source: JsonlSource) -> list[Check]:
    """Message ids that a gateway gives to several responses, the most frequent first."""
    found = sorted(source.book.ledger.reused_ids().items(), key=lambda item: (-len(item[1]), item[0]))
    if not found:
        return []
    named = ", ".join(f"{message[:TEXT_MAX]!r} on {len(requests):,}" for message, requests in found[:NAMED])
    more = f" and {len(found) - NAMED} more ids" if len(found) > NAMED else ""
    unnamed = any(request.startswith(UNNAMED) for _, requests in found for request in requests)
    by = "the runs of their lines, as their requests have no id" if unnamed else "the ids of their requests"
    fact = f"several responses have one message id: {named}{more}; they are told apart by {by}"
    return [Check("note", "ids", fact, "let your gateway pass on the ids of responses and requests")]


def _auxiliary(source: JsonlSource) -> list[Check]:
    """What the sessions say they used beyond their lines."""
    found = auxiliary.compare(walk(map(os.fsencode, present(source.roots))).files)
    more = found.told - found.logged
    if more <= 0:
        return []
    share = f" ({more / found.logged:.1%})" if found.logged else ""
    fact = (
        f"{more:,} tokens{share} of the newest {found.sessions} sessions that say what they used are in no log line: "
        "Claude Code also asks for session titles and the like"
    )
    return [Check("ok", "windows", fact)]


def totals(usage: Usage) -> Check:
    return Check("ok", "windows", f"5 h {_count(usage.window_5h_tokens)}, 7 d {_count(usage.window_7d_tokens)}")


def ago(seconds: float) -> str:
    for size, unit in ((DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,} tokens"
