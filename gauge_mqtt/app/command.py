"""What every verb of the command line has in common: its options, how settings reach it, and how it fails."""

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import click

from gauge_mqtt.app import signals
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import CONFIG, NAMES, SECRETS, Settings, flag, variable
from gauge_mqtt.app.settings_loader import LoadedSettings, load
from gauge_mqtt.contract.errors import GaugeError

EXIT_USAGE, EXIT_FAULT = 2, 3


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One option a setting; its help is the setting's own description."""
    vars(command).setdefault("__click_params__", []).extend(_options())  # where click itself collects them
    return command


@cache
def _options() -> list[click.Option]:
    """The last one first, as click wants them. Made once for all verbs: else they would be a fifteenth of a start."""
    path = f"TOML file with settings  [{variable(CONFIG)}]"
    options = [click.Option([flag(CONFIG), CONFIG], metavar="FILE", help=path)]
    for name, attribute in NAMES.items():
        if name not in SECRETS:
            help_ = f"{Settings.model_fields[attribute].description}  [{variable(name)}]"
            options.append(click.Option([flag(name), attribute], metavar="VALUE", help=help_))
    return options[::-1]


def loaded(flags: dict[str, Any]) -> LoadedSettings:
    """The settings of a verb, from its options and from everywhere else. Raises `SettingsError`."""
    named = {name: flags[attribute] for name, attribute in NAMES.items() if attribute in flags}
    return load(named | {CONFIG: flags[CONFIG]}, os.environ)


def confirm(question: str) -> bool:
    """Ask at the terminal, or whoever is behind a pipe. Raises `click.ClickException` where nobody answers."""
    try:
        return click.confirm(question)
    except click.Abort:
        if sys.stdin is not None and sys.stdin.isatty():  # Ctrl-C, or the end of the input: an answer
            raise
        raise click.ClickException("nobody is there to answer; --yes goes on without asking") from None


class _Refusal(click.ClickException):
    """Settings that cannot be used."""

    exit_code = EXIT_USAGE


class Verbs(click.Group):
    """Listed in the order in which they are defined. What the owner can put right is told in words, whichever verb met
    it.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GaugeError as error:
            kind = _Refusal if isinstance(error, SettingsError) else click.ClickException
            raise kind(str(error)) from None
        except KeyboardInterrupt:
            raise SystemExit(signals.INTERRUPTED) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)
