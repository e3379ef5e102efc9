"""Which records are one response. Pure.

A response is known by its message id and its request id. Most have one true record, and the ledger keeps just that.
A `Group` holds a message id of which more must be remembered:

- Several requests bear it. On the main chain these are different responses, of a gateway that gives every response
  the same id. On a sidechain it is a copy of the main chain's response, as Claude Code writes it into a subagent's log
  with a request id of its own. But where the id is known to be reused it proves nothing, and each is a response.
- One response was recorded twice with hours between. The records of the last week decide: older logs may never be read,
  so what stands in them must not change what is counted.

Whatever order the records come in, what counts is the same.
"""

from collections.abc import Iterable
from functools import reduce

from gauge_mqtt.core.blocks import HOUR
from gauge_mqtt.core.entries import Entry

Records = dict[str, list[Entry]]
"""Key of a response -> its records that are, or may yet become, the true one."""
Change = tuple[str, Entry | None, Entry | None]
"""Key of a response, the entry that counted for it until now, the one that counts instead."""


def covers(entry: Entry, other: Entry) -> bool:
    """Whether `other` can never be the true record of their response again: the week's edge moves by the hour."""
    return entry.at // HOUR >= other.at // HOUR and not other.beats(entry)


def true_record(records: Iterable[Entry], week_from: float) -> Entry:
    """The record that beats the others, among those since `week_from` if there is one."""
    known = list(records)
    recent = [entry for entry in known if entry.at >= week_from]
    return reduce(lambda best, entry: entry if entry.beats(best) else best, recent or known)


class Group:
    r"""All responses with one message id.

    `counted`: key -> the entry that counts. `reused`: one file of a sidechain has the id on several responses.
    `week_from`: since when records decide, unix seconds.

        group.add("msg_1\nreq_1", entry, reused=False)    # [("msg_1\nreq_1", None, entry)]: it counts from now on
    """

    def __init__(self, records: Records, *, reused: bool, week_from: float) -> None:
        self.records = records
        self.reused = reused
        self.counted: dict[str, Entry] = {}
        self._week_from = week_from
        self._true: dict[str, Entry] = {}
        self._sides: set[str] = set()
        self._mains = 0
        """Responses of the main chain since `week_from`."""
        self._sum_up()

    @property
    def is_reused(self) -> bool:
        """Whether several responses bear the id, so that it proves nothing."""
        return self.reused or self._mains > 1

    def add(self, key: str, entry: Entry, *, reused: bool) -> list[Change]:
        """Take one record. Returns what it changes in `counted`."""
        known = self.records.setdefault(key, [])
        if not any(covers(other, entry) for other in known):
            known[:] = [other for other in known if not covers(entry, other)] + [entry]
        sides_counted = self._sides_count
        self.reused |= reused
        self._note(key, true_record(known, self._week_from))
        return self._decide({key} if sides_counted == self._sides_count else self._sides | {key})

    def settle(self, week_from: float, horizon: float) -> list[Change]:
        """Let the records since `week_from` decide, and forget those before `horizon` (unix seconds)."""
        for key, known in list(self.records.items()):
            known[:] = [entry for entry in known if entry.at >= horizon]
            if not known:
                del self.records[key]
        self._week_from = week_from
        return self._sum_up()

    def _sum_up(self) -> list[Change]:
        gone = self.counted.keys() - self.records.keys()
        self._true, self._sides, self._mains = {}, set(), 0
        for key, known in self.records.items():
            self._note(key, true_record(known, self._week_from))
        return self._decide(self._true.keys() | gone)

    def _note(self, key: str, entry: Entry) -> None:
        """Register the true record of a response, in place of the one before."""
        before = self._true.get(key)
        if before is not None and before.main and before.at >= self._week_from:
            self._mains -= 1
        self._sides.discard(key)
        if not entry.main:
            self._sides.add(key)
        elif entry.at >= self._week_from:
            self._mains += 1
        self._true[key] = entry

    @property
    def _sides_count(self) -> bool:
        return self._mains == 0 or self.is_reused

    def _decide(self, keys: Iterable[str]) -> list[Change]:
        changes: list[Change] = []
        for key in keys:
            old, new = self.counted.get(key), self._true.get(key)
            if new is not None and not new.main and not self._sides_count:
                new = None
            if old is not new:
                changes.append((key, old, new))
                if new is None:
                    del self.counted[key]
                else:
                    self.counted[key] = new
        return changes
