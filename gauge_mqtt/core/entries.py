"""What one record of a log says was used, and sums of that. Pure."""

from math import inf
from typing import Annotated

import msgspec
from msgspec import Meta

from gauge_mqtt.core.blocks import HOUR
from gauge_mqtt.core.reading import TokenCounts

SYNTHETIC = "<synthetic>"
"""No model: what Claude Code's own note of an API error names in the place of one."""

EARLIEST, LATEST = 0.0, 253_370_764_800.0
"""Unix seconds of 1970 and of the year 9999: what lies beyond is no instant that anything can be added to."""
Instant = Annotated[float, Meta(ge=EARLIEST, lt=LATEST)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
"""Far beyond what a line may say. Both bounds are asked where a record is read from what was saved or told."""


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One record of a response. `at`: unix seconds, UTC; the counts are tokens, `thinking` -1 where it is not reported.

    `model`: the id that the needle's lamp goes by, if any; `main`: not of a sidechain.
    """

    at: Instant
    input: Count
    output: Count
    cache_read: Count
    cache_creation: Count
    thinking: Annotated[int, Meta(ge=-1, le=10**12)]
    model: str | None
    main: bool

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_creation

    def repeats(self, other: "Entry") -> bool:
        """Whether this tells the counts of `other` again, in the same hour and no earlier."""
        return (
            self.output == other.output
            and self.cache_read == other.cache_read
            and self.input == other.input
            and self.cache_creation == other.cache_creation
            and self.thinking == other.thinking
            and self.main is other.main
            and other.at < self.at < other.at // HOUR * HOUR + HOUR
        )

    def beats(self, other: "Entry") -> bool:
        """Whether this and not `other` is the true record of one response: main chain, then largest, then earliest.

        The remaining fields only make the order total, so that the choice never depends on who came first.
        """
        if self.main is not other.main:
            return self.main
        mine, theirs = self.tokens, other.tokens
        if mine != theirs:
            return mine > theirs
        if self.thinking != other.thinking:
            return self.thinking > other.thinking
        if self.at != other.at:
            return self.at < other.at
        left, right = ((e.output, e.cache_read, e.input, e.model or "") for e in (self, other))
        return left > right


class Sums(msgspec.Struct, array_like=True, gc=False):
    """Tokens of some responses. `thinking` and `reported` (its output) are of those that report their thinking."""

    tokens: int = 0
    output: int = 0
    cache_read: int = 0
    cache_creation: int = 0
    thinking: int = 0
    reported: int = 0

    @property
    def counts(self) -> TokenCounts:
        """By class."""
        input_ = self.tokens - self.output - self.cache_read - self.cache_creation
        return TokenCounts(input_, self.output, self.cache_read, self.cache_creation)

    def count(self, entry: Entry) -> None:
        output, read, creation = entry.output, entry.cache_read, entry.cache_creation
        self.tokens += entry.input + output + read + creation
        self.output += output
        self.cache_read += read
        self.cache_creation += creation
        if entry.thinking >= 0:
            self.thinking += entry.thinking
            self.reported += output

    def discount(self, entry: Entry) -> None:
        self.tokens -= entry.tokens
        self.output -= entry.output
        self.cache_read -= entry.cache_read
        self.cache_creation -= entry.cache_creation
        if entry.thinking >= 0:
            self.thinking -= entry.thinking
            self.reported -= entry.output

    def add(self, other: "Sums") -> None:
        self.tokens += other.tokens
        self.output += other.output
        self.cache_read += other.cache_read
        self.cache_creation += other.cache_creation
        self.thinking += other.thinking
        self.reported += other.reported


class Minute(Sums, array_like=True, gc=False):
    """The entries of one UTC minute by their keys, their sums, and when the outermost of them were (unix s)."""

    entries: dict[str, Entry] = {}
    first: float = inf
    last: float = -inf

    @classmethod
    def of(cls, key: str, entry: Entry) -> "Minute":
        """Of one entry."""
        at, output, read, creation = entry.at, entry.output, entry.cache_read, entry.cache_creation
        thinking, reported = (entry.thinking, output) if entry.thinking >= 0 else (0, 0)
        tokens = entry.input + output + read + creation
        return cls(tokens, output, read, creation, thinking, reported, {key: entry}, at, at)

    def put(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        at = entry.at
        if at < self.first:  # noqa: PLR1730, twice as fast as `min`
            self.first = at
        if at > self.last:  # noqa: PLR1730
            self.last = at
        output, read, creation = entry.output, entry.cache_read, entry.cache_creation  # `count`, without its call
        self.tokens += entry.input + output + read + creation
        self.output += output
        self.cache_read += read
        self.cache_creation += creation
        if entry.thinking >= 0:
            self.thinking += entry.thinking
            self.reported += output

    def take(self, key: str) -> Entry:
        entry = self.entries.pop(key)
        if entry.at in (self.first, self.last):
            self.first = min((other.at for other in self.entries.values()), default=inf)
            self.last = max((other.at for other in self.entries.values()), default=-inf)
        self.discount(entry)
        return entry
