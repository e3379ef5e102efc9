"""What a ledger says at an instant, as a `Reading`. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, nextafter

from gauge_mqtt.core.blocks import BLOCK, HOUR, Block
from gauge_mqtt.core.ledger import MINUTE, Entry, Ledger
from gauge_mqtt.core.reading import CACHE_WINDOW, RATE_WINDOW, WEEK, Ratio, Reading, Window

WEEK_S = WEEK.total_seconds()
RATE_AHEAD_S = 10.0
"""How far ahead of our clock a record may be and still count into the last minutes."""
WINDOW_AHEAD_S = 3600.0
"""... and into the windows. What is further ahead waits until its time comes."""
BUSY_PERCENTILE = 0.95


def read(ledger: Ledger, now: datetime, source: str) -> Reading:
    """The facts of `ledger` at `now`. A window that is not completely in the ledger yet is `None`."""
    at, since = now.timestamp(), ledger.complete_since
    minute_ago, cache_from = at - RATE_WINDOW.total_seconds(), at - CACHE_WINDOW.total_seconds()
    recent = list(_between(ledger, cache_from, at + RATE_AHEAD_S))
    window_5h, thinking = _open_window(ledger, at)
    newest, activity_at = _newest(ledger, at)
    return Reading(
        source=source,
        rate_tokens=sum(e.tokens for e in recent if e.at > minute_ago) if since <= minute_ago else None,
        cache=_cache(recent) if since <= cache_from else None,
        window_5h=window_5h,
        window_7d=Window(tokens=_week_tokens(ledger, at)) if since <= at - WEEK_S else None,
        thinking=thinking,
        model=newest.model if newest else None,
        model_at=_instant(newest.at) if newest else None,
        activity_at=activity_at,
        sees_turns=True,
    )


def tokens_between(ledger: Ledger, after: float, upto: float) -> int | None:
    """Tokens of the records after the first and up to the second unix second; `None` if not all of them are known."""
    if ledger.complete_since > after:
        return None
    first, last = int(after // MINUTE), int(upto // MINUTE)
    low, high = bisect_right(ledger.order, first), bisect_left(ledger.order, last)
    whole = sum(ledger.minutes[number].tokens for number in ledger.order[low:high])
    cut = [ledger.minutes[number] for number in {first, last} if number in ledger.minutes]
    return whole + sum(e.tokens for minute in cut for e in minute.entries.values() if after < e.at <= upto)


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _between(ledger: Ledger, after: float, upto: float) -> Iterator[Entry]:
    low, high = bisect_left(ledger.order, after // MINUTE), bisect_right(ledger.order, upto // MINUTE)
    for number in ledger.order[low:high]:
        for entry in ledger.minutes[number].entries.values():
            if after < entry.at <= upto:
                yield entry


def _cache(entries: list[Entry]) -> Ratio:
    read_tokens = sum(e.cache_read for e in entries)
    return Ratio(part=read_tokens, whole=read_tokens + sum(e.input + e.cache_creation for e in entries))


def _open_window(ledger: Ledger, at: float) -> tuple[Window | None, Ratio | None]:
    """The active 5 h block and its thinking. No record for 5 h is a window of 0, whatever came before."""
    upto = at + WINDOW_AHEAD_S
    block = ledger.latest_block(upto)
    if block is None:
        quiet = bisect_right(ledger.order, (at - BLOCK) // MINUTE) == bisect_right(ledger.order, upto // MINUTE)
        return (Window(tokens=0), None) if quiet and ledger.complete_since <= at - BLOCK else (None, None)
    if not block.active(at):
        return Window(tokens=0), None
    tokens, thinking, reported = _sums_of(ledger, block, upto)
    share = Ratio(part=thinking, whole=reported) if reported else None
    return Window(tokens=tokens, ends_at=_instant(block.end)), share


def _sums_of(ledger: Ledger, block: Block, upto: float) -> tuple[int, int, int]:
    """Tokens, thinking tokens, and output tokens of the responses that report their thinking."""
    tokens = thinking = reported = 0
    first = int(block.first // MINUTE)
    for entry in ledger.minutes[first].entries.values():
        if entry.at >= block.first:
            tokens += entry.tokens
            if entry.thinking >= 0:
                thinking += entry.thinking
                reported += entry.output
    low, high = bisect_right(ledger.order, first), bisect_right(ledger.order, upto // MINUTE)
    for number in ledger.order[low:high]:
        minute = ledger.minutes[number]
        tokens += minute.tokens
        thinking += minute.thinking
        reported += minute.reported
    return tokens, thinking, reported


def _week_tokens(ledger: Ledger, at: float) -> int:
    start = at - WEEK_S
    edge, upto = int(start // HOUR), (at + WINDOW_AHEAD_S) // MINUTE
    total = sum(tokens for hour, tokens in ledger.hours.items() if hour > edge)
    total += sum(entry.tokens for entry in _between(ledger, start, nextafter((edge + 1) * HOUR, 0)))
    for number in reversed(ledger.order):
        if number <= upto:
            break
        total -= ledger.minutes[number].tokens
    return total


def _newest(ledger: Ledger, at: float) -> tuple[Entry | None, datetime | None]:
    """The newest main-chain response of the last 5 h that names its model, if nothing newer can still be unread; and
    when there was any response at all.
    """
    activity_at = None
    for entry in _backwards(ledger, at):
        activity_at = activity_at or _instant(entry.at)
        if entry.main and entry.model:
            return entry, activity_at
    return None, activity_at


def _backwards(ledger: Ledger, at: float) -> Iterator[Entry]:
    high = bisect_right(ledger.order, (at + WINDOW_AHEAD_S) // MINUTE)
    oldest = max(at - BLOCK, ledger.complete_since)
    for number in reversed(ledger.order[:high]):
        if (number + 1) * MINUTE <= oldest:
            return
        for entry in sorted(ledger.minutes[number].entries.values(), key=lambda e: (e.at, e.model or ""), reverse=True):
            if entry.at > oldest:
                yield entry


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
