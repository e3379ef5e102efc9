"""What a generated history really contains, computed from the generator's own messages and never from its files."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

Shape = Literal["A", "B"]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
"""Milliseconds: every instant in here is an integer of milliseconds since the epoch, as exact as the log lines."""


class Message(NamedTuple):
    """One response of a model, counted once however many lines, forks or replays repeat it. `at` is the time stamp
    of the line that wins: the earliest of those with the largest token sum. `advice`: what an advisor used for it, in
    the same lines; no response of its own.
    """

    at: int
    id: str
    model: str
    main: bool
    input: int
    output: int
    cache_read: int
    cache_creation: int
    thinking: int
    advice: bool = False

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_creation


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    seed: int
    shape: Shape
    end: datetime
    total: dict[str, int]
    """responses, input, output, thinking, cacheRead, cacheCreation: the keys of the captured samples' `truth.json`."""
    days: dict[str, int]
    """Tokens per UTC day, days with use only."""
    window_7d_tokens: int
    """Tokens of (end - 168 h, end]. No message lies in the 20 minutes after end - 168 h (with pauses: 11 h), so it
    stands that long after `end`."""
    window_5h_tokens: int
    """Tokens of the active block, by ccusage's rule."""
    block_start: datetime
    block_end: datetime
    block: dict[str, int]
    """The classes of `total` in the active block."""
    last_minute_tokens: int
    """Tokens of (end - 60 s, end]."""
    last_5m: dict[str, int]
    """The classes of `total` over (end - 300 s, end]."""
    last_model: str
    """Raw id of the newest main-chain message; `<synthetic>` is none."""
    last_family: str
    minutes: dict[int, int] = field(repr=False)
    """UTC minute (epoch // 60) -> tokens, active minutes of the last 168 h: what the redline is a percentile of."""
    files: int
    bytes: int
    usage_lines: int
    usage_share: float
    """Bytes of the lines that carry `message.usage`, as a share of all bytes."""

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, default=datetime.isoformat) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Truth":
        raw = json.loads(path.read_text())
        raw |= {key: datetime.fromisoformat(raw[key]) for key in ("end", "block_start", "block_end")}
        return cls(**raw | {"minutes": {int(minute): tokens for minute, tokens in raw["minutes"].items()}})


def instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def blocks(messages: Iterable[Message]) -> list[tuple[int, int, list[Message]]]:
    """ccusage's 5-hour blocks as (start, end, messages): a start is the first entry floored to the UTC hour; a new
    block begins strictly more than 5 h after the start or strictly more than 5 h after the entry before.
    """
    found: list[tuple[int, int, list[Message]]] = []
    previous = 0
    for m in sorted(messages, key=lambda m: m.at):
        if not found or m.at - found[-1][0] > 5 * HOUR or m.at - previous > 5 * HOUR:
            start = m.at - m.at % HOUR
            found.append((start, start + 5 * HOUR, []))
        found[-1][2].append(m)
        previous = m.at
    return found


def classes(messages: list[Message]) -> dict[str, int]:
    return {
        "responses": sum(not m.advice for m in messages),
        "input": sum(m.input for m in messages),
        "output": sum(m.output for m in messages),
        "thinking": sum(m.thinking for m in messages),
        "cacheRead": sum(m.cache_read for m in messages),
        "cacheCreation": sum(m.cache_creation for m in messages),
    }


def family(model: str) -> str:
    return next((part for part in model.split("-") if part.isalpha() and part != "claude"), model)


def truth_of(
    messages: list[Message], *, seed: int, shape: Shape, end: int, files: int, size: int, usage: tuple[int, int]
) -> Truth:
    """`usage` is (lines, bytes) of the usage lines."""
    if len({m.id for m in messages}) != len(messages) or max(m.at for m in messages) > end:
        raise AssertionError("the generator repeated a message or wrote one after `end`")
    days, minutes = Counter[str](), Counter[int]()
    for m in messages:
        days[instant(m.at).date().isoformat()] += m.tokens
        if m.at > end - 7 * DAY:
            minutes[m.at // MINUTE] += m.tokens
    start, stop, active = blocks(messages)[-1]
    newest = max((m for m in messages if m.main and not m.advice), key=lambda m: m.at)
    return Truth(
        seed=seed,
        shape=shape,
        end=instant(end),
        total=classes(messages),
        days=dict(sorted(days.items())),
        window_7d_tokens=minutes.total(),
        window_5h_tokens=sum(m.tokens for m in active),
        block_start=instant(start),
        block_end=instant(stop),
        block=classes(active),
        last_minute_tokens=sum(m.tokens for m in messages if m.at > end - MINUTE),
        last_5m=classes([m for m in messages if m.at > end - 5 * MINUTE]),
        last_model=newest.model,
        last_family=family(newest.model),
        minutes=dict(sorted(minutes.items())),
        files=files,
        bytes=size,
        usage_lines=usage[0],
        usage_share=round(usage[1] / size, 4),
    )
