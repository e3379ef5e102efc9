"""Asks the user's own Claude Code for its percentages: `claude -p "/usage"`. No token is spent; off unless wanted."""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.plan_limits import cost_of_text, of_text
from gauge_mqtt.sources.process import QUOTED, ProgramError, ask

ARGUMENTS = ("-p", "/usage", "--no-session-persistence")
TIMEOUT_S = 60.0
"""Without a network Claude Code gives up after 20 s."""
PLACES = ("~/.local/bin/claude", "~/.claude/local/claude", "~/.npm-global/bin/claude", "/usr/local/bin/claude")
"""Where its installers put it: a service often does not have its owner's PATH."""
HOW_TO = "install Claude Code, or set CLAUDE_GAUGE_CLAUDE to where it is"
OURS = ("CLAUDE_GAUGE_",)
LOGIN = re.compile(r"/login|not logged in|invalid api key|log ?in to", re.IGNORECASE)
SETTINGS = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_ENABLE_TELEMETRY": "0",
}
"""Times that we understand, and no export or update on our account."""


class UsageError(GaugeError):
    """Why Claude Code told no percentages, in words. `for_good`: whether to ask again is no use."""

    def __init__(self, words: str, *, for_good: bool = False) -> None:
        super().__init__(words)
        self.for_good = for_good


class UsageCommand:
    """The Claude Code of this machine. `wanted`: the program that is set, or any. `home`: the configuration directory
    to ask for, `None` for its default.
    """

    def __init__(self, wanted: Path | None, home: Path | None) -> None:
        self._wanted, self._home = wanted, home

    async def ask(self) -> list[Sample]:
        """What it says now. Raises `UsageError`."""
        path = find(self._wanted, os.environ)
        try:
            code, output, said = await ask(path, ARGUMENTS, self._environment(), TIMEOUT_S)
        except ProgramError as error:
            raise UsageError(str(error)) from None
        text = output.decode("utf-8", "replace")
        words = " ".join((said or text).split())[:QUOTED] or "it said nothing"
        if LOGIN.search(text + said):
            raise UsageError(f"Claude Code is not logged in with a subscription: claude, then /login ({words})")
        if code:
            raise UsageError(f"`{path.name} -p /usage` failed with exit code {code}: {words}")
        if not cost_of_text(text) <= 0:
            raise UsageError("`claude -p /usage` says that it cost something, so it is not asked again", for_good=True)
        samples = list(of_text(text, time.time()))
        if not samples:
            raise UsageError(
                "`claude -p /usage` told no percentages: is it logged in with a subscription? (claude, then /login)"
                if "cost:" in text
                else f"`claude -p /usage` gave an answer that is not understood: {words}"
            )
        return samples

    def _environment(self) -> dict[str, str]:
        """The user's, as Claude Code needs it for its network and its login, without what is ours."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return kept | SETTINGS | ({"CLAUDE_CONFIG_DIR": os.fspath(self._home)} if self._home else {})


def find(wanted: Path | None, environ: Mapping[str, str]) -> Path:
    """The program to run: the one that is set, else `claude` on PATH or where it is installed. Raises `UsageError`."""
    candidates = [os.fspath(wanted)] if wanted else ["claude", *map(os.path.expanduser, PLACES)]
    for candidate in candidates:
        if found := shutil.which(candidate, path=environ.get("PATH")):
            return Path(found).absolute()
    if wanted and os.path.exists(wanted):
        raise UsageError(f"{wanted} is not executable: chmod +x {wanted}")
    raise UsageError(f"there is no program {wanted}: {HOW_TO}" if wanted else f"Claude Code is not found: {HOW_TO}")
