"""The account of what Prometheus answered, by the minute of its clock. Pure."""

from collections.abc import Iterable, Mapping

from gauge_mqtt.core.busy import busy_minute
from gauge_mqtt.core.reading import WEEK
from gauge_mqtt.sources.prometheus.queries import STEP_S

SLICE_S = 3 * 3600
"""What is asked of the past at once: half a second of the server's time where there is much to tell."""
RECORDED_SLICE_S = 4 * SLICE_S
"""The same where recording rules tell: for an hour of a series VictoriaMetrics may have to unpack five days of it."""
SLICE_LEAST_S = 600
"""What takes the server too long is asked in halves, down to this."""
SETTLED_S = 120
"""Samples may come late: younger minutes are asked for again each time."""
WEEK_S = WEEK.total_seconds()


class Minutes:
    """Tokens and USD of a week by the minute (its end, unix s) of the server's clock; read in slices, newest first."""

    def __init__(self) -> None:
        self.tokens: dict[int, float] = {}
        self.usd: dict[int, float] = {}
        self._read: dict[int, int] = {}

    @property
    def mark(self) -> int | None:
        """Up to when it has been read."""
        return max(self._read.values(), default=None)

    def unread(self, at: float) -> list[tuple[int, int]]:
        """(after, upto) of what there is to ask at `at`; the two newest again and again, as samples may come late."""
        settled = int((at - SETTLED_S) // STEP_S * STEP_S)
        newest = (settled - 1) // SLICE_S
        slices = range(newest, int((at - WEEK_S) // SLICE_S) - 1, -1)
        ends = {number: min((number + 1) * SLICE_S, settled) for number in slices}
        return [
            (number * SLICE_S, end) for number, end in ends.items()
            if newest - number <= 1 or self._read.get(number, 0) < end
        ]  # fmt: skip

    def put(
        self, after: int, upto: int, tokens: Mapping[int, float], usd: Mapping[int, float], *, doubtful: bool = False
    ) -> None:
        """What was read of a slice. `doubtful`: who answered may know less than another, then the larger sum stays."""
        first, last = after // SLICE_S, (upto - 1) // SLICE_S
        gone, read = upto - WEEK_S - SLICE_S, self._read.get(first, 0)
        if doubtful and _sum(tokens, after, read) < _sum(self.tokens, after, read):
            after, tokens, usd = read, _later(tokens, read), _later(usd, read)
        for kept, found in ((self.tokens, tokens), (self.usd, usd)):
            for minute in [minute for minute in kept if after < minute <= upto or minute < gone]:
                del kept[minute]
            kept.update(found)
        self._read |= {number: min((number + 1) * SLICE_S, upto) for number in range(first, last + 1)}
        self._read = {number: end for number, end in self._read.items() if end > gone}

    def reaches(self, after: float) -> bool:
        """Whether everything from `after` to the mark has been read."""
        mark = self.mark
        if mark is None:
            return False
        slices = range(int(after) // SLICE_S, (mark - 1) // SLICE_S + 1)
        return all(self._read.get(number, 0) >= min((number + 1) * SLICE_S, mark) for number in slices)

    def since(self, after: float) -> tuple[float, float]:
        """Tokens and USD after an instant, to the nearest minute."""
        first = after + STEP_S / 2
        tokens, usd = (sum(value for at, value in kept.items() if at > first) for kept in (self.tokens, self.usd))
        return tokens, usd

    def hours(self, after: float, *, usd: bool) -> dict[int, float]:
        """Tokens, or USD, of each whole hour (unix time // 3600) that begins after an instant."""
        sums: dict[int, float] = {}
        for end, value in (self.usd if usd else self.tokens).items():
            hour = (end - 1) // 3600
            if hour * 3600 >= after:
                sums[hour] = sums.get(hour, 0.0) + value
        return sums

    def busy(self, after: float) -> int | None:
        """A busy minute after an instant."""
        return busy_minute(count for at, count in self.tokens.items() if at > after)


def joined(slices: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Slices, newest first, as few and long ones."""
    found: list[tuple[int, int]] = []
    for after, upto in slices:
        if found and found[-1][0] == upto and found[-1][1] - after <= RECORDED_SLICE_S:
            found[-1] = (after, found[-1][1])
        else:
            found.append((after, upto))
    return found


def halves(after: int, upto: int) -> list[tuple[int, int]]:
    """What was too much for the server, in two: slices, the newer first, or one of them, the older first, as what is
    read of it is known by its end; or as it is, if it is small already.
    """
    if upto - after > SLICE_S:
        middle = after + -(-(upto - after) // (2 * SLICE_S)) * SLICE_S
        return [(middle, upto), (after, middle)]
    middle = (after + (upto - after) // 2) // STEP_S * STEP_S
    return [(after, middle), (middle, upto)] if upto - after >= 2 * SLICE_LEAST_S else [(after, upto)]


def _sum(minutes: Mapping[int, float], after: int, upto: int) -> float:
    return sum(value for minute, value in minutes.items() if after < minute <= upto)


def _later(minutes: Mapping[int, float], after: int) -> dict[int, float]:
    return {minute: value for minute, value in minutes.items() if minute > after}
