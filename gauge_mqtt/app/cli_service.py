"""The verbs about the service: `gauge-mqtt run` that starts with its user."""

import os
import sys
from typing import Any

import click

from gauge_mqtt.app.command import confirm, loaded, settings_options

NEXT = """\
installed and started; it starts with you from now on
  its log:   journalctl --user -u gauge-mqtt -f
  its state: systemctl --user status gauge-mqtt"""
LINGER = "  it ends when you log out; `loginctl enable-linger` lets it go on"
ON_A_MAC = """\
save what `gauge-mqtt service show` prints as ~/Library/LaunchAgents/claude-gauge.gauge-mqtt.plist, then:
launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/claude-gauge.gauge-mqtt.plist"""


@click.group()
def service() -> None:
    """Let gauge-mqtt run always, as a service of yours. By systemd; for a Mac it prints an agent of launchd."""


@service.command("show")
@click.option("--form", type=click.Choice(["systemd", "launchd"]), default="launchd" if sys.platform == "darwin" else
              "systemd", show_default=True, help="For Linux, or for a Mac.")  # fmt: skip
@settings_options
def show(*, form: Any, **flags: Any) -> None:
    """Print it, with the settings given here."""
    from gauge_mqtt.app.service import service as made  # noqa: PLC0415

    click.echo(made(loaded(flags), flags, os.environ).text(form), nl=False)


@service.command("install")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def install(*, yes: bool, **flags: Any) -> None:
    """Write the unit, start it now and with you. The settings given here are written into it."""
    from gauge_mqtt.app import service as own  # noqa: PLC0415

    if sys.platform == "darwin":
        raise click.ClickException(ON_A_MAC)
    text, path = own.service(loaded(flags), flags, os.environ).text("systemd"), own.unit_file()
    click.echo(f"{path}:\n\n{text}")
    if not (yes or confirm("Write and start it?")):
        raise click.Abort
    own.install(text)
    click.echo(NEXT)
    if own.ends_at_logout():
        click.echo(LINGER)


@service.command("uninstall")
@settings_options
def uninstall(**flags: Any) -> None:
    """Stop it, and remove the unit."""
    from gauge_mqtt.app import service as own  # noqa: PLC0415

    loaded(flags)
    path = own.uninstall()
    click.echo(f"{path} is removed" if path else "it is not installed")
