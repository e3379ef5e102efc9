"""The verbs about the plan's official percentages: `statusline`, by which they come, and `calibrate`."""

import os
from pathlib import Path
from typing import Any

import click

from gauge_mqtt.app import option_types
from gauge_mqtt.app.command import confirm, loaded, settings_options
from gauge_mqtt.app.settings import Settings


@click.group()
def statusline() -> None:
    """Have the plan's official percentages by the status line. Claude Code tells them to it."""


config_dir_option = click.option(
    "--config-dir",
    "named",
    type=option_types.path,
    metavar="DIR",
    multiple=True,
    help="Only this configuration directory of Claude Code.",
)


@statusline.command("install")
@config_dir_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def statusline_install(*, named: tuple[Path, ...], yes: bool, **flags: Any) -> None:
    """Let Claude Code run gauge-mqtt-statusline. The status line you have goes on as it is."""
    from gauge_mqtt.app import statusline_verbs  # noqa: PLC0415

    statusline_verbs.install(loaded(flags).settings, named, ask=None if yes else confirm)


@statusline.command("status")
@config_dir_option
@settings_options
def statusline_status(*, named: tuple[Path, ...], **flags: Any) -> None:
    """Say whether it is installed, and when it was last called."""
    from gauge_mqtt.app import statusline_verbs  # noqa: PLC0415

    statusline_verbs.status(loaded(flags).settings, named)


@statusline.command("uninstall")
@config_dir_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def statusline_uninstall(*, named: tuple[Path, ...], yes: bool, **flags: Any) -> None:
    """Put back what was there before, to the byte."""
    from gauge_mqtt.app import statusline_verbs  # noqa: PLC0415

    statusline_verbs.uninstall(loaded(flags).settings, named, ask=None if yes else confirm)


@click.group(invoke_without_command=True)
@click.option("--sign", is_flag=True, help="Use what was learned: the needles move by it, for 30 days at most.")
@settings_options
@click.pass_context
def calibrate(ctx: click.Context, /, *, sign: bool, **flags: Any) -> None:
    """Show what your history tells of the plan's weights. --sign uses it."""
    from gauge_mqtt.app import calibrate as calibration  # noqa: PLC0415
    from gauge_mqtt.app.statusline_verbs import needed_state_dir  # noqa: PLC0415

    if ctx.invoked_subcommand:
        return
    settings = loaded(flags).settings
    state_dir = needed_state_dir(settings)
    found = calibration.learned(state_dir, _account(settings))
    if not found:
        click.echo("no official percentages were kept yet: `gauge-mqtt statusline install`, then run the publisher")
    for result in found:
        for row in calibration.shown(*result):
            click.echo(row)
    if sign:
        for made in calibration.sign(state_dir, _account(settings)):
            click.echo(f"signed: the {made.window} fuel moves by tokens between two official percentages from now on")


@calibrate.command("show")
@settings_options
def calibrate_show(**flags: Any) -> None:
    """Show the signed certificates, and whether they still hold."""
    from gauge_mqtt.app import calibrate as calibration  # noqa: PLC0415
    from gauge_mqtt.app.statusline_verbs import needed_state_dir  # noqa: PLC0415

    rows = list(calibration.held(needed_state_dir(loaded(flags).settings)))
    click.echo("\n".join(rows) or "none is signed: `gauge-mqtt calibrate` shows what could be")


@calibrate.command("revoke")
@settings_options
def calibrate_revoke(**flags: Any) -> None:
    """Remove the certificates. The needles stand between two official percentages again."""
    from gauge_mqtt.app import calibrate as calibration  # noqa: PLC0415
    from gauge_mqtt.app.statusline_verbs import needed_state_dir  # noqa: PLC0415

    settings = loaded(flags).settings
    count = calibration.revoke(needed_state_dir(settings), _account(settings))
    click.echo(f"{count} revoked")


def _account(settings: Settings) -> str | None:
    """The configuration directory whose plan is meant, by the name that the quota's source knows it by."""
    return os.path.realpath(settings.quota_account) if settings.quota_account else None
