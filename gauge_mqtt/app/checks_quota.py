"""The doctor's checks of the official percentages: by which channels they come."""

import shlex
import shutil
import time
from pathlib import Path

from gauge_mqtt.app.checks import DAY, FAULT, Check
from gauge_mqtt.app.claude_settings import InstallError
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.statusline_install import entry
from gauge_mqtt.app.statusline_verbs import config_dirs, last_call, newest_drop, why_not

INSTALL = "gauge-mqtt statusline install"


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
        return Check("note", about, f"{why}: no percentages by this way", "export CLAUDE_GAUGE_QUOTA_POLL=15")
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
    fix = "" if newest.rate_limits else "claude, then ask something  (with an API key there are no percentages)"
    return Check("note" if fix else "ok", about, fact, fix)
