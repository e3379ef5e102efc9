"""What one log line tells, as rows that are counted once. Pure.

Every id is a keyed hash (a signed 64-bit integer), so that no row holds a name. A row that comes again, by a replay, a
fork, a resumed session or a file that is read anew, has the same id and changes nothing.
"""

from typing import NamedTuple


class ResponseRow(NamedTuple):
    """One record of a response. `id`: of message and request; `message`: of the message alone.

    `at`: unix seconds; the counts are tokens, `thinking` -1 where it is not reported; `main`: not of a side chain;
    `reused`: see `Ledger.add`; `advice`: what an advisor used, which is no response of its own; `stop`: why it ended,
    empty while that is unknown; `session` and `project`: hashes.
    """

    id: int
    message: int
    at: float
    input: int
    output: int
    cache_read: int
    cache_creation: int
    thinking: int
    family: str
    main: bool
    reused: bool
    advice: bool
    searches: int
    fetches: int
    stop: str
    session: int
    project: int

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_creation


class FactRow(NamedTuple):
    """Something that happened at an instant: `n` of `name`. `who`: a hash, where distinct ones are counted; else 0."""

    id: int
    at: float
    name: str
    n: float
    who: int = 0


class Used(NamedTuple):
    """What a bill says of one model, cumulative. `model`: its family, a blank and a hash. `hour`: cache creation of the
    1 h kind, `creation` of the other.
    """

    model: str
    input: int
    output: int
    cache_read: int
    creation: int
    hour: int
    searches: int
    usd: float

    @property
    def counts(self) -> tuple[int, int, int, int, int, int]:
        """What has a price each."""
        return (self.input, self.output, self.cache_read, self.creation, self.hour, self.searches)

    @property
    def tokens(self) -> int:
        return sum(self.counts[:-1])


class BillRow(NamedTuple):
    """What Claude Code says that a session has cost so far (`cost-state`): cumulative over resumes and forks.

    `chain`: a hash of the instant at which the first of a row of forks started; `session`: whose bill it is;
    `copied`: of a fork, when the last answer came that it has from its parent; `since`: when the first of its own did.
    Both `None` for a session that is none. `at`: of the last record before it.
    `known`: whether every model had a price.
    """

    id: int
    chain: int
    session: int
    at: float
    copied: float | None
    since: float | None
    known: bool
    usd: float
    added: int
    removed: int
    used: tuple[Used, ...]


def better(one: ResponseRow, other: ResponseRow) -> ResponseRow:
    """What is true of a response that was recorded twice: the main chain, then the largest, then the earliest record.

    What a record may leave out is taken from either: why it ended, searches and fetches. The rest of the order only
    makes it total, so that the choice never depends on who came first.
    """

    def rank(row: ResponseRow) -> tuple[object, ...]:
        return (
            row.main, row.tokens, row.thinking, -row.at, row.output, row.cache_read, row.input, row.family,
            -row.session, -row.project,
        )  # fmt: skip

    best = one if rank(one) >= rank(other) else other
    return best._replace(
        stop=max(one.stop, other.stop),
        searches=max(one.searches, other.searches),
        fetches=max(one.fetches, other.fetches),
        reused=one.reused or other.reused,
    )
