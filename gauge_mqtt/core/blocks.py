"""The 5-hour block, by ccusage's exact rule (`facts` of ccusage 20, its blocks module). Pure.

A block starts on the UTC hour of its first record and ends 5 h later. A new one begins when a record comes more than
5 h after the block's start. (ccusage also asks whether it comes more than 5 h after the record before it, which is
never true alone.) Hence every boundary depends on all records back to the last pause of more than 5 h.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gauge_mqtt.core.reading import OPEN_WINDOW

HOUR = 3600
BLOCK = OPEN_WINDOW.total_seconds()


class Block(NamedTuple):
    """`start` is on the hour; `first` and `last` are its outermost records. Unix seconds, UTC."""

    start: float
    first: float
    last: float

    @property
    def end(self) -> float:
        return self.start + BLOCK

    def takes(self, at: float) -> bool:
        """Whether a record at `at`, not before `first`, belongs here: one at exactly start + 5 h still does."""
        return at - self.start <= BLOCK

    def active(self, now: float) -> bool:
        return now < self.end


def opened(at: float) -> Block:
    return Block(at // HOUR * HOUR, at, at)


def walk(block: Block | None, instants: Iterable[float]) -> Block | None:
    """The block under way after `instants` (ascending), starting from the one under way before them."""
    for at in instants:
        block = block._replace(last=at) if block is not None and block.takes(at) else opened(at)
    return block
