"""The account of what was used: de-duplicated, order-free, exact. Pure.

Entries are grouped by minute, with sums per minute and per hour, so that a look at seven days costs some hundred
additions and a new record costs a few. Whatever order the records come in, the ledger is the same.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from math import inf

from gauge_mqtt.core.blocks import BLOCK, HOUR, Block, walk
from gauge_mqtt.core.entries import Entry, Minute, Sums
from gauge_mqtt.core.reading import WEEK
from gauge_mqtt.core.responses import Change, Group, Records, covers

MINUTE = 60
WEEK_S = WEEK.total_seconds()
DAY_HOURS = 24
BLOCK_MINUTES = int(BLOCK // MINUTE)
"""Between minutes whose numbers differ by less there is no pause of more than 5 h, whatever is in them."""
KEEP_S = WEEK_S + 24 * HOUR
"""How long entries are kept, in seconds: a week, and a day of slack for clocks that are set back."""


class Ledger:
    """The account of one source.

    `minutes`: minute number (unix time // 60) -> `Minute`.
    `evicted`: up to when (unix s) entries were let go, and the block that was under way there. `week_from`: since when
    records decide which one of a response counts. `changes`: how often a record has changed the account.
    """

    def __init__(self) -> None:
        self.minutes: dict[int, Minute] = {}
        self._order: list[int] | None = []
        self._hours: dict[int, Sums] = {}
        self._unsummed: set[int] = set()
        """Hours with entries and not in `_hours`."""
        self.evicted: tuple[float, Block | None] = (-inf, None)
        self.week_from = -inf
        self.changes = 0
        self.groups: dict[str, Group] = {}
        self._minute_of: dict[str, int] = {}
        """Message id -> minute of the one entry with it, unless the id has a group."""
        self._complete_since = inf
        self._block: Block | None = None
        self._past: tuple[range, Sums] = (range(0), Sums())
        """Hours that are over, and what `sums` has made of them."""

    def __len__(self) -> int:
        return len(self._minute_of) + sum(len(group.counted) for group in self.groups.values())

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        """Every (key, entry), minute by minute, oldest first."""
        for number in self.order:
            yield from self.minutes[number].entries.items()

    @property
    def order(self) -> list[int]:
        """The numbers of the minutes, ascending. Sorted when asked for, which nobody does while a history is read."""
        if self._order is None:
            self._order = sorted(self.minutes)
        return self._order

    @property
    def hours(self) -> dict[int, Sums]:
        """Hour (unix time // 3600) -> its sums. Made when asked for, and kept current from then on."""
        for hour in self._unsummed:
            total = self._hours[hour] = Sums()
            for number in range(hour * MINUTE, (hour + 1) * MINUTE):
                if minute := self.minutes.get(number):
                    total.add(minute)
        self._unsummed.clear()
        return self._hours

    @property
    def complete_since(self) -> float:
        """Every record later than this instant (unix s) is in the ledger; -inf: every record there is."""
        return self._complete_since

    @complete_since.setter
    def complete_since(self, at: float) -> None:
        if at != self._complete_since:
            self._complete_since, self._block = at, None

    def add(self, message: str, request: str, entry: Entry, *, reused: bool = False) -> bool:
        """Take one record of the response with these ids. False if it changed nothing: a copy, or too old to be kept.

        `request` has no line break. `reused`: its file has the same message id on another response of a sidechain.
        """
        if entry.at < self.evicted[0]:
            return False
        key = f"{message}\n{request}"
        group = self.groups.get(message)
        if group is None:
            number = self._minute_of.get(message)
            if number is None and not reused:
                self._minute_of[message] = self._put(key, entry)
                self.changes += 1
                return True
            known = self.minutes[number].entries.get(key) if number is not None else None
            if known is not None and not reused:
                if entry.repeats(known) or covers(known, entry):  # most records repeat one: the first is quick to ask
                    return False
                if covers(entry, known):
                    self._remove(key, known)
                    self._minute_of[message] = self._put(key, entry)
                    self.changes += 1
                    return True
            group = self._regroup(message, number)
        return self._apply(group.add(key, entry, reused=reused))

    def _regroup(self, message: str, number: int | None) -> Group:
        """Make a group of a message id that had one entry at most."""
        records: Records = {}
        if number is not None:
            entries = self.minutes[number].entries
            records = {key: [entry] for key, entry in entries.items() if _message_of(key) == message}
            del self._minute_of[message]
        group = self.groups[message] = Group(records, reused=False, week_from=self.week_from)
        return group

    def _apply(self, changes: Iterable[Change]) -> bool:
        before = self.changes
        for key, old, new in changes:
            if old is not None:
                self._remove(key, old)
            if new is not None:
                self._put(key, new)
            self.changes += 1
        return self.changes != before

    def _put(self, key: str, entry: Entry) -> int:
        number = int(entry.at // MINUTE)
        minute = self.minutes.get(number)
        if minute is None:
            self.minutes[number] = Minute.of(key, entry)
            order = self._order
            if order is not None:
                if not order or number > order[-1]:
                    order.append(number)
                else:
                    self._order = None
        else:
            minute.put(key, entry)
        hour = number // MINUTE
        if hour in self._hours:
            self._hours[hour].count(entry)
        else:
            self._unsummed.add(hour)
        past, block = self._past[0], self._block
        if past and hour in past:
            self._past = range(0), Sums()
        if block is not None:
            inside = entry.at >= block.first and block.takes(entry.at)
            self._block = block._replace(last=max(block.last, entry.at)) if inside else None
        return number

    def _remove(self, key: str, entry: Entry) -> None:
        number = int(entry.at // MINUTE)
        minute = self.minutes[number]
        minute.take(key)
        if sums := self._hours.get(number // MINUTE):
            sums.discount(entry)
        if number // MINUTE in self._past[0]:
            self._past = range(0), Sums()
        if not minute.entries:
            del self.minutes[number]
            if self._order is not None:
                del self._order[bisect_left(self._order, number)]
        self._block = None

    def restore(
        self,
        minutes: dict[int, Minute],
        groups: Mapping[str, tuple[Records, bool]],
        evicted: tuple[float, Block | None],
        week_from: float,
    ) -> None:
        """Fill an empty ledger with what another one had. `groups`: message id -> `records` and `reused` of each."""
        self.minutes, self._order = minutes, None
        self.evicted, self.week_from, self._block, self._past = evicted, week_from, None, (range(0), Sums())
        self.groups = {
            message: Group(records, reused=reused, week_from=week_from) for message, (records, reused) in groups.items()
        }
        self._unsummed = {number // MINUTE for number in minutes}
        self._minute_of = {_message_of(key): number for number, minute in minutes.items() for key in minute.entries}
        for message in groups:
            self._minute_of.pop(message, None)

    def evict(self, now: float) -> None:
        """Let go of what no window can reach any more, remembering the block under way at that edge.

        Counted back from the newest entry if that is older: a clock that leaps ahead must not empty the ledger.
        """
        week_from = (now - WEEK_S) // HOUR * HOUR
        newest = self.minutes[self.order[-1]].last if self.order else now
        horizon = (min(now, newest) - KEEP_S) // HOUR * HOUR
        gone = self.order[: bisect_left(self.order, horizon // MINUTE)]
        if not gone and week_from == self.week_from:
            return
        if gone:
            self.evicted = (horizon, self.latest_block(horizon - 1))
        self.week_from = week_from
        for message, group in list(self.groups.items()):
            self._apply(group.settle(week_from, horizon))
            if not group.records:
                del self.groups[message]
        for number in gone:
            if number in self.minutes:  # its group may have let go of what was in it
                for key in self.minutes.pop(number).entries:
                    del self._minute_of[_message_of(key)]
        self._order = None
        for hour in [hour for hour in self.hours if hour < horizon // HOUR]:
            del self.hours[hour]
        self._block, self._past = None, (range(0), Sums())

    def sums(self, after: float, upto: float) -> Sums:
        """Sums of the entries later than the first and up to the second unix second."""
        total = Sums()
        first, last = int(after // MINUTE), int(upto // MINUTE)
        for number in {first, last} & self.minutes.keys():
            minute = self.minutes[number]
            if after < minute.first and minute.last <= upto:
                total.add(minute)
            else:
                for entry in minute.entries.values():
                    if after < entry.at <= upto:
                        total.count(entry)
        hours = range(first // MINUTE + 1, last // MINUTE)
        total.add(self._of_hours(hours))
        edges = [(first + 1, hours.start * MINUTE), (hours.stop * MINUTE, last)] if hours else [(first + 1, last)]
        for low, high in edges:
            for number in self.order[bisect_left(self.order, low) : bisect_left(self.order, high)]:
                total.add(self.minutes[number])
        return total

    def _of_hours(self, hours: range) -> Sums:
        """Sums of whole hours. Of a long stretch those are remembered that are over, since they mostly stand still."""
        total, start = Sums(), hours.start
        if self.order and len(hours) > DAY_HOURS:
            past = range(start, max(start, min(hours.stop, self.order[-1] // MINUTE)))
            if self._past[0] != past:
                self._past = past, self._added(past)
            total.add(self._past[1])
            start = past.stop
        total.add(self._added(range(start, hours.stop)))
        return total

    def _added(self, hours: range) -> Sums:
        total, known = Sums(), self.hours
        for hour in hours:
            if hour in known:
                total.add(known[hour])
        return total

    def reused_ids(self) -> dict[str, list[str]]:
        """Message ids that several responses have, each with the requests of those that count."""
        return {
            message: [key.rpartition("\n")[2] for key in group.counted]
            for message, group in self.groups.items()
            if group.is_reused and "\n" not in message  # as in the names of advice
        }

    def latest_block(self, upto: float) -> Block | None:
        """The block of the newest record up to `upto` (unix s, by the minute).

        `None` if there is no such record, or if the chain is not known back to a pause of more than 5 h.
        """
        if self._block is not None and self._block.last <= upto:
            return self._block
        known_from = max(self._complete_since, self.evicted[0])
        low = bisect_left(self.order, known_from / MINUTE)
        high = bisect_right(self.order, upto // MINUTE)
        if low >= high:
            return None
        start = high - 1
        order = self.order
        while start > low and (order[start] - order[start - 1] < BLOCK_MINUTES or self._pause_before(start) <= BLOCK):
            start -= 1
        block = None
        if start == low:
            if self._complete_since <= self.evicted[0] and self.evicted[1] is not None:
                block = self.evicted[1]
            elif self.minutes[self.order[low]].first - known_from <= BLOCK:
                return None
        while start < high:
            block, start = self._after(block, start, high)
        if high == len(self.order):
            self._block = block
        return block

    def _pause_before(self, place: int) -> float:
        """Seconds without a record before the minute at that place of `order`."""
        return self.minutes[self.order[place]].first - self.minutes[self.order[place - 1]].last

    def _after(self, block: Block | None, place: int, high: int) -> tuple[Block, int]:
        """The block under way after one or more minutes from that place of `order` on, and the place behind them."""
        if block is not None:  # whatever is in the minutes that end with it
            behind = bisect_right(self.order, (block.start + BLOCK) // MINUTE - 1, place, high)
            if behind > place:
                return block._replace(last=self.minutes[self.order[behind - 1]].last), behind
        instants = sorted(entry.at for entry in self.minutes[self.order[place]].entries.values())
        found = walk(block, instants)
        assert found is not None  # noqa: S101, a minute has an entry
        return found, place + 1


def _message_of(key: str) -> str:
    """The message id in a key; the request id behind it has no line break."""
    return key.rpartition("\n")[0]
