"""What ccusage prints, decoded, and the plan windows in it. Untrusted input: typed, refused rather than guessed. Pure.

Relied on is only what 15 to 20 all print. One report serves both windows: five-hour blocks. Seven daily rows are no 168
hours: they end at midnight, and rows exist only for days with use. Of the one block that the edge of the week cuts, the
ledger of the log tail says which tokens lie behind the edge. Blocks also keep the two windows consistent where ccusage
20.0.24 is not: its `daily` leaves out replays of side chains that its `blocks` counts.

ccusage repeats whatever a log line says, a date of the year 10000 among it. Such a line stays in the logs for weeks, so
it may not cost more than its own block: what no window can hold is left out before it is looked at.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct, field

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.blocks import BLOCK
from gauge_mqtt.core.entries import SYNTHETIC
from gauge_mqtt.core.reading import WEEK, Account, Window
from gauge_mqtt.core.windows import WINDOW_AHEAD_S
from gauge_mqtt.sources.process import QUOTED

NOTHING = {b"", b"null", b"[]"}
"""What some versions print instead of an empty report."""
WEEK_S = WEEK.total_seconds()

TOKENS_MAX, COST_MAX = 1e12, 1e9
"""What one block of 5 h can have at most; more is a fault, whoever made it."""
INSTANT = re.compile(r"([+-]?\d{4,6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
"""RFC 3339, and the longer years that JavaScript and Rust write."""
YEARS = range(1971, 2200)
"""Far from where the arithmetic of dates and unix seconds ends."""

Report = TypeVar("Report")
TokensBetween = Callable[[float, float], int | None]
"""Tokens after the first and up to the second unix second; `None` if not all of that is known."""


class CcusageError(GaugeError):
    """ccusage cannot be asked or its answer cannot be used; in words for its owner."""

    setting = "source"


class CcusageBlock(NamedTuple):
    """One five-hour block. Times in unix seconds, `last`: its newest record. `cost_usd` leaves unpriced models out."""

    start: float
    end: float
    last: float
    tokens: int
    cost_usd: float
    models: tuple[str, ...]

    def active(self, at: float) -> bool:
        """Ccusage's own rule, at any instant."""
        return at - self.last < BLOCK and at < self.end and self.start <= at + WINDOW_AHEAD_S


class _Block(Struct, rename="camel"):
    start_time: str
    end_time: str
    total_tokens: float
    actual_end_time: str | None = None
    is_gap: bool = False
    cost_usd: float = field(name="costUSD", default=math.nan)
    models: list[str] = []


class _Blocks(Struct):
    blocks: list[_Block]


class _Priced(Struct, rename="camel"):
    model_name: str
    cost: float
    missing_pricing: bool = False
    input_tokens: float = 0
    output_tokens: float = 0
    cache_creation_tokens: float = 0
    cache_read_tokens: float = 0

    @property
    def used(self) -> bool:
        counts = (self.input_tokens, self.output_tokens, self.cache_creation_tokens, self.cache_read_tokens)
        return any(counts)


class _Day(Struct, rename="camel"):
    total_tokens: float = 0
    model_breakdowns: list[_Priced] = []


class _Daily(Struct):
    daily: list[_Day]


def blocks(output: bytes, since: float = -math.inf) -> list[CcusageBlock]:
    """The blocks of a `blocks --json` report, oldest first, without its gaps.

    Raises `CcusageError` for a block that cannot be true, unless it ended before `since` (unix seconds): no window
    holds it any more, so it is left out, as is one of another millennium.
    """
    report = _decoded(output, _Blocks, "blocks")
    found = []
    for block in report.blocks if report else []:
        start = None if block.is_gap else _seconds(block.start_time)
        if start is None:
            continue
        end, last = _seconds(block.end_time), _seconds(block.actual_end_time or block.start_time)
        if end is None or last is None or end - start != BLOCK:
            raise CcusageError(f"not a blocks report of 5 h (one from {block.start_time} to {block.end_time})")
        if not 0 <= block.total_tokens <= TOKENS_MAX or block.cost_usd > COST_MAX:
            if end <= since:
                continue
            what = f"{block.total_tokens:g} tokens for {block.cost_usd:g} USD"
            raise CcusageError(f"not a blocks report that can be true (the block of {block.start_time} has {what})")
        found.append(
            CcusageBlock(
                start=start,
                end=end,
                last=last,
                tokens=int(block.total_tokens),
                cost_usd=block.cost_usd if block.cost_usd >= 0 else math.nan,
                models=tuple(model for model in block.models if model != SYNTHETIC),
            )
        )
    return sorted(found)


def _seconds(text: str) -> float | None:
    """An instant in unix seconds; `None` if it is too far away for any window. Raises `CcusageError` if it is none."""
    match = INSTANT.fullmatch(text)
    if match and int(match[1]) not in YEARS:
        return None
    try:
        if match:
            return datetime.fromisoformat(text).timestamp()
    except ValueError:  # the 30th of February
        pass
    raise CcusageError(f"not a blocks report (no instant: {text[:QUOTED]!r})")


def prices(output: bytes) -> dict[str, bool]:
    """Model -> whether ccusage has a price for it, from a `daily --json` report. Raises `CcusageError`.

    Before 20 a missing price is told by tokens that cost nothing.
    """
    known: dict[str, bool] = {}
    report = _decoded(output, _Daily, "daily")
    for day in report.daily if report else []:
        for row in day.model_breakdowns:
            priced = not row.missing_pricing and (row.cost > 0 or not row.used)
            known[row.model_name] = known.get(row.model_name, True) and priced
    return known


def day_tokens(output: bytes) -> int:
    """The tokens of all days of a `daily --json` report. Raises `CcusageError`."""
    report = _decoded(output, _Daily, "daily")
    total = math.fsum(min(max(day.total_tokens, 0), TOKENS_MAX) for day in (report.daily if report else []))
    return int(total)


def window_5h(rows: Sequence[CcusageBlock], priced: Mapping[str, bool], now: datetime) -> Window:
    """The active block; none is a window of 0 tokens."""
    active = [row for row in rows if row.active(now.timestamp())]
    if not active:
        return Window(tokens=0, cost_usd=0.0)
    row = active[-1]
    return Window(tokens=row.tokens, ends_at=datetime.fromtimestamp(row.end, UTC), cost_usd=_cost([row], priced))


def window_7d(
    rows: Sequence[CcusageBlock], priced: Mapping[str, bool], now: datetime, tokens_between: TokensBetween
) -> Window | None:
    """The last 168 hours. Of a block that is cut by their edge the cost is taken in proportion to the tokens."""
    at = now.timestamp()
    week = []
    for row in rows:
        if row.last <= at - WEEK_S or row.start > at + WINDOW_AHEAD_S:
            continue
        if row.start < at - WEEK_S:
            inside = tokens_between(at - WEEK_S, row.last)
            if inside is None:
                return None
            inside = min(inside, row.tokens)
            share = inside / row.tokens if row.tokens else 0.0
            week.append(row._replace(tokens=inside, cost_usd=row.cost_usd * share))
        else:
            week.append(row)
    return Window(tokens=sum(row.tokens for row in week), cost_usd=_cost(week, priced))


def account(rows: Sequence[CcusageBlock], priced: Mapping[str, bool]) -> Account:
    """All that ccusage has counted, block by block."""
    return Account(
        since=-math.inf,
        tokens={int(row.start): row.tokens for row in rows},
        cost_usd={int(row.start): _cost([row], priced) for row in rows},
        unit_s=1,
    )


def _cost(rows: Sequence[CcusageBlock], priced: Mapping[str, bool]) -> float | None:
    """A sum that leaves a model out is no cost. From 20 on responses without a model are priced 0 and not listed."""
    total = math.fsum(row.cost_usd for row in rows)
    listed = all(row.models or not row.tokens for row in rows)
    if math.isnan(total) or not listed or not all(priced.get(model) for row in rows for model in row.models):
        return None
    return round(abs(total), 6)


def _decoded(output: bytes, kind: type[Report], name: str) -> Report | None:
    """`None` for one of the ways to say "nothing"."""
    if output.strip() in NOTHING:
        return None
    try:
        return msgspec.json.decode(output, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        start = output[: 4 * QUOTED].decode("utf-8", "replace").strip()[:QUOTED]
        raise CcusageError(f"not a {name} report ({error}): {start!r}") from None
