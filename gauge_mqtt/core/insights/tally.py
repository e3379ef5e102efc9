"""Rows of a day, added up. Pure: the same rows give the same tally, in whatever order and however often they came."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

import msgspec

from gauge_mqtt.core.insights.bills import Charge, charges
from gauge_mqtt.core.insights.rows import BillRow, FactRow, ResponseRow

TOUCH = "touch"
"""The fact that a file was read, edited or written; `who` is the file."""
NO_STOP = "none"
TOKENS = "tokens:"
"""Begins the count of each family's tokens."""


class Tally(msgspec.Struct, array_like=True):
    """One day. `counts`: name -> sum; `sessions`: hash -> its first and last response, unix s; `projects`: hash ->
    tokens; `files`: hash -> touches; `charges`: what the bills of the day say.
    """

    counts: dict[str, float] = {}
    sessions: dict[int, tuple[float, float]] = {}
    projects: dict[int, int] = {}
    files: dict[int, int] = {}
    charges: list[Charge] = []

    @property
    def responses(self) -> float:
        return self.counts.get("responses", 0)

    @property
    def tokens(self) -> float:
        return tokens_of(self.counts)

    def sealed(self) -> "Tally":
        """What is kept of it for a year: sums, and which projects there were."""
        return Tally(self.counts, {}, self.projects, {}, self.charges)


def tokens_of(counts: Mapping[str, float]) -> float:
    """Of all families."""
    return sum(n for name, n in counts.items() if name.startswith(TOKENS))


def tally(
    responses: Iterable[ResponseRow],
    facts: Iterable[FactRow],
    bills: Iterable[BillRow],
    of_day: Container[int],
    hour_of: Callable[[float], int],
) -> Tally:
    """One day. `responses`: all records of every message that has one on that day; `bills`: all of every chain that has
    one; `of_day`: the ids of those that are of that day; `facts`: those of that day.
    """
    found = Tally()
    counts: dict[str, float] = defaultdict(float)
    for row in counted(responses):
        if row.id in of_day:
            _count(row, counts, found, hour_of)
    for fact in facts:
        if fact.who:
            found.files[fact.who] = found.files.get(fact.who, 0) + int(fact.n)
        else:
            counts[fact.name] += fact.n
    found.charges = [charge for bill, charge in charges(bills) if bill in of_day]
    found.counts = dict(counts)
    return found


def counted(rows: Iterable[ResponseRow]) -> Iterator[ResponseRow]:
    """Those that are responses of their own; see `gauge_mqtt.core.responses`, whose rule this is.

    A record of a side chain is a copy if the main chain has its message, unless that message id is reused.
    """
    messages: dict[int, list[ResponseRow]] = defaultdict(list)
    for row in rows:
        messages[row.message].append(row)
    for known in messages.values():
        mains = sum(row.main for row in known)
        sides_count = mains != 1 or any(row.reused for row in known)
        yield from (row for row in known if row.main or sides_count)


def _count(row: ResponseRow, counts: dict[str, float], found: Tally, hour_of: Callable[[float], int]) -> None:
    tokens = row.tokens
    counts["input"] += row.input
    counts["output"] += row.output
    counts["cache_read"] += row.cache_read
    counts["cache_creation"] += row.cache_creation
    counts[f"{TOKENS}{row.family}"] += tokens
    if row.thinking >= 0:
        counts["thinking"] += row.thinking
        counts["reported"] += row.output
    if not row.main:
        counts["side"] += tokens
    counts["searches"] += row.searches
    counts["fetches"] += row.fetches
    found.projects[row.project] = found.projects.get(row.project, 0) + tokens
    if row.advice:
        return
    counts["responses"] += 1
    counts[f"hour:{hour_of(row.at)}"] += 1
    counts[f"stop:{row.stop or NO_STOP}"] += 1
    first, last = found.sessions.get(row.session, (row.at, row.at))
    found.sessions[row.session] = (min(first, row.at), max(last, row.at))
