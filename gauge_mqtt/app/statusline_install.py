"""The entry `statusLine` in Claude Code's `settings.json`: put in, described, and taken out again."""

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Literal

from gauge_mqtt.app import places
from gauge_mqtt.app.claude_settings import BOM, InstallError, read, replace, settings_in, writable
from gauge_mqtt.app.json_edit import added, members, parsed, without
from gauge_mqtt.sources.regular_file import read_regular

PROGRAM = "gauge-mqtt-statusline"
SETTINGS_MAX = 1 << 24
"""Bytes of a settings file, which people write."""
KEY = "statusLine"
MANAGED = (
    Path("/etc/claude-code/managed-settings.json"),
    Path("/Library/Application Support/ClaudeCode/managed-settings.json"),
)
"""Where an administrator's settings are, which win over the user's; and in `managed-settings.d/*.json` beside."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be written; `text` `None`: the file goes. The fragment `old` becomes `new`, for the record."""

    path: Path
    before: str | None
    text: str | None
    kind: Literal["file", "member", "command", "value"]
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The status line of one configuration directory. `command`: as set, if any; `ours`: whether we are in it."""

    path: Path
    command: str | None = None
    ours: bool = False
    chained: str | None = None
    disabled: bool = False


def program() -> str:
    """The absolute path of our command. Raises `InstallError` if it is not installed beside this Python."""
    beside = Path(sys.executable).with_name(PROGRAM)
    found = str(beside) if os.path.exists(beside) else shutil.which(PROGRAM)
    if not found:
        raise InstallError(f"{PROGRAM} is not beside {sys.executable}: install gauge-mqtt with pip or pipx")
    return found


def command(*, then: str | None, state_dir: Path, usage: str) -> str:
    """What Claude Code is to run. Said is only what our command does not assume by itself."""
    words = [program()]
    if state_dir != places.state_dir():
        words += ["--state-dir", str(state_dir.absolute())]
    if usage != "127.0.0.1:8080":
        words += ["--usage", usage]
    return shlex.join([*words, "--then", then] if then else words)


def policy(config_dir: Path, managed: Iterable[Path] | None = None) -> str | None:
    """Why an administrator's settings forbid a status line of the user's, in words; `None` if they do not."""
    for path in MANAGED if managed is None else managed:
        for source in (
            path,
            *map(Path, sorted(glob(f"{path.with_suffix('.d')}/*.json"))),
            config_dir / "remote-settings.json",
        ):
            try:
                rules = parsed(read_regular(source, SETTINGS_MAX).decode("utf-8-sig"))
            except OSError:
                continue
            except ValueError:
                return f"the managed settings {source} cannot be read: what they allow is not known"
            if KEY in rules:
                return f"{source} sets the status line for everybody here"
            if rules.get("disableAllHooks") is True:
                return f"{source} forbids every status line (disableAllHooks)"
    return None


def entry(config_dir: Path) -> Entry:
    """What is set there. Raises `InstallError` for a file that cannot be understood."""
    path = config_dir / "settings.json"
    text = read(path)
    settings = settings_in(path, text) if text is not None else {}
    line = settings.get(KEY)
    set_ = line.get("command") if isinstance(line, dict) else None
    disabled = settings.get("disableAllHooks") is True
    if not isinstance(set_, str):
        return Entry(path, disabled=disabled)
    ours, chained = _ours(set_)
    return Entry(path, set_, ours, chained, disabled)


def install(config_dir: Path, state_dir: Path, usage: str) -> Edit | None:
    """The edit that installs us; `None` if we are there already. Raises `InstallError`."""
    if not os.path.isdir(config_dir):
        raise InstallError(f"{config_dir} is not there: is Claude Code used with another CLAUDE_CONFIG_DIR?")
    if why := policy(config_dir):
        raise InstallError(why)
    now = entry(config_dir)
    if now.disabled:
        raise InstallError(f"{now.path} has disableAllHooks: Claude Code runs no status line until that is removed")
    path = writable(now.path)
    text = read(path)
    if now.command is not None and not now.ours and PROGRAM in now.command:
        raise InstallError(f"{now.path} runs {PROGRAM} within another command: change that by hand")
    wanted = command(then=now.chained if now.ours else now.command, state_dir=state_dir, usage=usage)
    value = {"type": "command", "command": wanted}
    if text is None:
        return Edit(path, None, json.dumps({KEY: value}, indent=2, ensure_ascii=False) + "\n", "file")
    if now.command == wanted:
        return None
    body = text.removeprefix(BOM)
    mark, there = text[: len(text) - len(body)], members(body)
    if now.command is not None:
        inner = members(body, there[KEY].value)["command"]
        old, new = body[inner.value : inner.end], json.dumps(wanted, ensure_ascii=False)
        return Edit(path, text, mark + body[: inner.value] + new + body[inner.end :], "command", old, new)
    if KEY not in there:
        changed, new = added(body, KEY, value)
        return Edit(path, text, mark + changed, "member", "", new)
    member = there[KEY]
    old, new = body[member.value : member.end], json.dumps(value, ensure_ascii=False)
    if old != "null":
        raise InstallError(f"{now.path} has a {KEY} without a command, which is not understood: {old[:80]}")
    return Edit(path, text, mark + body[: member.value] + new + body[member.end :], "value", old, new)


def uninstall(config_dir: Path, state_dir: Path) -> Edit | None:
    """The edit that restores what was there before, to the byte; `None` if we are not there. Raises `InstallError`."""
    now = entry(config_dir)
    if not now.ours:
        return None
    path = writable(now.path)
    text = read(path)
    if text is None:
        return None
    body = text.removeprefix(BOM)
    mark = text[: len(text) - len(body)]
    record = _recorded(path, state_dir)
    if record.get("kind") == "file" and text == record.get("new"):
        return Edit(path, text, None, "file")
    member = members(body)[KEY]
    inner = members(body, member.value)["command"]
    token = body[inner.value : inner.end]
    if record.get("kind") == "member" and body.count(str(record["new"])) == 1:
        restored = body.replace(str(record["new"]), "")
    elif record.get("kind") == "value" and body[member.value : member.end] == record["new"]:
        restored = body[: member.value] + str(record["old"]) + body[member.end :]
    elif record.get("kind") == "command" and token == record["new"]:
        restored = body[: inner.value] + str(record["old"]) + body[inner.end :]
    elif now.chained is not None:
        restored = body[: inner.value] + json.dumps(now.chained, ensure_ascii=False) + body[inner.end :]
    else:
        restored = without(body, KEY)
    return Edit(path, text, mark + restored, "member")


def write(edit: Edit, state_dir: Path, *, record: bool) -> None:
    """Do it, in one step. Raises `InstallError` if the file has changed since, or cannot be written."""
    if read(edit.path) != edit.before:
        raise InstallError(f"{edit.path} was changed meanwhile: try again")
    try:
        if record:
            _record(edit, state_dir)
        if edit.text is None:
            edit.path.unlink()
        else:
            replace(edit.path, edit.text)
        if not record:
            _record_path(edit.path, state_dir).unlink(missing_ok=True)
    except OSError as error:
        raise InstallError(f"{error.filename or edit.path}: {error.strerror}") from None


def _ours(text: str) -> tuple[bool, str | None]:
    """Whether a command is the one we install, and the command that it runs after it."""
    try:
        words = shlex.split(text)
    except ValueError:
        return False, None
    if not words or Path(words[0]).name != PROGRAM or text != shlex.join(words):
        return False, None
    return True, words[words.index("--then") + 1] if "--then" in words[:-1] else None


def _record_path(path: Path, state_dir: Path) -> Path:
    return state_dir / "statusline" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.json"


def _record(edit: Edit, state_dir: Path) -> None:
    """Keep what `uninstall` needs: the fragment that changed, never the file, whose `env` may hold secrets.

    Installed over an installation of ours the first record stays: it knows what was there before us.
    """
    path, before = _record_path(edit.path, state_dir), _recorded(edit.path, state_dir)
    new = edit.text if edit.text and edit.kind == "file" else edit.new
    kept: dict[str, object] = {"path": str(edit.path), "kind": edit.kind, "old": edit.old, "new": new}
    if before and edit.kind == "command" and _ours(json.loads(edit.old))[0]:
        kept = {**before, "new": str(before["new"]).replace(edit.old, edit.new)}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(kept, file)


def _recorded(path: Path, state_dir: Path) -> dict[str, object]:
    """What was kept; empty if it is gone or broken, and then the command itself says what it runs."""
    try:
        found = parsed(read_regular(_record_path(path, state_dir), SETTINGS_MAX).decode())
    except (OSError, ValueError):
        return {}
    return found if found.get("path") == str(path) and {"kind", "old", "new"} <= set(found) else {}
