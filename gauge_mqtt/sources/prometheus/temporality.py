"""Whether the samples of a series are counters or increments: whoever takes one for the other is wrong by far.

A counter falls when its session is resumed, increments each other time. But a series that two processes write at once
falls all the time, too. What tells them apart is how few counters could have written it: two, however long it is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gauge_mqtt.sources.prometheus import acquaintance
from gauge_mqtt.sources.prometheus import queries as promql
from gauge_mqtt.sources.prometheus.facts import Facts, total

JUDGED_FROM, FALLING = 4, 0.5
"""How many hours of series it takes to say that samples are increments, and what part of them must look like it."""
SAMPLES_FEW = 6
"""Of so few samples of a series nobody can tell."""
AGAIN = 0.2
"""What part of increments may be what the one before was."""


async def are_increments(facts: Facts, tokens: promql.Series, *, before: bool) -> bool:
    """`before`: what was known before, which stays if nobody can tell: at first counters, as what is counted too low
    then is far less wrong. Raises `PromError`.
    """
    found = await facts.ask(acquaintance.falls(tokens))
    lively = total(found, "lively")
    if lively < JUDGED_FROM:
        return before
    if total(found, "falling") <= FALLING * lively:
        return False
    hours: dict[float, set[str]] = {}
    for row in found.get("fallen", []):
        hours.setdefault(row.value, set()).add(row.labels.get("session_id", ""))
    judged = [
        look_like_increments([value for _, value in row.points])
        for end, sessions in sorted(hours.items())
        for row in await facts.series(acquaintance.hour_of(tokens, sessions), end)
        if len(row.points) >= SAMPLES_FEW
    ]
    return sum(judged) > FALLING * len(judged) if judged else before


def look_like_increments(values: Sequence[float]) -> bool:
    """Values in the order of chance need about 2 sqrt(n) counters to be explained, n samples of two processes two. A
    script that resumes a session for each question leaves chance, too; but a counter is exported again as it is.
    """
    again = sum(one == other for one, other in pairwise(values))
    return counters_behind(values) ** 2 >= len(values) and again <= AGAIN * len(values)


def counters_behind(values: Iterable[float]) -> int:
    """The fewest counters, none of which ever falls, that could have written `values` in turn: as many as the longest
    run of ever smaller ones that can be picked out of them (Dilworth's theorem).
    """
    lows: list[float] = []
    for value in values:
        place = bisect_left(lows, -value)
        lows[place : place + 1] = [-value]
    return len(lows)
