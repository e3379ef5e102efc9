"""The command line: verbs in the order in which a newcomer needs them, no logic.

Exit codes: 0 all is well, 1 it failed, 2 wrong usage or settings, 3 `doctor` found a fault.
"""

import asyncio
import gc
import logging
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gauge_mqtt import __version__
from gauge_mqtt.app import option_types
from gauge_mqtt.app import telemetry_env as telemetry
from gauge_mqtt.app.cli_homeassistant import discovery, homeassistant
from gauge_mqtt.app.cli_plan import calibrate, statusline
from gauge_mqtt.app.cli_service import service
from gauge_mqtt.app.command import EXIT_FAULT, Verbs, confirm, loaded, settings_options
from gauge_mqtt.app.settings import NAMES
from gauge_mqtt.app.terminal import LogLines, complaints_at_the_end, progress, table
from gauge_mqtt.contract.insights import Period
from gauge_mqtt.sources.logs.ahead import Started

EXIT_CODES = "Exit codes: 0 all is well, 1 it failed, 2 wrong usage or settings, 3 doctor found a fault."
EXAMPLES = """\b
Examples:
  gauge-mqtt run
  gauge-mqtt run --mqtt-url mqtt://homeassistant.local:1883 --mqtt-username gauge \\
                 --mqtt-password-file ~/.config/gauge-mqtt/password
  CLAUDE_GAUGE_5H_CEILING=50000000 gauge-mqtt run --http-port 8081
"""


@click.group(
    cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="gauge-mqtt")
@click.option("-v", "--verbose", is_flag=True, help="Log every detail.")
def main(*, verbose: bool) -> None:
    """Claude Code usage on MQTT, in Home Assistant, over HTTP and on real needles.

    Settings come from flags, CLAUDE_GAUGE_* variables and a TOML file, in this order.
    """
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(message)s", handlers=[LogLines()])


@main.command(epilog=EXAMPLES)
@click.option("--open", "opened", is_flag=True, help="Open the cluster in a browser as soon as it is there.")
@settings_options
@click.pass_obj
def run(ahead: Started | None, /, *, opened: bool, **flags: Any) -> None:
    """Publish until Ctrl-C or SIGTERM."""
    from gauge_mqtt.app.browse import open_page  # noqa: PLC0415, for who asks
    from gauge_mqtt.app.publisher import publish  # noqa: PLC0415, the other verbs do without it

    settings = loaded(flags).settings
    with progress() as shown:
        asyncio.run(publish(settings, shown, open_page if opened else None, ahead))


@main.command()
@click.option(
    "--url",
    type=option_types.base_url,
    metavar="URL",
    help="A running publisher, such as http://desk:8080; unset: the one of this machine.",
)
@click.option("--mqtt", "from_broker", is_flag=True, help="Watch the instance on the broker instead.")
@settings_options
def watch(*, url: str | None, from_broker: bool, **flags: Any) -> None:
    """Show the cluster in this terminal; q leaves. Without a running publisher it reads the sources itself."""
    from gauge_mqtt.app.watch import watch as show  # noqa: PLC0415

    settings = loaded(flags).settings
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("watch wants a terminal; `gauge-mqtt once` prints the values")
    logging.getLogger().setLevel(logging.CRITICAL)  # a line of log would tear the picture
    asyncio.run(show(settings, url=url, from_broker=from_broker))


@main.command()
@click.argument("file", type=option_types.path)
@click.option("--minutes", type=option_types.minutes, help="Stop after so long; else Ctrl-C does.")
@settings_options
def record(*, file: Path, minutes: float | None, **flags: Any) -> None:
    """Write what the sources see onto a tape. `run --source replay --tape FILE` plays it."""
    from gauge_mqtt.app.record import record as write  # noqa: PLC0415

    settings = loaded(flags).settings
    with progress() as shown:
        moments = asyncio.run(write(settings, file, minutes, shown))
    counted = f"{moments} moment{'' if moments == 1 else 's'}"
    click.echo(f"{counted} on {file}; play them: gauge-mqtt run --source replay --tape {file}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole snapshot as JSON, as GET /usage gives it.")
@click.option("--explain", is_flag=True, help="Print every key with its origin and age.")
@settings_options
@click.pass_obj
def once(ahead: Started | None, /, *, as_json: bool, explain: bool, **flags: Any) -> None:
    """Look once and print the window values."""
    if as_json and explain:
        raise click.UsageError("--json has every key anyway, --explain is for reading: give one of them")
    from gauge_mqtt.app import report  # noqa: PLC0415
    from gauge_mqtt.app.calibration import calibrations_of  # noqa: PLC0415
    from gauge_mqtt.app.memory import Memory  # noqa: PLC0415
    from gauge_mqtt.app.publisher import missing_ceilings  # noqa: PLC0415
    from gauge_mqtt.app.source_set import SourceSet, make_sources  # noqa: PLC0415
    from gauge_mqtt.core.snapshot import snapshot  # noqa: PLC0415

    settings = loaded(flags).settings

    gc.disable()  # it ends before there is anything to collect

    async def look() -> SourceSet:
        with complaints_at_the_end(), progress() as shown:
            source_set = await make_sources(settings, shown, ahead)
            await source_set.load()
        return source_set

    source_set, now = asyncio.run(look()), datetime.now(UTC)
    readings = source_set.read(now)
    memory = Memory(settings.state_dir, settings.topics.instance, source_set.origin)
    usage = snapshot(
        readings, settings.limits, settings.topics.instance, now,
        counted=memory.count(readings, now), highs=memory.highs(readings, now),
        calibrations=calibrations_of(settings.state_dir, source_set.quota)(now),
    )  # fmt: skip
    if as_json:
        click.echo(usage.to_json())  # bytes: JSON is UTF-8, whatever the terminal's encoding
    else:
        table(report.explanation(usage, readings) if explain else report.summary(usage))
        if None in {usage.window_5h_pct, usage.window_7d_pct} and (hint := missing_ceilings(settings)):
            click.echo(hint, err=True)
    if failures := [f"{reading.source}: {reading.failure}" for reading in readings if reading.failure]:
        raise click.ClickException("; ".join(failures))


@main.command()
@settings_options
def doctor(**flags: Any) -> None:
    """Check every step from the logs to Home Assistant. Exit code 3 if something is at fault."""
    from gauge_mqtt.app.checks import FAULT  # noqa: PLC0415
    from gauge_mqtt.app.doctor import examine  # noqa: PLC0415

    worst = False
    with complaints_at_the_end():
        found = asyncio.run(examine(loaded(flags)))
    for check in found:
        colour = {"ok": "green", "note": "yellow", FAULT: "red"}[check.verdict]
        click.echo(f"{click.style(f'{check.verdict:5}', fg=colour)} {check.about}: {check.fact}")
        if check.fix:
            click.echo(f"      fix: {check.fix}")
        worst |= check.verdict == FAULT
    sys.exit(EXIT_FAULT if worst else 0)


@main.command()
@click.argument("file", type=option_types.path, required=False)
@settings_options
def dump(*, file: Path | None, **flags: Any) -> None:
    """Write what a bug report needs. Versions, settings, doctor, the last hour; no path, name, text or secret."""
    from gauge_mqtt.app.dump import dump as write  # noqa: PLC0415

    text = asyncio.run(write(loaded(flags), file))
    click.echo(f"{file} is written; please look through it before you send it" if file else text)


@main.command()
@click.option("--day", "period", flag_value="day", default=True, help="Today (the default).")
@click.option("--week", "period", flag_value="week", help="The last 7 days.")
@click.option("--month", "period", flag_value="month", help="The last 30 days.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The last day, if not today.")
@click.option("--json", "form", flag_value="json", help="Print JSON, as GET /insights gives it.")
@click.option("--csv", "form", flag_value="csv", help="Print a line for each day, key and name.")
@click.option("--phrases", is_flag=True, help="Print the phrases used most, of Claude and of you; kept nowhere.")
@click.option("--report", "directory", type=option_types.path, metavar="DIR",
              help="Write the flight report of the last 7 days there: Markdown, HTML and pictures.")  # fmt: skip
@click.option("--forget", is_flag=True, help="Delete everything that was kept, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def insights(
    *,
    period: Period,
    until: datetime | None,
    form: str | None,
    directory: Path | None,
    phrases: bool,
    forget: bool,
    yes: bool,
    **flags: Any,
) -> None:
    """Show how you work with Claude Code. What was used when, for what, with which tools; kept here, by the day."""
    from gauge_mqtt.app import insights as own  # noqa: PLC0415
    from gauge_mqtt.sources.logs.place import INSIGHTS  # noqa: PLC0415

    settings = loaded(flags).settings
    if forget or (not settings.insights and INSIGHTS.kept(settings.state_dir) and sys.stdin.isatty()):
        if forget or not yes:
            click.echo("" if settings.insights else own.off(settings), err=True, nl=not settings.insights)
        if yes or confirm("Delete the counts of all days that were kept?"):
            click.echo("deleted" if own.forget(settings) else "there was nothing to delete")
        return
    if not settings.insights:
        raise click.ClickException(own.off(settings))
    if until and not 1970 < until.year < 9999:  # noqa: PLR2004, the years that an instant of a log may be of
        raise click.BadParameter("no log can tell of that day", param_hint="--until")
    last = until.date() if until else None
    if phrases:
        click.echo(own.phrases(period, last))
        return
    with progress() as shown:
        look = own.Look(settings, shown)
    if directory:
        click.echo("\n".join(f"{path} is written" for path in look.report(last, directory)))
        return
    match form:
        case "json":
            click.echo(look.insights(period, last).to_json())
        case "csv":
            click.echo(look.rows(period, last), nl=False)
        case _:
            click.echo(look.page(period, last))


@main.command("telemetry-env")
@click.option("--path", type=click.Choice(["collector", "prometheus"]), default="collector", show_default=True,
              help="Where Claude Code exports to: a collector, or the receiver of Prometheus itself.")  # fmt: skip
@click.option("--form", type=click.Choice(["shell", "systemd", "settings"]), default="shell", show_default=True,
              help="For a shell profile, a systemd drop-in, or ~/.claude/settings.json.")  # fmt: skip
@click.option("--endpoint", metavar="URL", help="The whole URL, if it is not on this machine.")
@click.option("--host", metavar="NAME", default=socket.gethostname, help="Label host_name of this machine's series.")
def telemetry_env(*, path: telemetry.Path, form: telemetry.Form, endpoint: str | None, host: str) -> None:
    """Print what Claude Code needs to export its telemetry. For its environment, and why each line is there."""
    if endpoint is not None and not telemetry.ENDPOINT.fullmatch(endpoint):
        raise click.BadParameter("write the whole URL, such as http://host:4318/v1/metrics", param_hint="--endpoint")
    if not telemetry.UNFIT.sub("", host):
        raise click.BadParameter("write a name with letters or digits", param_hint="--host")
    variables = telemetry.variables(path, host, endpoint)
    click.echo(telemetry.written(variables, form))
    if form == "settings":  # JSON has no room for reasons
        for one in variables:
            click.echo(f"{one.name}: {one.why}", err=True)


for group in (service, statusline, calibrate, discovery, homeassistant):
    main.add_command(group)


@main.command("show-config")
@settings_options
def show_config(**flags: Any) -> None:
    """Print every setting, its value and where it comes from. Secrets are masked."""
    from gauge_mqtt.app.report import TableRow  # noqa: PLC0415

    current = loaded(flags)
    rows = []
    for name, attribute in NAMES.items():
        value = getattr(current.settings, attribute)
        rows.append(TableRow(name, "not set" if value is None else str(value), current.origins[name]))
    table(rows)


if __name__ == "__main__":
    main()
