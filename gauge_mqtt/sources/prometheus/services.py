"""Other programs under Claude Code's names: opencode, for one, can be told to export as `claude_code.`.

Who exports says so in `service.name`. It becomes the label `service_name`, or `job`, or behind a scraped collector
`exported_job`; the `job` of what is scraped is the name of the scrape job, which tells nothing.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.facts import Facts
from gauge_mqtt.sources.prometheus.faults import Fault

OURS = ("claude-code*",)
"""Claude Code's own: `claude-code`, and `claude-code-desktop` of the desktop app."""
KNOWN = frozenset({"opencode"})
"""Others, also where nobody says `claude-code`, since its owner has given it another name."""
ASKED_MAX = 20


class Others(NamedTuple):
    """`names`: services that are not counted. `matchers`: that leave them out."""

    names: tuple[str, ...] = ()
    matchers: str = ""

    def faults(self, wanted: Sequence[str]) -> Iterator[Fault]:
        if self.names:
            fact = f"{', '.join(self.names)} exports under Claude Code's names: not counted"
            services = ",".join([*(wanted or OURS), *self.names])
            fix = f"export CLAUDE_GAUGE_PROM_SERVICES='{services}'  (if it should count)"
            yield Fault("services", fact, fix, bad=False)


async def others_of(facts: Facts, tokens: promql.Series, wanted: Sequence[str]) -> Others:
    """The services beside those `wanted` (patterns; none: Claude Code's own). Asks the index alone."""
    patterns = wanted or OURS

    def fits(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    found: dict[str, list[str]] = {}
    for label in _labels(tokens):
        values = await _values(facts, label, tokens)
        ours = wanted or any(map(fits, values))
        found[label] = [name for name in values if not fits(name) and (ours or name in KNOWN)]
    jobs = await _values(facts, "job", tokens)
    strangers = [name for name in jobs if not fits(name)]
    instances = set[str]()
    if strangers and (ours_of_job := [name for name in jobs if fits(name)]):
        instances = {"", *await _values(facts, "instance", tokens.having(promql.one_of("job", ours_of_job)))}
    found["job"] = [name for name in strangers[:ASKED_MAX] if await _is_service(facts, tokens, name, instances)]
    matchers = [promql.one_of(promql.quoted(label), names, "!~") for label, names in found.items() if names]
    names = sorted({name for names in found.values() for name in names})
    return Others(tuple(names), ",".join(matchers))


async def _is_service(facts: Facts, tokens: promql.Series, job: str, instances: set[str]) -> bool:
    """Whether a job is the name of a service. `instances`: where those of Claude Code come from, "" if pushed."""
    of_job = tokens.having(
        promql.one_of("job", [job]) + "".join(f',{promql.quoted(label)}=""' for label in _labels(tokens))
    )
    if job in KNOWN:
        return True
    if not instances or not await facts.names(tokens.name, of_job.selector):
        return False
    return not instances.isdisjoint(await _values(facts, "instance", of_job) or [""])


def _labels(tokens: promql.Series) -> tuple[str, str]:
    """Those that hold a service's name wherever they are."""
    return "service.name" if "." in tokens.name else "service_name", "exported_job"


async def _values(facts: Facts, label: str, series: promql.Series) -> list[str]:
    return sorted(await facts.values(label, str(series)))
