"""What there is to ask for: the names of the counters, what their samples mean, and what is there more than once."""

import logging
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from gauge_mqtt.sources.prometheus import acquaintance, recorded
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PromApi, PromError
from gauge_mqtt.sources.prometheus.copies import Copies, copies_of
from gauge_mqtt.sources.prometheus.facts import Facts, total
from gauge_mqtt.sources.prometheus.faults import Fault
from gauge_mqtt.sources.prometheus.services import Others, others_of
from gauge_mqtt.sources.prometheus.temporality import are_increments

log = logging.getLogger(__name__)

IN_USE_S = 600.0
"""Metrics whose newest samples are less far apart than this are both in use."""

Temporality = Literal["auto", "cumulative", "delta"]


class Wanted(NamedTuple):
    """What its owner wants counted. `selector`: matchers that every series must fit."""

    selector: str = ""
    temporality: Temporality = "auto"
    services: Sequence[str] = ()
    """Patterns of the `service.name` of what counts; none: Claude Code's own."""


class CounterSeries(NamedTuple):
    """What there is to ask for. `targets`: the instances that were scraped for it; `scraped`: whether the server
    says if they are up. `servers`: how many answer. `level`: the account of recording rules that fits, if there is one.
    """

    tokens: promql.Series
    cost: promql.Series | None
    targets: set[str]
    copies: Copies
    others: Others
    servers: int
    level: recorded.Level | None = None
    scraped: bool = False

    def news(self, before: "CounterSeries | None") -> Iterator[str]:
        """What is worth a line of the log, compared with what was known before."""
        if before is None or before.tokens != self.tokens:
            how = ", each sample of it an increment" if self.tokens.delta else ""
            once = f", once of all that differ only in {', '.join(self.copies.labels)}" if self.copies.labels else ""
            yield f"counting {self.tokens.name}{how}{once}"
        if self.others.names and (before is None or before.others != self.others):
            yield f"not counting {', '.join(self.others.names)}: it only has the names of Claude Code's metrics"
        if self.level != (before.level if before else None):
            where = f"as recording rules count them ({self.level.metric(recorded.COUNTED)})" if self.level else ""
            yield f"minutes are read {where or 'from the counters, the recording rules are gone'}"
        if self.servers > (before.servers if before else 1):
            yield "several servers answer at this address in turn; of what they know the more is taken"

    def faults(self, api: PromApi, wanted: Wanted) -> Iterator[Fault]:
        """What the doctor says of it."""
        yield from self.others.faults(wanted.services)
        if self.servers > 1:
            fact = f"{self.servers} servers answer at {api} in turn; where they differ the larger sum is taken"
            fix = "let the proxy in front of them keep to one (sticky sessions), or set the address of one"
            yield Fault("replicas", fact, fix, bad=False)
        if self.copies.labels:
            fact = f"every series is there more than once, told apart by {', '.join(self.copies.labels)}"
            matchers = ",".join(filter(None, (wanted.selector, self.copies.keep)))
            fix = f"export CLAUDE_GAUGE_PROM_SELECTOR='{matchers}'"
            yield Fault("copies", f"{fact}: counted once, by the larger", fix, bad=False)


async def learn(facts: Facts, wanted: Wanted, before: CounterSeries | None) -> CounterSeries:
    """Which of the possible names there are: they differ by the way the telemetry takes. Raises `PromError`."""
    await facts.look_for_stores()
    selector = wanted.selector
    names = await facts.names(acquaintance.METRICS, selector)
    known = sorted(name for name in names if acquaintance.is_tokens(name))
    name = await _preferred(facts, selector, known, before.tokens.name if before else "")
    if before and before.tokens.name != name:
        before = None
    others = await others_of(facts, promql.Series(name, selector), wanted.services)
    if others.names:
        selector = ",".join(filter(None, (selector, others.matchers)))
        if not await facts.names(name, selector):
            raise PromError(f"{facts.api} has no token counter of Claude Code, only of {', '.join(others.names)}")
    tokens = promql.Series(name, selector)
    targets = await facts.lately("instance", str(tokens.output.having('instance!=""')))
    found = await facts.ask(acquaintance.acquaintance(tokens, targets))
    delta = wanted.temporality == "delta"
    if wanted.temporality == "auto":
        delta = bool(before and before.tokens.delta)
        if total(found, "pushed"):
            delta = await are_increments(facts, tokens, before=delta)
    tokens = tokens._replace(delta=delta)
    copies = await copies_of(facts, tokens, before.copies if before else None)
    tokens = tokens._replace(copies=copies.labels)
    cost = acquaintance.cost_of(name, names)
    servers = await facts.servers()
    level = recorded.level_for(tokens) if servers == 1 else None
    if level and not await facts.names(level.metric(recorded.COUNTED), recorded.NOBODYS):
        level = None
    priced = tokens._replace(name=cost) if cost else None
    return CounterSeries(tokens, priced, targets, copies, others, servers, level, scraped="up" in found)


async def _preferred(facts: Facts, selector: str, names: list[str], before: str) -> str:
    """Two at once would count twice what takes both ways: the one in use, or the collector's."""
    if not names:
        fit = f" with {selector}" if selector else ""
        raise PromError(f"{facts.api} has no token counter of Claude Code{fit}")
    if len(names) == 1:
        return names[0]
    heard = {name: total(await facts.ask(acquaintance.heard_of(name, selector)), "at") for name in names}
    latest = max(heard.values())
    used = [name for name in names if heard[name] >= latest - IN_USE_S]
    chosen = max(used, key=len)
    if latest and len(used) > 1 and chosen != before:
        others = ", ".join(name for name in used if name != chosen)
        log.warning("prometheus: not counting %s: %s comes in too, and may be the same tokens", others, chosen)
    return chosen
