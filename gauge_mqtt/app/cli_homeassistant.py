"""The verbs about Home Assistant: what it is told, and what its owner pastes."""

import asyncio
from typing import Any

import click

from gauge_mqtt import __version__
from gauge_mqtt.app.command import loaded, settings_options
from gauge_mqtt.homeassistant.yaml_export import PAGES, page


@click.group()
def discovery() -> None:
    """What Home Assistant is told about this device."""


@discovery.command("show")
@settings_options
def discovery_show(**flags: Any) -> None:
    """Print the discovery topic and its payload."""
    import json  # noqa: PLC0415

    from gauge_mqtt.homeassistant.discovery import payload  # noqa: PLC0415

    topics = loaded(flags).settings.topics
    click.echo(topics.discovery, err=True)
    click.echo(json.dumps(json.loads(payload(topics, __version__)), indent=2))


@discovery.command("clear")
@settings_options
def discovery_clear(**flags: Any) -> None:
    """Remove every retained topic this instance ever published."""
    from gauge_mqtt.sinks.mqtt.clear import clear  # noqa: PLC0415

    settings = loaded(flags).settings
    cleared = asyncio.run(clear(settings.broker(), settings.topics))
    click.echo(f"{len(cleared.topics)} topics of {settings.instance} emptied on {settings.broker().url}")
    if cleared.unseen:
        click.echo(cleared.unseen, err=True)
    if cleared.publisher_online:
        click.echo("a gauge-mqtt is still running there and will publish them again: stop it first", err=True)


@click.command()
@click.argument("what", type=click.Choice([*PAGES]))
@settings_options
def homeassistant(*, what: str, **flags: Any) -> None:
    """Print a dashboard, a card or a package to paste there. For Home Assistant's own editors and files."""
    click.echo(page(what, loaded(flags).settings.topics), nl=False)
