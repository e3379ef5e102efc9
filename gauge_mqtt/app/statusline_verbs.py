"""The verbs of `gauge-mqtt statusline`: which directories, what is shown, what is asked."""

import difflib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from gauge_mqtt.app import places
from gauge_mqtt.app.checks import ago
from gauge_mqtt.app.claude_settings import InstallError
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.statusline_install import Edit, Entry, entry, policy, write
from gauge_mqtt.app.statusline_install import install as install_edit
from gauge_mqtt.app.statusline_install import uninstall as uninstall_edit
from gauge_mqtt.sources.logs.roots import config_homes
from gauge_mqtt.sources.quota.drops import Drop, readable

Ask = Callable[[str], object]
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104, told apart, not listened on


def install(settings: Settings, named: Sequence[Path], ask: Ask | None) -> None:
    """Raises `InstallError` for the first directory that is refused; what was done before stands."""
    state_dir = needed_state_dir(settings)
    for home in config_dirs(named):
        edit = install_edit(home, state_dir, usage_address(settings))
        if edit is None:
            click.echo(f"{home / 'settings.json'}: installed already")
        elif _agreed(edit, ask):
            write(edit, state_dir, record=True)
            click.echo(f"{edit.path}: installed; Claude Code calls it from its next redraw on")


def uninstall(settings: Settings, named: Sequence[Path], ask: Ask | None) -> None:
    """Raises `InstallError` as `install`."""
    state_dir = needed_state_dir(settings)
    for home in config_dirs(named):
        edit = uninstall_edit(home, state_dir)
        if edit is None:
            click.echo(f"{home / 'settings.json'}: not installed")
        elif _agreed(edit, ask):
            write(edit, state_dir, record=False)
            click.echo(f"{edit.path}: as it was before")


def status(settings: Settings, named: Sequence[Path]) -> None:
    """Raises `InstallError` for a file that cannot be understood."""
    for home in config_dirs(named):
        now = entry(home)
        click.echo(f"{now.path}: {described(now)}")
        for line in (why_not(home, now), last_call(settings, home)):
            if line:
                click.echo(f"  {line}")


def config_dirs(named: Sequence[Path] = ()) -> list[Path]:
    """The configuration directories that are named, or that are there. Raises `InstallError` if there is none."""
    if named:
        return [path.absolute() for path in named]
    homes = config_homes(os.environ, places.home())
    found = list(dict.fromkeys(home.absolute() for home in homes if os.path.isdir(home)))
    if not found:
        looked = ", ".join(map(str, homes)) or "no home directory"
        raise InstallError(f"no configuration directory of Claude Code: looked for {looked}; name it with --config-dir")
    return found


def needed_state_dir(settings: Settings) -> Path:
    if settings.state_dir is None:
        raise SettingsError("state_dir is not set and there is no home directory: the readings need a place")
    return settings.state_dir


def usage_address(settings: Settings) -> str:
    """Where our status line asks a publisher of this machine."""
    host = ANY_ADDRESS.get(settings.http_host, settings.http_host)
    return f"{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.http_port or 8080}"


def described(now: Entry) -> str:
    if now.ours:
        return f"installed, then runs {now.chained!r}" if now.chained else "installed, with a line of its own"
    return f"not installed; your own command is {now.command!r}" if now.command else "not installed; no status line"


def why_not(home: Path, now: Entry) -> str | None:
    """Why Claude Code does not run it there, in words."""
    return policy(home) or (f"disableAllHooks in {now.path} switches it off" if now.disabled else None)


def last_call(settings: Settings, home: Path) -> str | None:
    newest = newest_drop(settings, home)
    if newest is None:
        return "never called yet" if entry(home).ours else None
    told = "told the percentages" if newest.rate_limits else "told no percentages (an API key, or no answer yet)"
    version = f" {newest.claude_code}" if newest.claude_code else ""
    return f"last called {ago(max(0.0, time.time() - newest.called_at))} by Claude Code{version}, which {told}"


def newest_drop(settings: Settings, home: Path) -> Drop | None:
    """The last call from that configuration directory."""
    if settings.state_dir is None:
        return None
    drops = [drop for drop in readable(settings.state_dir / "quota") if _same(Path(drop.config_dir), home)]
    return max(drops, key=lambda drop: drop.called_at, default=None)


def _same(one: Path, other: Path) -> bool:
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def _agreed(edit: Edit, ask: Ask | None) -> bool:
    """Show the lines that change, and only those: others may hold secrets."""
    before, after = (edit.before or "").splitlines(), (edit.text or "").splitlines()
    click.echo(f"{edit.path}:")
    for line in list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            click.echo(f"  {line}")
    return ask is None or bool(ask("Change it?"))
