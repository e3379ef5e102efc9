"""What a ledger says at an instant, as a `Reading`. Pure."""

from bisect import bisect_right
from datetime import UTC, datetime
from math import inf, nextafter

from gauge_mqtt.core import busy
from gauge_mqtt.core.blocks import BLOCK
from gauge_mqtt.core.entries import Entry
from gauge_mqtt.core.ledger import MINUTE, WEEK_S, Ledger
from gauge_mqtt.core.reading import (
    CACHE_WINDOW,
    CLOCK_SKEW,
    RATE_WINDOW,
    Account,
    Ratio,
    Reading,
    TokenCounts,
    Window,
)

RATE_AHEAD_S = CLOCK_SKEW.total_seconds()
"""How far ahead of our clock a record may be and still count into the last minutes."""
WINDOW_AHEAD_S = 3600.0
"""... and into the windows. What is further ahead waits until its time comes."""


def read(ledger: Ledger, now: datetime, source: str) -> Reading:
    """The facts of `ledger` at `now`. A window that is not completely in the ledger yet is `None`."""
    at, since = now.timestamp(), ledger.complete_since
    minute_ago, cache_from, week_from = at - RATE_WINDOW.total_seconds(), at - CACHE_WINDOW.total_seconds(), at - WEEK_S
    soon = at + RATE_AHEAD_S
    recent = ledger.sums(cache_from, soon)
    window_5h, thinking = _open_window(ledger, at)
    newest, activity_at = _newest(ledger, at)
    return Reading(
        source=source,
        rate_tokens=ledger.sums(minute_ago, soon).tokens if since <= minute_ago else None,
        cache=Ratio(part=recent.cache_read, whole=recent.tokens - recent.output) if since <= cache_from else None,
        window_5h=window_5h,
        window_7d=Window(tokens=ledger.sums(week_from, _ahead(at)).tokens) if since <= week_from else None,
        thinking=thinking,
        model=newest.model if newest else None,
        model_at=_instant(newest.at) if newest else None,
        activity_at=activity_at,
        sees_turns=True,
        account=Account(
            since=max(since, ledger.evicted[0]),
            tokens={hour: sums.tokens for hour, sums in ledger.hours.items() if sums.tokens},
        ),
    )


def tokens_between(ledger: Ledger, after: float, upto: float) -> int | None:
    """Tokens of the records after the first and up to the second unix second; `None` if not all of them are known."""
    return None if ledger.complete_since > after else ledger.sums(after, upto).tokens


def counts_between(ledger: Ledger, after: float, upto: float) -> TokenCounts | None:
    """As `tokens_between`, by class."""
    return None if ledger.complete_since > after else ledger.sums(after, upto).counts


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _ahead(at: float) -> float:
    """Up to when records count into the windows at `at`: whole minutes, as blocks are found by the minute."""
    return nextafter(((at + WINDOW_AHEAD_S) // MINUTE + 1) * MINUTE, 0)


def _open_window(ledger: Ledger, at: float) -> tuple[Window | None, Ratio | None]:
    """The active 5 h block and its thinking. No record for 5 h is a window of 0, whatever came before."""
    upto = _ahead(at)
    block = ledger.latest_block(upto)
    if block is None:
        quiet = bisect_right(ledger.order, (at - BLOCK) // MINUTE) == bisect_right(ledger.order, upto // MINUTE)
        return (Window(tokens=0), None) if quiet and ledger.complete_since <= at - BLOCK else (None, None)
    if not block.active(at):
        return Window(tokens=0), None
    sums = ledger.sums(nextafter(block.first, 0), upto)
    thinking = Ratio(part=sums.thinking, whole=sums.reported) if sums.reported else None
    return Window(tokens=sums.tokens, ends_at=_instant(block.end)), thinking


def _newest(ledger: Ledger, at: float) -> tuple[Entry | None, datetime | None]:
    """The newest main-chain response of the last 5 h that names its model, if nothing newer can still be unread; and
    when there was any response at all. What used no tokens is no response.
    """
    oldest, used_at, newest = max(at - BLOCK, ledger.complete_since), -inf, None
    high = bisect_right(ledger.order, (at + WINDOW_AHEAD_S) // MINUTE)
    for number in reversed(ledger.order[:high]):
        minute = ledger.minutes[number]
        if newest is not None or minute.last <= oldest:
            break
        for entry in reversed(minute.entries.values()):  # mostly newest first, so that the others are soon passed over
            if entry.at <= oldest or (newest and entry.at < newest.at) or not entry.tokens:
                continue
            used_at = max(used_at, entry.at)
            if entry.main and entry.model and (newest is None or _later(entry, newest)):
                newest = entry
    return newest, None if used_at == -inf else _instant(used_at)


def _later(entry: Entry, other: Entry) -> bool:
    """Of two at the same instant the name decides, so that it never depends on who came first."""
    return (entry.at, entry.model or "") > (other.at, other.model or "")


def busy_minute(ledger: Ledger, now: datetime) -> int | None:
    """A busy minute of the last 7 days. `None` without any, or while the week is not read.

    Sorts up to 10,080 numbers: ask once a minute, not each look.
    """
    at = now.timestamp()
    if ledger.complete_since > at - WEEK_S:
        return None
    low = bisect_right(ledger.order, (at - WEEK_S) // MINUTE)
    high = bisect_right(ledger.order, (at + WINDOW_AHEAD_S) // MINUTE)
    return busy.busy_minute(ledger.minutes[number].tokens for number in ledger.order[low:high])
