"""What ccusage prints, decoded, and the plan windows in it. Untrusted input: typed, refused rather than guessed. Pure.

Relied on is only what 15 to 20 all print. One report serves both windows: five-hour blocks. Seven daily rows are no 168
hours: they end at midnight, and rows exist only for days with use. Of the one block that the edge of the week cuts, the
ledger of the log tail says which tokens lie behind the edge. Blocks also keep the two windows consistent where ccusage
20.0.24 is not: its `daily` leaves out replays of side chains that its `blocks` counts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.blocks import BLOCK, HOUR
from gauge_mqtt.core.models import SYNTHETIC
from gauge_mqtt.core.reading import WEEK, Window
from gauge_mqtt.core.windows import WINDOW_AHEAD_S

QUOTED = 200
"""Characters of an answer that is none which are shown to the owner."""
NOTHING = {b"", b"null", b"[]"}
"""What some versions print instead of an empty report."""
WEEK_S = WEEK.total_seconds()

Instant = Annotated[datetime, Meta(tz=True)]
Amount = Annotated[float, Meta(ge=0, le=1e15)]
Report = TypeVar("Report")
TokensBetween = Callable[[float, float], int | None]
"""Tokens after the first and up to the second unix second; `None` if not all of that is known."""


class CcusageError(GaugeError):
    """ccusage cannot be asked or its answer cannot be used; in words for its owner."""


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
    start_time: Instant
    end_time: Instant
    total_tokens: Amount
    actual_end_time: Instant | None = None
    is_gap: bool = False
    cost_usd: float = field(name="costUSD", default=math.nan)
    models: list[str] = []


class _Blocks(Struct):
    blocks: list[_Block]


class _Priced(Struct, rename="camel"):
    model_name: str
    cost: float
    missing_pricing: bool = False
    input_tokens: Amount = 0
    output_tokens: Amount = 0
    cache_creation_tokens: Amount = 0
    cache_read_tokens: Amount = 0

    @property
    def tokens(self) -> float:
        return self.input_tokens + self.output_tokens + self.cache_creation_tokens + self.cache_read_tokens


class _Day(Struct, rename="camel"):
    model_breakdowns: list[_Priced] = []


class _Daily(Struct):
    daily: list[_Day]


def blocks(output: bytes) -> list[CcusageBlock]:
    """The blocks of a `blocks --json` report, oldest first; gaps are left out. Raises `CcusageError`."""
    report = _decoded(output, _Blocks, "blocks")
    rows = [
        CcusageBlock(
            start=block.start_time.timestamp(),
            end=block.end_time.timestamp(),
            last=(block.actual_end_time or block.start_time).timestamp(),
            tokens=int(block.total_tokens),
            cost_usd=block.cost_usd if block.cost_usd >= 0 else math.nan,
            models=tuple(model for model in block.models if model != SYNTHETIC),
        )
        for block in (report.blocks if report else [])
        if not block.is_gap
    ]
    if other := next((row for row in rows if row.end - row.start != BLOCK), None):
        raise CcusageError(f"not a blocks report of 5 h (one of {(other.end - other.start) / HOUR:g} h)")
    return sorted(rows)


def prices(output: bytes) -> dict[str, bool]:
    """Model -> whether ccusage has a price for it, from a `daily --json` report. Raises `CcusageError`.

    Before 20 a missing price is told by tokens that cost nothing.
    """
    known: dict[str, bool] = {}
    report = _decoded(output, _Daily, "daily")
    for day in report.daily if report else []:
        for row in day.model_breakdowns:
            priced = not row.missing_pricing and (row.cost > 0 or not row.tokens)
            known[row.model_name] = known.get(row.model_name, True) and priced
    return known


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
