"""The doctor's checks of ccusage: whether it works, and why its windows and our own of the same logs differ."""

from datetime import UTC, datetime

from gauge_mqtt.app.checks import Check, fault
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import SourceSet, make_program
from gauge_mqtt.core import windows
from gauge_mqtt.core.reading import Reading
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
    checks = [Check("ok", "ccusage", asked.health.detail), *_compared(asked, tail)]
    if any(check.verdict == "note" for check in checks):
        await tail.load()  # the logs may have grown between the two looks
        checks = [checks[0], *_compared(asked, tail)]
    if any(check.verdict == "note" for check in checks):
        checks += await _causes(asked, tail)
    return checks


def _compared(asked: CcusageSource, tail: JsonlSource) -> list[Check]:
    now = datetime.now(UTC)
    theirs, ours = asked.read(now), windows.read(tail.book.ledger, now, tail.name)
    return [_equal("5 h", theirs, ours), _equal("7 d", theirs, ours)]


def _equal(window: str, theirs: Reading, ours: Reading) -> Check:
    about = f"ccusage {window}"
    pair = (theirs.window_5h, ours.window_5h) if window == "5 h" else (theirs.window_7d, ours.window_7d)
    their, our = pair
    if their is None or our is None:
        return Check("ok", about, "not compared: not all of the logs could be read that far back")
    fact, difference = f"{their.tokens:,} by ccusage, {our.tokens:,} by our own reading", their.tokens - our.tokens
    if not difference:
        return Check("ok", about, f"{fact}: equal")
    relative = f" ({difference / our.tokens:+.2%})" if our.tokens else ""
    return Check("note", about, f"{fact}: {difference:+,}{relative}")


async def _causes(asked: CcusageSource, tail: JsonlSource) -> list[Check]:
    """What was found that makes the two differ, each as a check; what was not looked for is not claimed."""
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
            checks.append(Check("note", about, fact))
    unnamed = sum(
        request.startswith(UNNAMED) for requests in tail.book.ledger.reused_ids().values() for request in requests
    )
    if unnamed:
        fact = f"{unnamed:,} responses have one message id and no request id: its blocks count them once a session"
        checks.append(Check("note", about, fact))
    if counters.refused or counters.oversize:
        fact = f"we left out {counters.refused + counters.oversize} lines that cannot be believed or are too long"
        checks.append(Check("note", about, fact))
    if not checks:
        fix = "gauge-mqtt doctor  (again, when Claude Code is quiet; if it stays, report both numbers)"
        checks.append(Check("note", about, "no cause was found here", fix))
    return checks
