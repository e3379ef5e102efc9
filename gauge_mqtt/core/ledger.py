"""The account of what was used: de-duplicated, order-free, exact. Pure.

Records are grouped by minute, with their sums per minute and per hour, so that a look at seven days costs some hundred
additions and a new record costs a few. Whatever order the records come in, the ledger is the same.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from math import inf

import msgspec

from gauge_mqtt.core.blocks import BLOCK, HOUR, Block, walk
from gauge_mqtt.core.reading import WEEK

MINUTE = 60
KEEP_S = WEEK.total_seconds() + 24 * HOUR
"""How long records are kept, in seconds: a week, and a day of slack for clocks that are set back."""


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One response. `at`: unix seconds, UTC; the rest tokens; `thinking` -1: not reported; `main`: not a sidechain."""

    at: float
    input: int
    output: int
    cache_read: int
    cache_creation: int
    thinking: int
    model: str | None
    main: bool

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_creation

    @property
    def rank(self) -> tuple[bool, int, int, float, int, int, int, str]:
        """Which of several records of one message is the true one: main chain, then largest, then earliest.

        The remaining fields only make the order total, so that the choice never depends on who came first.
        """
        return (
            self.main, self.tokens, self.thinking, -self.at, self.output, self.cache_read, self.input, self.model or ""
        )  # fmt: skip


class Minute(msgspec.Struct, array_like=True):
    """The records of one UTC minute, when the outermost of them were (unix s), and their sums in tokens.

    `reported`: output of those that say their thinking.
    """

    entries: dict[str, Entry] = {}
    first: float = inf
    last: float = -inf
    tokens: int = 0
    output: int = 0
    cache_read: int = 0
    thinking: int = 0
    reported: int = 0

    def put(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        self.first, self.last = min(self.first, entry.at), max(self.last, entry.at)
        self._count(entry, 1)

    def take(self, key: str) -> Entry:
        entry = self.entries.pop(key)
        if entry.at in (self.first, self.last):
            self.first = min((other.at for other in self.entries.values()), default=inf)
            self.last = max((other.at for other in self.entries.values()), default=-inf)
        self._count(entry, -1)
        return entry

    def _count(self, entry: Entry, sign: int) -> None:
        self.tokens += sign * entry.tokens
        self.output += sign * entry.output
        self.cache_read += sign * entry.cache_read
        if entry.thinking >= 0:
            self.thinking += sign * entry.thinking
            self.reported += sign * entry.output


class Ledger:
    """The account of one source.

    `minutes`: minute number (unix time // 60) -> `Minute`; `order`: its keys, ascending; `hours`: hour -> tokens.
    `evicted`: up to when (unix s) records were let go, and the block that was under way there. `changes`: how often a
    record has changed the account.
    """

    def __init__(self) -> None:
        self.minutes: dict[int, Minute] = {}
        self.order: list[int] = []
        self.hours: dict[int, int] = {}
        self.evicted: tuple[float, Block | None] = (-inf, None)
        self.changes = 0
        self._minute_of: dict[str, int] = {}
        self._complete_since = inf
        self._block: Block | None = None

    def __len__(self) -> int:
        return len(self._minute_of)

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        """Every (key, entry), minute by minute, oldest first."""
        for number in self.order:
            yield from self.minutes[number].entries.items()

    @property
    def complete_since(self) -> float:
        """Every record later than this instant (unix s) is in the ledger; -inf: every record there is."""
        return self._complete_since

    @complete_since.setter
    def complete_since(self, at: float) -> None:
        if at != self._complete_since:
            self._complete_since, self._block = at, None

    def add(self, key: str, entry: Entry) -> bool:
        """Take one record of message `key`. False if it changed nothing: a duplicate, or older than what is kept."""
        known = self._minute_of.get(key)
        if known is not None:
            if entry.rank <= self.minutes[known].entries[key].rank:
                return False
            self._remove(known, key)
        elif entry.at < self.evicted[0]:
            return False
        number = int(entry.at // MINUTE)
        minute = self.minutes.get(number)
        if minute is None:
            minute = self.minutes[number] = Minute()
            insort(self.order, number)
        minute.put(key, entry)
        hour = number // MINUTE
        self.hours[hour] = self.hours.get(hour, 0) + entry.tokens
        self._minute_of[key] = number
        self.changes += 1
        if block := self._block:
            inside = entry.at >= block.first and block.takes(entry.at)
            self._block = block._replace(last=max(block.last, entry.at)) if inside else None
        return True

    def _remove(self, number: int, key: str) -> None:
        minute = self.minutes[number]
        self.hours[number // MINUTE] -= minute.take(key).tokens
        if not minute.entries:
            del self.minutes[number]
            del self.order[bisect_left(self.order, number)]
        self._block = None

    def restore(self, minutes: dict[int, Minute], evicted: tuple[float, Block | None]) -> None:
        """Fill an empty ledger with the `minutes` of another, and its `evicted`."""
        self.minutes, self.order = minutes, sorted(minutes)
        self._minute_of = {key: number for number, minute in minutes.items() for key in minute.entries}
        for number in self.order:
            self.hours[number // MINUTE] = self.hours.get(number // MINUTE, 0) + minutes[number].tokens
        self.evicted, self._block = evicted, None

    def evict(self, now: float) -> None:
        """Let go of what no window can reach any more, remembering the block under way at that edge.

        Counted back from the newest record if that is older: a clock that leaps ahead must not empty the ledger.
        """
        if not self.order:
            return
        horizon = (min(now, self.minutes[self.order[-1]].last) - KEEP_S) // HOUR * HOUR
        gone = bisect_left(self.order, horizon // MINUTE)
        if not gone:
            return
        block = self.latest_block(horizon - 1)
        for number in self.order[:gone]:
            for key in self.minutes.pop(number).entries:
                del self._minute_of[key]
            self.hours.pop(number // MINUTE, None)
        del self.order[:gone]
        self.evicted, self._block = (horizon, block), None

    def latest_block(self, upto: float) -> Block | None:
        """The block of the newest record up to `upto` (unix s, by the minute).

        `None` if there is no such record, or if the chain is not known back to a pause of more than 5 h.
        """
        if self._block is not None and self._block.last <= upto:
            return self._block
        known_from = max(self._complete_since, self.evicted[0])
        if known_from == inf:
            return None
        low = 0 if known_from == -inf else bisect_left(self.order, known_from // MINUTE + (known_from % MINUTE > 0))
        high = bisect_right(self.order, upto // MINUTE)
        if low >= high:
            return None
        start = high - 1
        while start > low and not self._pause_between(self.order[start - 1], self.order[start]):
            start -= 1
        block = None
        if start == low and known_from != -inf:
            if self._complete_since <= self.evicted[0] and self.evicted[1] is not None:
                block = self.evicted[1]
            elif self.minutes[self.order[low]].first - known_from <= BLOCK:
                return None
        for number in self.order[start:high]:
            block = self._after(block, number)
        if high == len(self.order):
            self._block = block
        return block

    def _after(self, block: Block | None, number: int) -> Block | None:
        """The block under way after one minute, from the one before it."""
        minute = self.minutes[number]
        if block is not None and block.takes((number + 1) * MINUTE):  # and so whatever is in this minute
            return block._replace(last=minute.last)
        return walk(block, sorted(entry.at for entry in minute.entries.values()))

    def _pause_between(self, before: int, after: int) -> bool:
        if (after - before + 1) * MINUTE <= BLOCK:
            return False
        return self.minutes[after].first - self.minutes[before].last > BLOCK
