"""Which sources the settings ask for, put together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gauge_mqtt.reading import Reading
from gauge_mqtt.settings import Settings
from gauge_mqtt.sources import Source
from gauge_mqtt.sources.ccusage import CcusageSource, Reporter
from gauge_mqtt.sources.ccusage_program import Program
from gauge_mqtt.sources.ccusage_report import CcusageError
from gauge_mqtt.sources.jsonl import JsonlSource
from gauge_mqtt.sources.logbook import Progress
from gauge_mqtt.sources.roots import log_roots


@dataclass(frozen=True, slots=True)
class Feeds:
    """The sources of one publisher, in order of preference, and why these. `tail`: the one of the session logs."""

    sources: Sequence[Source]
    tail: JsonlSource
    why: str

    async def load(self) -> None:
        """One look of every source; the tail first, since the others build on it."""
        for source in sorted(self.sources, key=lambda source: source is not self.tail):
            await source.load()

    def read(self, now: datetime) -> list[Reading]:
        return [source.read(now) for source in self.sources]


async def make_feeds(settings: Settings, progress: Progress | None = None) -> Feeds:
    """`auto` takes ccusage if a usable one is installed, else the session logs alone."""
    roots = log_roots(os.environ, Path.home())
    if settings.source == "jsonl":
        return _alone(settings, roots, progress, "as set")
    if settings.source == "ccusage":
        return _with_ccusage(settings, roots, progress, _reporter(settings, roots), "as set")
    try:
        program = Program(settings.ccusage, roots, settings.ccusage_timeout)
        await program.identify()
    except CcusageError as error:
        return _alone(settings, roots, progress, f"auto: the session logs alone, since {error}")
    if not program.exact:
        return _alone(settings, roots, progress, f"auto: the session logs alone, since {program} counts less exactly")
    return _with_ccusage(settings, roots, progress, program, f"auto: {program} is installed")


def _alone(settings: Settings, roots: Sequence[Path], progress: Progress | None, why: str) -> Feeds:
    tail = JsonlSource(roots, settings.state_dir, progress)
    return Feeds([tail], tail, why)


def _with_ccusage(
    settings: Settings, roots: Sequence[Path], progress: Progress | None, reporter: Reporter, why: str
) -> Feeds:
    tail = JsonlSource(roots, settings.state_dir, progress, windows=False)
    return Feeds([CcusageSource(reporter, tail, settings.ccusage_ttl), tail], tail, why)


def _reporter(settings: Settings, roots: Sequence[Path]) -> Reporter:
    if settings.ccusage_mcp_url:
        from gauge_mqtt.sources.ccusage_mcp import McpServer  # noqa: PLC0415, the SDK takes a second to import

        return McpServer(settings.ccusage_mcp_url, settings.ccusage_timeout)
    return Program(settings.ccusage, roots, settings.ccusage_timeout)
