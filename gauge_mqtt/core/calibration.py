"""What a local token is worth in official percent: learned from the owner's own plan windows. Pure.

Nobody publishes how the plan weighs tokens. But each official sample of a window says by how much the share moved, and
the ledger says which tokens were counted meanwhile. Non-negative weights per class of token are fitted to such pairs.
How wrong they are is measured on windows that they were not fitted to (cross-validation, one window left out at a
time), and that error is what the needle shows. Shares are 0..1 everywhere here; instants are unix seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import mul
from typing import Literal, NamedTuple

from gauge_mqtt.core.nnls import nnls
from gauge_mqtt.core.reading import OfficialSample, TokenCounts

PAIR_SHARE = 0.03
"""By how much the official share has to move for a pair: three whole percents, so that rounding is a sixth of it."""
SAME_RESET_S = 60.0
"""Two channels tell one reset with a little noise."""
ROUNDING = 0.005
"""Half of a whole percent: how far an official sample may be from the truth."""
PAIRS_MIN, WINDOWS_MIN = 12, 4
"""Fewer say nothing about the error: each window left out has to be predicted from several others."""
COVERAGE = 0.9
"""Which part of the left-out pairs the stated error has to cover."""
BEATS = 0.5
"""The error on left-out pairs has to be below this part of how much they moved, or the last sample is as good."""
ELSEWHERE_MAX = 0.4
"""Which part of the pairs may be put down to other devices: with more, nobody knows what a local token is worth."""
VALID_S = 30 * 86_400.0
MISSES_MAX = 3
"""So many windows in a row that miss by more than the stated error: the plan weighs differently now."""


TELLING = 2.0
"""A window that moved less than so many times the error cannot show whether the weights still hold."""


class Pair(NamedTuple):
    """How far the official share of one window moved, while these local tokens were counted, in so many hours."""

    window: float
    moved: float
    tokens: TokenCounts
    hours: float
    ended: float


RefusalReason = Literal["too_few", "too_scattered", "elsewhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no calibration. `error`: mean error on left-out pairs, as part of how much they moved."""

    reason: RefusalReason
    pairs: int
    windows: int
    error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`weights`: share per token of each class. `spread`: the 90th percentile of the errors on left-out pairs, in units
    of `_scale`. `elsewhere`: part of all movement that no local token explains. `error`: mean error on left-out pairs,
    as part of how much they moved. `first`, `last`: the span of the pairs.
    """

    weights: tuple[float, float, float, float]
    spread: float
    elsewhere: float
    error: float
    pairs: int
    windows: int
    first: float
    last: float

    def moved(self, tokens: TokenCounts) -> float:
        """How far these local tokens move the share."""
        return _moved(self.weights, tokens)

    def half_width(self, moved: float, hours: float) -> float:
        """Half of the 90 % interval of a share that was moved so far by tokens, so long after its sample."""
        return max(ROUNDING, self.spread * _scale(moved, hours))


def pairs(samples: Iterable[OfficialSample]) -> list[Pair]:
    """The usable pairs of samples (ascending in time): within one window, without a gap, not clamped at 100 %."""
    found: list[Pair] = []
    start: OfficialSample | None = None
    tokens = TokenCounts()
    for sample in samples:
        if start is None or abs(sample.resets_at - start.resets_at) > SAME_RESET_S:
            start, tokens = sample, TokenCounts()
            continue
        moved = sample.share - start.share
        if sample.tokens is None or moved < -ROUNDING or sample.share >= 1:
            start, tokens = sample, TokenCounts()
            continue
        tokens = tokens.plus(sample.tokens)
        if moved >= PAIR_SHARE:
            hours = (sample.at - start.at) / 3600
            found.append(Pair(start.resets_at, moved, tokens, hours, sample.at))
            start, tokens = sample, TokenCounts()
    return found


def calibrate(known: Sequence[Pair]) -> Calibration | Refusal:
    """Weights and their error from `known` (of `pairs`: each moved), or why there is none."""
    windows = [list(group) for _, group in groupby(sorted(known), key=lambda pair: pair.window)]
    if len(known) < PAIRS_MIN or len(windows) < WINDOWS_MIN:
        return Refusal(reason="too_few", pairs=len(known), windows=len(windows))
    errors = [
        (pair, pair.moved - _moved(weights, pair.tokens))
        for window in windows
        for weights in [_fitted([pair for other in windows if other is not window for pair in other])[0]]
        for pair in window
    ]
    weights, outliers = _fitted(known)
    total = sum(pair.moved for pair in known)
    local = [(pair, error) for pair, error in errors if pair not in outliers]
    error = sum(abs(error) for _, error in local) / sum(pair.moved for pair, _ in local)
    if len(outliers) > ELSEWHERE_MAX * len(known):
        return Refusal(reason="elsewhere", pairs=len(known), windows=len(windows), error=error)
    if error >= BEATS:
        return Refusal(reason="too_scattered", pairs=len(known), windows=len(windows), error=error)
    ranked = sorted(abs(error) / _scale(_moved(weights, pair.tokens), pair.hours) for pair, error in errors)
    return Calibration(
        weights=weights,
        spread=ranked[int(COVERAGE * (len(ranked) + 1))],  # of ten pairs or more
        elsewhere=sum(max(0.0, pair.moved - _moved(weights, pair.tokens)) for pair in outliers) / total,
        error=error,
        pairs=len(known),
        windows=len(windows),
        first=min(pair.ended for pair in known),
        last=max(pair.ended for pair in known),
    )


def misses(calibration: Calibration, known: Iterable[Pair]) -> int:
    """How many windows in a row, up to the newest, moved by another amount than the calibration and its error say.

    A window that moved too little to tell neither counts nor ends the row.
    """
    count = 0
    for _, group in groupby(sorted(known), key=lambda pair: pair.window):
        window = list(group)
        moved, hours = sum(pair.moved for pair in window), sum(pair.hours for pair in window)
        predicted = sum(calibration.moved(pair.tokens) for pair in window)
        error = calibration.half_width(predicted, hours)
        if max(moved, predicted) > TELLING * error:
            count = count + 1 if abs(moved - predicted) > error else 0
    return count


def _moved(weights: Sequence[float], tokens: TokenCounts) -> float:
    total: float = sum(map(mul, weights, tokens))
    return total


def _scale(moved: float, hours: float) -> float:
    """What an error grows with: the rounding of two samples, the tokens counted, and the time others had."""
    return 2 * ROUNDING + 0.1 * moved + 0.01 * hours


def _fitted(known: Sequence[Pair]) -> tuple[tuple[float, float, float, float], set[Pair]]:
    """Weights, and the pairs that moved much further than their tokens explain: another device used the plan then.

    Other devices only ever add, so only errors on that side are left out: those beyond three times the median error
    (scaled as for a normal distribution, 1.4826), again until none is left.
    """
    kept, outliers = list(known), set[Pair]()
    while True:
        found = nnls([pair.tokens for pair in kept], [pair.moved for pair in kept])
        weights = (found[0], found[1], found[2], found[3])
        errors = {pair: pair.moved - _moved(weights, pair.tokens) for pair in kept}
        middle = sorted(map(abs, errors.values()))[len(errors) // 2]
        limit = max(2 * ROUNDING, 3 * 1.4826 * middle)
        new = {pair for pair, error in errors.items() if error > limit}
        if not new or len(kept) - len(new) < PAIRS_MIN // 2:
            return weights, outliers
        outliers |= new
        kept = [pair for pair in kept if pair not in new]
