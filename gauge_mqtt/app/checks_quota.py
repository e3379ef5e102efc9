"""The doctor's checks of the official percentages: by which channels they come."""

import shlex
import shutil
import time
from datetime import datetime
from pathlib import Path

from gauge_mqtt.app.checks import DAY, FAULT, Check, ago
from gauge_mqtt.app.claude_settings import InstallError
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.app.source_set import SourceSet
from gauge_mqtt.app.statusline_install import entry
from gauge_mqtt.app.statusline_verbs import config_dirs, last_call, newest_drop, why_not
from gauge_mqtt.core.reading import Quota
from gauge_mqtt.sources.quota.source import QuotaSource

INSTALL = "gauge-mqtt statusline install"
ASK = "claude, then ask something  (with an API key there are no percentages)"
POLL = f"export {variable('quota_poll')}=15"
CHANNELS = {
    "statusline": "the status line",
    "report": "a /usage in the logs",
    "command": "claude -p /usage",
    "cache": "Claude Code's own cache",
}


def statusline(settings: Settings) -> list[Check]:
    """One check a configuration directory; none where there is no Claude Code."""
    try:
        homes = config_dirs()
    except InstallError:
        return []  # the check of the logs says so
    return [_statusline(settings, home) for home in homes]


def _statusline(settings: Settings, home: Path) -> Check:
    about = f"status line of {home}"
    try:
        now = entry(home)
    except InstallError as error:
        return Check(FAULT, about, str(error), f"mend {home / 'settings.json'}")
    if why := why_not(home, now):
        return Check("note", about, f"{why}: no percentages by this way", POLL)
    if not now.ours:
        return Check("note", about, "gauge-mqtt-statusline is not installed", INSTALL)
    if not shutil.which(program := shlex.split(now.command or "")[0]):
        return Check(FAULT, about, f"{program} is not there any more: Claude Code shows no status line", INSTALL)
    return _called(settings, home, about)


def _called(settings: Settings, home: Path, about: str) -> Check:
    newest = newest_drop(settings, home)
    fact = f"installed, {last_call(settings, home)}"
    if newest is None or time.time() - newest.called_at > 7 * DAY:
        return Check("note", about, fact, "claude  (in a trusted directory; `claude -p` draws no status line)")
    fix = "" if newest.rate_limits else ASK
    return Check("note" if fix else "ok", about, fact, fix)


def percentages(settings: Settings, source_set: SourceSet, now: datetime) -> list[Check]:
    """What the plan itself says, by which channel, and of which account."""
    source, found = source_set.quota, list[Check]()
    if source is None:
        return []
    if source.failure:
        found.append(Check(FAULT, "claude -p /usage", source.failure, f"unset {variable('quota_poll')}"))
    reading = source.read(now)
    standing = [("5 h", reading.quota_5h), ("7 d", reading.quota_7d), ("model", reading.quota_model)]
    told = [_described(quota.model or name, quota, now) for name, quota in standing if quota]
    if not told:
        found.append(Check("note", "official percentages", _why_none(source), _how_to_be_told(settings)))
        return found
    found.append(Check("ok", "official percentages", ", ".join(told)))
    others = [name for name in source.book.accounts if name != source.book.account()]
    if others and settings.quota_account is None:
        fact = f"the account used last is shown; there are {', '.join(others)} too"
        found.append(Check("note", "accounts", fact, f"export {variable('quota_account')}=/the/one/to/show"))
    return found


def _why_none(source: QuotaSource) -> str:
    """In words, why no percentage stands for the account that is shown."""
    shown, told = source.account, source.told_accounts
    if told and (shown is None or shown in told):
        return "none that stands now: what was told is over, or too old"
    words = "none was told yet"
    if shown and told:
        words += f" for {shown}, but for {', '.join(told)}"
    return f"{words} (not believed: {source.refused:,})" if source.refused else words


def _how_to_be_told(settings: Settings) -> str:
    """The status line, unless that is installed (then Claude Code has to be asked something) or forbidden."""
    try:
        homes = [settings.quota_account] if settings.quota_account else config_dirs()
        entries = [(entry(home), home) for home in homes]
    except InstallError:
        return INSTALL  # the checks of the logs and of the status line say what is wrong
    allowed = [now for now, home in entries if not why_not(home, now)]
    if any(now.ours for now in allowed):
        return ASK
    return INSTALL if allowed else POLL


def _described(name: str, quota: Quota, now: datetime) -> str:
    age = ago(max(0.0, (now - quota.seen_at).total_seconds()))
    return f"{name} {quota.used_percent:g} % ({CHANNELS[quota.channel]}, {age})"
