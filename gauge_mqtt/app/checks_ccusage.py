"""The doctor's checks of ccusage: whether it works, and why its windows and our own of the same logs differ."""

from datetime import UTC, datetime
from typing import NamedTuple

from gauge_mqtt.app.checks import Check, fault
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import SourceSet, make_program
from gauge_mqtt.core import windows
from gauge_mqtt.core.reading import Window
from gauge_mqtt.sources.ccusage.program import HOW_TO
from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.ccusage.source import CcusageSource
from gauge_mqtt.sources.logs.runs import UNNAMED
from gauge_mqtt.sources.logs.source import JsonlSource


async def ccusage(settings: Settings, source_set: SourceSet) -> list[Check]:
    """Of the one that is asked, or of one that is installed; none beside a source without logs."""
    tail = source_set.tail
    asked = next((source for source in source_set.sources if isinstance(source, CcusageSource)), None)
    if tail is None:
        return []
    if asked is None:
        try:
            program = make_program(settings)
            await program.identify()
        except CcusageError:
            return []  # not wanted, or `auto` has said why it is not used
        asked = CcusageSource(program, tail, settings.ccusage_ttl)
        await asked.load()
    if asked.fault:
        return [fault("ccusage", asked.fault)]
    pairs = _windows(asked, tail)
    if any(pair.differ for pair in pairs):
        await tail.load()  # the logs may have grown between the two looks
        pairs = _windows(asked, tail)
    checks = [Check("ok", "ccusage", asked.health.detail), *(pair.check() for pair in pairs)]
    return [*checks, *await _causes(asked, tail)] if any(pair.differ for pair in pairs) else checks


class _Pair(NamedTuple):
    """Tokens of one window by both accounts; `None` where one of them does not know."""

    name: str
    theirs: int | None
    ours: int | None

    @property
    def differ(self) -> bool:
        return self.theirs is not None and self.ours is not None and self.theirs != self.ours

    def check(self) -> Check:
        """Never a fault: neither of the accounts is the better one for everybody."""
        about = f"ccusage {self.name}"
        if self.theirs is None or self.ours is None:
            return Check("ok", about, "not compared: not all of the logs could be read that far back")
        fact, difference = f"{self.theirs:,} by ccusage, {self.ours:,} by our own reading", self.theirs - self.ours
        relative = f" ({difference / self.ours:+.2%})" if self.ours else ""
        return Check("ok", about, f"{fact}: {difference:+,}{relative}" if difference else f"{fact}: equal")


def _windows(asked: CcusageSource, tail: JsonlSource) -> list[_Pair]:
    now = datetime.now(UTC)
    theirs, ours = asked.read(now), windows.read(tail.book.ledger, now, tail.name)
    return [
        _Pair("5 h", _tokens(theirs.window_5h), _tokens(ours.window_5h)),
        _Pair("7 d", _tokens(theirs.window_7d), _tokens(ours.window_7d)),
    ]


def _tokens(window: Window | None) -> int | None:
    return window.tokens if window else None


async def _causes(asked: CcusageSource, tail: JsonlSource) -> list[Check]:
    """What was found that makes the two differ; what was not looked for is not claimed. What is known needs no cure."""
    about, counters = "ccusage differs", tail.book.tail.counters
    checks = []
    if not asked.exact:
        fact = f"{asked.health.detail} counts a streamed response by its first line, which is too low"
        checks.append(Check("note", about, fact, HOW_TO))
    else:
        try:
            replayed = await asked.replayed()
        except CcusageError:
            replayed = 0
        if replayed > 0:
            fact = f"in all its history, its blocks count {replayed:,} tokens of replayed side chains, its days do not"
            checks.append(Check("ok", about, fact))
    unnamed = sum(
        request.startswith(UNNAMED) for requests in tail.book.ledger.reused_ids().values() for request in requests
    )
    if unnamed:
        fact = f"{unnamed:,} responses have one message id and no request id: its blocks count them once a session"
        checks.append(Check("ok", about, fact))
    if counters.refused or counters.oversize:
        fact = f"we left out {counters.refused + counters.oversize} lines that cannot be believed or are too long"
        checks.append(Check("ok", about, fact))
    if not checks:
        fix = "gauge-mqtt doctor  (again, when Claude Code is quiet; if it stays, report both numbers)"
        checks.append(Check("note", about, "no cause was found here", fix))
    return checks
