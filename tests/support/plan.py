"""A plan that weighs tokens by hidden weights, and what its owner gets to see of that."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from gauge_mqtt.core.reading import OfficialSample, TokenCounts

WINDOW_S = 5 * 3600
Weights = tuple[float, float, float, float]


class Moment(NamedTuple):
    """A minute of the truth: `share` used, tokens counted here since the last official sample, which is `sample`."""

    at: float
    share: float
    resets_at: float
    since: TokenCounts
    sample: OfficialSample | None


def hidden(rng: random.Random) -> Weights:
    """Share per token of input, output, cache read and cache creation; a window of hard work takes 10 to 80 %."""
    read = rng.uniform(0.5, 2) * 1e-9 * rng.choice([0, 1, 1])
    return rng.uniform(0.5, 2) * 2e-8, rng.uniform(0.5, 2) * 1e-7, read, rng.uniform(0.5, 2) * 3e-8


def lived(
    rng: random.Random,
    weights: Weights,
    *,
    windows: int,
    sampled: tuple[int, int],
    others: float = 0.15,
    start: float = 0.0,
) -> Iterator[Moment]:
    """Minute by minute. `sampled`: least and most minutes between two official samples, which are whole percents.
    `others`: how likely it is that another device uses the plan for half an hour of a window.
    """
    for number in range(windows):
        begin = start + number * 6 * 3600
        resets_at, used, next_at = begin + WINDOW_S, 0.0, begin
        here = since = TokenCounts()
        busy, heavy = rng.random() < 0.9, rng.lognormvariate(0, 0.5)
        other_from = begin + rng.random() * 14_000 if rng.random() < others else resets_at
        for minute in range(WINDOW_S // 60):
            at = begin + minute * 60
            if busy and rng.random() < 0.7:
                here = _response(rng, rng.lognormvariate(0, 0.7) * heavy)
                since = since.plus(here)
                used += sum(weight * count for weight, count in zip(weights, here, strict=True))
            if other_from < at < other_from + 1800:
                used += rng.random() * 0.008
            busy ^= rng.random() < 0.02
            sample = None
            if at >= next_at:
                sample = OfficialSample(at, round(min(1.0, used), 2), resets_at, since)
                since, next_at = TokenCounts(), at + 60 * rng.randint(*sampled)
            yield Moment(at, min(1.0, used), resets_at, since, sample)


def _response(rng: random.Random, size: float) -> TokenCounts:
    return TokenCounts(
        input=int(6000 * size * rng.random()),
        output=int(2500 * size * rng.lognormvariate(0, 0.6)),
        cache_read=int(250_000 * size * rng.lognormvariate(0, 0.5)),
        cache_creation=int(9000 * size * rng.lognormvariate(0, 0.8)),
    )
