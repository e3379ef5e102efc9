"""Whether Prometheus has what the session logs of this machine have: telemetry may stop in the middle of a session.

Claude Code does stop exporting sometimes, without a word (its issues 92776 and 78962). Where the logs are here, too,
they say how many tokens of this host Prometheus should know of at least.
"""

import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gauge_mqtt.core.reading import OPEN_WINDOW
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.facts import Facts, total
from gauge_mqtt.sources.prometheus.faults import Fault

FAR_BELOW = 0.8
"""Less than this part of the logs' tokens is no matter of definitions: both agree to a few percent."""
LEAST = 20_000
"""Tokens. A smaller gap may be one response whose export is under way."""
EXPORTED = timedelta(minutes=2)
"""What is younger may not have been exported yet: Claude Code does so each minute unless told otherwise."""
NOTE = "telemetry short"
"""On every surface, beside the name of the source."""
ENV = "gauge-mqtt telemetry-env"

TokensBetween = Callable[[float, float], int | None]


def names_of_this_host() -> Sequence[str]:
    """As `gauge-mqtt telemetry-env` sets it, and without its domain."""
    name = socket.gethostname()
    return list(dict.fromkeys([name, name.split(".")[0]]))


class OwnHost:
    """Compares the last 5 h. `logged`: the tokens in this machine's logs after and up to an instant (unix s)."""

    def __init__(self, logged: TokensBetween, selector: str, hosts: Sequence[str]) -> None:
        self._logged, self._everything, self._hosts = logged, not selector, hosts
        self.found = self.logged = 0

    @property
    def missing(self) -> int:
        """Tokens of this host that Prometheus does not know of; 0 if the gap is none to speak of."""
        gap = self.logged - self.found
        return gap if gap >= LEAST and self.found < FAR_BELOW * self.logged else 0

    async def look(self, facts: Facts, tokens: promql.Series, now: datetime, in_all: int | None) -> bool:
        """`in_all`: the tokens of all hosts in those 5 h, the most that this one can have. Whether both are known yet.
        Raises `PromError`.
        """
        logged = self._logged((now - OPEN_WINDOW).timestamp(), (now - EXPORTED).timestamp())
        if logged is None or in_all is None:
            return False
        rows = await facts.ask(question(tokens.having(promql.one_of(tokens.label("host_name"), self._hosts))))
        if "own" in rows:
            self.found = min(round(total(rows, "own")), in_all)
        elif self._everything:  # nothing says which of them this host is
            self.found = in_all
        else:  # what is selected may well be another host's
            self.found = logged
        self.logged = logged
        return True

    def faults(self) -> list[Fault]:
        if not self.missing:
            return []
        fact = (
            f"the logs of this machine have {self.logged:,} tokens of the last 5 h, Prometheus {self.found:,} of them: "
            "telemetry stopped or never began; the windows are filled up from the logs"
        )
        return [Fault("hybrid", fact, f"{ENV}, and start the sessions anew that began without it")]


def question(own: promql.Series) -> str:
    """The tokens of 5 h, those of a series that comes from a pause once more: rather too many than too few."""
    seconds = int(OPEN_WINDOW.total_seconds())
    if own.delta:
        return promql.united([("own", f"sum({promql.recent(own, seconds)})")])
    grown = f"sum(sum_over_time(({promql.grown(own)} or ({promql.new(own)} + 0))[{seconds}s:{promql.STEP_S}s]))"
    return promql.united([("own", grown)])
