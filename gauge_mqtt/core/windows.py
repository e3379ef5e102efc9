"""What a ledger says at an instant, as a `Reading`. Pure."""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from math import ceil, inf, nextafter
from typing import NamedTuple

from gauge_mqtt.core.blocks import BLOCK, HOUR
from gauge_mqtt.core.ledger import MINUTE, Entry, Ledger, Minute
from gauge_mqtt.core.reading import CACHE_WINDOW, CLOCK_SKEW, RATE_WINDOW, WEEK, Account, Ratio, Reading, Window

WEEK_S = WEEK.total_seconds()
RATE_AHEAD_S = CLOCK_SKEW.total_seconds()
"""How far ahead of our clock a record may be and still count into the last minutes."""
WINDOW_AHEAD_S = 3600.0
"""... and into the windows. What is further ahead waits until its time comes."""
BUSY_PERCENTILE = 0.95


def read(ledger: Ledger, now: datetime, source: str) -> Reading:
    """The facts of `ledger` at `now`. A window that is not completely in the ledger yet is `None`."""
    at, since = now.timestamp(), ledger.complete_since
    minute_ago, cache_from = at - RATE_WINDOW.total_seconds(), at - CACHE_WINDOW.total_seconds()
    window_5h, thinking = _open_window(ledger, at)
    newest, activity_at = _newest(ledger, at)
    return Reading(
        source=source,
        rate_tokens=_sums(ledger, minute_ago, at + RATE_AHEAD_S).tokens if since <= minute_ago else None,
        cache=_cache(_sums(ledger, cache_from, at + RATE_AHEAD_S)) if since <= cache_from else None,
        window_5h=window_5h,
        window_7d=Window(tokens=_week_tokens(ledger, at)) if since <= at - WEEK_S else None,
        thinking=thinking,
        model=newest.model if newest else None,
        model_at=_instant(newest.at) if newest else None,
        activity_at=activity_at,
        sees_turns=True,
        account=Account(since=since, tokens={hour: tokens for hour, tokens in ledger.hours.items() if tokens}),
    )


def tokens_between(ledger: Ledger, after: float, upto: float) -> int | None:
    """Tokens of the records after the first and up to the second unix second; `None` if not all of them are known."""
    if ledger.complete_since > after:
        return None
    return _sums(ledger, after, upto).tokens


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


class _Sums(NamedTuple):
    """Tokens of some records. `reported`: output of those that say their thinking."""

    tokens: int
    output: int
    cache_read: int
    thinking: int
    reported: int


def _sums(ledger: Ledger, after: float, upto: float) -> _Sums:
    """Of the records after the first and up to the second unix second.

    A minute between the two is added by its sums; only in one that they cut is each record looked at.
    """
    tokens = output = cache_read = thinking = reported = 0
    low, high = bisect_left(ledger.order, after // MINUTE), bisect_right(ledger.order, upto // MINUTE)
    for number in ledger.order[low:high]:
        part = ledger.minutes[number]
        if part.first <= after or part.last > upto:
            part = _part(part, after, upto)
        tokens += part.tokens
        output += part.output
        cache_read += part.cache_read
        thinking += part.thinking
        reported += part.reported
    return _Sums(tokens, output, cache_read, thinking, reported)


def _part(minute: Minute, after: float, upto: float) -> Minute:
    part = Minute(entries={})
    for key, entry in minute.entries.items():
        if after < entry.at <= upto:
            part.put(key, entry)
    return part


def _cache(sums: _Sums) -> Ratio:
    return Ratio(part=sums.cache_read, whole=sums.tokens - sums.output)


def _open_window(ledger: Ledger, at: float) -> tuple[Window | None, Ratio | None]:
    """The active 5 h block and its thinking. No record for 5 h is a window of 0, whatever came before."""
    upto = at + WINDOW_AHEAD_S
    block = ledger.latest_block(upto)
    if block is None:
        quiet = bisect_right(ledger.order, (at - BLOCK) // MINUTE) == bisect_right(ledger.order, upto // MINUTE)
        return (Window(tokens=0), None) if quiet and ledger.complete_since <= at - BLOCK else (None, None)
    if not block.active(at):
        return Window(tokens=0), None
    sums = _sums(ledger, nextafter(block.first, -inf), _end_of_minute(upto))
    thinking = Ratio(part=sums.thinking, whole=sums.reported) if sums.reported else None
    return Window(tokens=sums.tokens, ends_at=_instant(block.end)), thinking


def _end_of_minute(at: float) -> float:
    """The last instant of its minute: what is ahead of our clock is let in by the minute."""
    return nextafter((at // MINUTE + 1) * MINUTE, 0)


def _week_tokens(ledger: Ledger, at: float) -> int:
    start = at - WEEK_S
    edge, upto = int(start // HOUR), (at + WINDOW_AHEAD_S) // MINUTE
    total = sum(tokens for hour, tokens in ledger.hours.items() if hour > edge)
    total += _sums(ledger, start, nextafter((edge + 1) * HOUR, 0)).tokens
    for number in reversed(ledger.order):
        if number <= upto:
            break
        total -= ledger.minutes[number].tokens
    return total


def _newest(ledger: Ledger, at: float) -> tuple[Entry | None, datetime | None]:
    """The newest main-chain response of the last 5 h that names its model, if nothing newer can still be unread; and
    when there was any response at all.
    """
    oldest, activity_at = max(at - BLOCK, ledger.complete_since), None
    high = bisect_right(ledger.order, (at + WINDOW_AHEAD_S) // MINUTE)
    for number in reversed(ledger.order[:high]):
        minute = ledger.minutes[number]
        if minute.last <= oldest:
            break
        activity_at = activity_at or _instant(minute.last)
        named = [e for e in minute.entries.values() if e.main and e.model and e.at > oldest]
        if named:
            return max(named, key=lambda e: (e.at, e.model or "")), activity_at
    return None, activity_at


def busy_minute(ledger: Ledger, now: datetime) -> int | None:
    """95th percentile (nearest rank) of the minutes with tokens in the last 7 days.

    `None` without any, or while the week is not read. Sorts up to 10,080 numbers: ask once a minute, not each look.
    """
    at = now.timestamp()
    if ledger.complete_since > at - WEEK_S:
        return None
    low = bisect_right(ledger.order, (at - WEEK_S) // MINUTE)
    high = bisect_right(ledger.order, (at + WINDOW_AHEAD_S) // MINUTE)
    active = sorted(tokens for n in ledger.order[low:high] if (tokens := ledger.minutes[n].tokens) > 0)
    return active[ceil(len(active) * BUSY_PERCENTILE) - 1] if active else None
