"""Which sources the settings ask for, put together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from gauge_mqtt.app import places
from gauge_mqtt.app.headers_file import read_headers
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.tls_files import check_authority
from gauge_mqtt.contract.usage import PLAYED_SOURCES
from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources import Source
from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.ccusage.source import CcusageSource, Reporter
from gauge_mqtt.sources.logs.ahead import Started
from gauge_mqtt.sources.logs.helper import Helper
from gauge_mqtt.sources.logs.pauses import Progress
from gauge_mqtt.sources.logs.roots import config_homes, log_roots, present
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.quota.cache import state_file
from gauge_mqtt.sources.quota.command import UsageCommand
from gauge_mqtt.sources.quota.source import QuotaSource
from gauge_mqtt.sources.tape.demo import DemoSource
from gauge_mqtt.sources.tape.replay import Player

NOT_YOURS = frozenset(PLAYED_SOURCES)
"""Sources that show another account than that of this machine: its own percentages do not belong beside them."""


@dataclass(frozen=True, slots=True)
class SourceSet:
    """The sources of one publisher, in order of preference, and why these. `tail`: the one of the session logs.
    `quota`: the official percentages, beside whatever has the tokens.
    """

    sources: Sequence[Source]
    tail: JsonlSource | None
    why: str
    origin: str = ""
    """What their totals are about, as a digest: the same as long as nothing else is counted."""
    player: Player | None = None
    """The tape, whose clock and limits stand in for our own."""
    quota: QuotaSource | None = None

    @property
    def everything(self) -> list[Source]:
        return [*self.sources, *([self.quota] if self.quota else [])]

    async def load(self) -> None:
        """One look of every source; the tail first, since the others build on it."""
        for source in sorted(self.everything, key=lambda source: source is not self.tail):
            await source.load()

    def read(self, now: datetime) -> list[Reading]:
        return [source.read(now) for source in self.everything]


async def make_sources(settings: Settings, progress: Progress | None = None, ahead: Started | None = None) -> SourceSet:
    """What is set. `ahead`: who has begun to read the logs. Raises `SettingsError` for a secret that cannot be read."""
    roots = log_roots(os.environ, places.home())
    found = await _chosen(settings, roots, progress)
    if ahead and found.tail:
        found.tail.helper = Helper(ahead)
    elif ahead:
        Helper(ahead).close()
    quota = make_quota(settings, found.tail) if settings.source not in NOT_YOURS else None
    if found.tail and quota:
        found.tail.on_plan = quota.add
    return replace(found, origin=_origin(settings, roots, [source.name for source in found.sources]), quota=quota)


def make_quota(settings: Settings, tail: JsonlSource | None) -> QuotaSource:
    """The percentages of every configuration directory. Claude Code is asked for the one that is set, or the first."""
    home = places.home()
    homes = [config.absolute() for config in config_homes(os.environ, home)]
    asked = settings.quota_account or next((config for config in homes if os.path.isdir(config)), None)
    is_default = asked is None or (home and asked == home / ".claude" and not os.environ.get("CLAUDE_CONFIG_DIR"))
    return QuotaSource(
        settings.state_dir,
        {os.fspath(config): state_file(config, os.environ, home) for config in homes},
        account=os.path.realpath(settings.quota_account) if settings.quota_account else None,
        command=UsageCommand(settings.claude, None if is_default else asked) if settings.quota_poll else None,
        command_account=os.fspath(asked or ""),
        poll_s=60 * (settings.quota_poll or 0),
        counts=tail.counts_between if tail else lambda _after, _upto: None,
    )


def _origin(settings: Settings, roots: Sequence[Path], names: Sequence[str]) -> str:
    """A digest of what is counted: the Prometheus series, the tape, else the program and the log directories."""
    if "prometheus" in names:
        counted = f"prometheus {settings.prom_url} {settings.prom_selector}"
        counted += f" {settings.prom_services}" if settings.prom_services else ""
    elif settings.source == "replay":
        counted = f"replay {settings.tape}"
    else:
        counted = " ".join([names[0], *map(str, roots)])
    return sha256(counted.encode(errors="surrogateescape")).hexdigest()[:16]


async def _chosen(settings: Settings, roots: Sequence[Path], progress: Progress | None) -> SourceSet:  # noqa: PLR0911
    match settings.source:
        case "jsonl":
            return _alone(settings, roots, progress, "as set")
        case "ccusage":
            return _with_ccusage(settings, roots, progress, _reporter(settings), "as set")
        case "prometheus":
            return SourceSet([_prometheus(settings)], None, "as set")
        case "hybrid":
            return _hybrid(settings, roots, progress, "as set")
        case "demo":
            return SourceSet([DemoSource()], None, "as set: a scripted day, not your own")
        case "replay":
            player = Player(settings.tape or Path(), settings.tape_speed)
            return SourceSet(player.sources, None, f"as set: the tape {settings.tape}", player=player)
        case "auto":
            return await _best(settings, roots, progress)


async def _best(settings: Settings, roots: Sequence[Path], progress: Progress | None) -> SourceSet:
    """Prometheus if its address is set, with the tail if there are logs; else a usable ccusage; else the logs alone."""
    if settings.prom_url and present(roots):
        return _hybrid(settings, roots, progress, "auto: prom_url is set, and there are logs here")
    if settings.prom_url:
        return SourceSet([_prometheus(settings)], None, "auto: prom_url is set, and there are no logs here")
    try:
        program = make_program(settings)
        await program.identify()
    except CcusageError as error:
        return _alone(settings, roots, progress, f"auto: the session logs alone, since {error}")
    if not program.exact:
        return _alone(settings, roots, progress, f"auto: the session logs alone, since {program} counts less exactly")
    return _with_ccusage(settings, roots, progress, program, f"auto: {program} is installed")


def _alone(settings: Settings, roots: Sequence[Path], progress: Progress | None, why: str) -> SourceSet:
    tail = JsonlSource(roots, settings.state_dir, progress)
    return SourceSet([tail], tail, why)


def _hybrid(settings: Settings, roots: Sequence[Path], progress: Progress | None, why: str) -> SourceSet:
    """The tail comes first: what both know it knows sooner. The windows it leaves to Prometheus, which sees more."""
    tail = JsonlSource(roots, settings.state_dir, progress, windows=False)
    return SourceSet([tail, _prometheus(settings, tail)], tail, why)


def _prometheus(settings: Settings, tail: JsonlSource | None = None) -> Source:
    """`tail`: of the logs of this machine, to compare with."""
    from gauge_mqtt.sources.prometheus.api import PromApi, Server  # noqa: PLC0415, httpx takes a while to import
    from gauge_mqtt.sources.prometheus.source import PrometheusSource  # noqa: PLC0415

    check_authority("prom_ca_file", settings.prom_ca_file)

    def server() -> Server:
        return Server(
            url=settings.prom_url or "",
            username=settings.prom_username,
            password=settings.secret("prom_password"),
            token=settings.secret("prom_token"),
            ca_file=settings.prom_ca_file,
            headers=read_headers(settings.prom_headers_file) if settings.prom_headers_file else (),
        )

    logged = tail.tokens_between if tail else None
    api, services = PromApi(server(), server), [name for name in settings.prom_services.split(",") if name]
    return PrometheusSource(api, settings.prom_selector, settings.prom_temporality, logged=logged, services=services)


def _with_ccusage(
    settings: Settings, roots: Sequence[Path], progress: Progress | None, reporter: Reporter, why: str
) -> SourceSet:
    tail = JsonlSource(roots, settings.state_dir, progress, windows=False)
    return SourceSet([CcusageSource(reporter, tail, settings.ccusage_ttl), tail], tail, why)


def make_program(settings: Settings) -> Program:
    """Ccusage on the same directories as our own tail reads, by the names their owner gave them."""
    return Program(settings.ccusage, config_homes(os.environ, places.home()), settings.ccusage_timeout)


def _reporter(settings: Settings) -> Reporter:
    if settings.ccusage_mcp_url:
        from gauge_mqtt.sources.ccusage.mcp import McpServer  # noqa: PLC0415, the SDK takes a second to import

        return McpServer(settings.ccusage_mcp_url, settings.ccusage_timeout)
    return make_program(settings)
