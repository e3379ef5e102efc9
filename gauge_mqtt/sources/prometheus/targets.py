"""Whether what is scraped for Claude Code is up, and whether the server stores anything of it."""

import math
from collections.abc import Collection

from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.api import PromApi, PromError

SCRAPED_S = 150.0
"""A server scrapes each minute unless told otherwise, and every two at the latest. Of a target that was scraped longer
ago it stores nothing any more, though it answers: its disk is full, or it has been told of other targets.
"""
LATE_S = 5.0
"""A scrape may be so late. What was not scraped for longer than the rate looks back has no rate that is known."""


def hides_the_rate(unscraped_s: float) -> bool:
    """Whether nothing is known of the last minute, if nothing can be heard of but by scrapes."""
    return unscraped_s > promql.RATE_S + LATE_S


def unscraped_s(at: float, scraped: float | None) -> float:
    """For how long nothing was scraped at `at` (unix s); infinite if it is not known when."""
    return math.inf if scraped is None else at - scraped


def fault_of(
    api: PromApi, targets: Collection[str], down: Collection[str], *, stored: bool, alive: bool
) -> PromError | None:
    """Claude Code's own exporter ends with it, a collector should not. One of several may be a laptop asleep.
    `stored`: whether the server has stored anything of them lately. `alive`: whether telemetry arrives nevertheless.
    """
    if not stored:
        words = f"{api} answers, but stores nothing more of {', '.join(sorted(targets))}"
        fix = "see its log: is its disk full? Has it been told of other targets, or was its clock set?"
        return PromError(words, fix=fix)
    if not down or len(down) < len(targets) or alive:
        return None
    words = f"{api} cannot scrape {', '.join(down)}: no telemetry arrives"
    return PromError(words, fix=f"start what should be there; its state is on {api}/targets")
