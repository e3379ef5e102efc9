"""What a source saw, and what the owner of the gauge has set. Plain frozen values; no arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add
from typing import Literal, NamedTuple

OPEN_WINDOW = timedelta(hours=5)
WEEK = timedelta(days=7)
RATE_WINDOW = timedelta(minutes=1)
CACHE_WINDOW = timedelta(minutes=5)
PACE_WINDOW = timedelta(minutes=15)
CLOCK_SKEW = timedelta(seconds=10)
"""How far ahead of our clock a record may be and still tell of now. What is further ahead says nothing yet."""


class TokenCounts(NamedTuple):
    """Tokens by class. Their sum is what a window counts."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_creation: int = 0

    def plus(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(*map(add, self, other))


class OfficialSample(NamedTuple):
    """One official share (0..1) of one window, and the local tokens since the sample before it in that window (`None`:
    not all known, or the first). `at` and `resets_at` in unix seconds.
    """

    at: float
    share: float
    resets_at: float
    tokens: TokenCounts | None


class PlanSamples(NamedTuple):
    """The official samples of the window under way, ascending; local tokens after the last of them, and from the
    window's beginning up to it (`None`: not all known).
    """

    samples: tuple[OfficialSample, ...]
    since: TokenCounts | None
    before: TokenCounts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Tokens of one plan window. `cost_usd` only where the source itself prices them; `ends_at` if the source knows."""

    tokens: int
    ends_at: datetime | None = None
    cost_usd: float | None = None


Channel = Literal["statusline", "report", "command", "cache"]
"""How an official percentage came: `statusline`: a session's own last answer. `report`: a `usageReport` line of the
logs. `command`: `claude -p /usage`. `cache`: what Claude Code keeps in `.claude.json`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """An official plan percentage: `used_percent` 0..100, true until `resets_at`, last confirmed at `seen_at`. `model`:
    whose own weekly limit it is, for the limit of one model.
    """

    used_percent: float
    resets_at: datetime
    seen_at: datetime
    channel: Channel = "statusline"
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio that is not divided yet. Both are token counts, `part` <= `whole`."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a source counted, by stretches of time: hours, or ccusage's blocks of 5 h.

    `tokens`: number of a stretch -> its tokens; `number * unit_s` is its start in unix seconds. `cost_usd`: the same,
    only where the source itself has prices; `None` for a stretch of which it has not all. `since`: every stretch that
    starts then or later is complete as far as time has come; -inf: all there ever was.

        Account(since=-inf, tokens={498707: 41_300, 498708: 1_200})    # two hours
    """

    since: float
    tokens: Mapping[int, float]
    cost_usd: Mapping[int, float | None] | None = None
    unit_s: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look of one source at the world. Every fact it could not see is `None`.

    `rate_tokens`, `pace_tokens`: of the last minute, of the last 15. `observed_at`: when the source last looked
    successfully. `telemetry_at`: the newest record of any kind;
    `activity_at`: the newest record with tokens. `open_turn_at`: a turn awaits an answer since then. `sees_turns`:
    whether the source can see turns at all. `failing_since` / `failure`: the source itself cannot be read.
    `busy_minute_tokens`: 95th percentile of the active minutes of the last 7 days. `refused`: records not counted since
    the start, because they were not to be believed or too long. `account`: what the totals are counted by.
    `plan_5h`, `plan_7d`: the official shares and the tokens between them. `note`: what everybody should know of these
    numbers, in two words.
    """

    source: str
    observed_at: datetime | None = None
    rate_tokens: int | None = None
    pace_tokens: int | None = None
    window_5h: Window | None = None
    window_7d: Window | None = None
    thinking: Ratio | None = None
    cache: Ratio | None = None
    model: str | None = None
    model_at: datetime | None = None
    busy_minute_tokens: int | None = None
    telemetry_at: datetime | None = None
    activity_at: datetime | None = None
    open_turn_at: datetime | None = None
    sees_turns: bool = False
    failing_since: datetime | None = None
    failure: str | None = None
    quota_5h: Quota | None = None
    quota_7d: Quota | None = None
    quota_model: Quota | None = None
    plan_5h: PlanSamples | None = None
    plan_7d: PlanSamples | None = None
    refused: int | None = None
    account: Account | None = None
    note: str | None = None


Ceiling = int | Literal["history"]
"""Tokens, or the largest finished window of the owner's own last 30 days (`core/highs`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as full, hot and late. `redline` in tokens a minute; `None` is not set."""

    ceiling_5h: Ceiling | None = None
    ceiling_7d: Ceiling | None = None
    redline: int | None = None
    stall_after: timedelta = timedelta(minutes=5)
    cache_warn_below: float = 0.5
