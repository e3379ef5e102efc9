"""The rules of a calibration at their edges, and its figures against a plain account of plans of one weight."""

import random
from collections.abc import Sequence

import pytest

from gauge_mqtt.core.calibration import (
    BEATS,
    ELSEWHERE_MAX,
    PAIR_SHARE,
    ROUNDING,
    Calibration,
    Pair,
    Refusal,
    calibrate,
    misses,
    pairs,
)
from gauge_mqtt.core.reading import OfficialSample, TokenCounts

NOTHING = TokenCounts()
Fit = tuple[float, list[Pair]]


def pair(moved: float, output: int = 0, window: float = 0, hours: float = 0.0) -> Pair:
    return Pair(window, moved, TokenCounts(output=output), hours, window + 60 * hours)


def spread_over(known: Sequence[Pair], windows: int) -> list[Pair]:
    """The same pairs, dealt out to so many windows; each ends at an instant of its own."""
    return [one._replace(window=float(number % windows), ended=float(number)) for number, one in enumerate(known)]


def fit(known: Sequence[Pair]) -> Fit:
    """The weight of an output token by plain least squares, and who was left out on the way."""
    kept, gone = list(known), list[Pair]()
    while True:
        weight = sum(p.moved * p.tokens.output for p in kept) / (sum(p.tokens.output**2 for p in kept) or 1)
        errors = [p.moved - weight * p.tokens.output for p in kept]
        median = sorted(abs(error) for error in errors)[len(errors) // 2]
        far = [p for p, error in zip(kept, errors, strict=True) if error > 0.01 and error > 4.4478 * median]
        if not far or len(kept) - len(far) < 6:
            return weight, gone
        gone += far
        kept = [p for p in kept if p not in far]


def plain(known: Sequence[Pair]) -> Calibration | Refusal:
    size = {"pairs": len(known), "windows": len({p.window for p in known})}
    weight, gone = fit(known)
    errors = {}
    for one in known:
        learned, _ = fit([other for other in known if other.window != one.window])
        errors[one] = one.moved - learned * one.tokens.output
    local = [p for p in known if p not in gone]
    error = sum(abs(errors[p]) for p in local) / sum(p.moved for p in local)
    if len(gone) > 0.4 * len(known):
        return Refusal(reason="elsewhere", error=error, **size)
    if error >= 0.5:
        return Refusal(reason="too_scattered", error=error, **size)
    ranked = sorted(abs(errors[p]) / (0.01 + 0.1 * weight * p.tokens.output + 0.01 * p.hours) for p in known)
    return Calibration(
        weights=(0.0, weight, 0.0, 0.0), spread=ranked[int(0.9 * (len(known) + 1))], error=error, **size,
        elsewhere=sum(p.moved - weight * p.tokens.output for p in gone) / sum(p.moved for p in known),
        first=min(p.ended for p in known), last=max(p.ended for p in known),
    )  # fmt: skip


def figures(result: Calibration | Refusal) -> tuple[object, ...]:
    if isinstance(result, Refusal):
        return result.reason, result.pairs, result.windows, pytest.approx(result.error)
    told = (*result.weights, result.spread, result.elsewhere, result.error, result.first, result.last)
    return result.pairs, result.windows, *(pytest.approx(value, abs=1e-9) for value in told)


@pytest.mark.parametrize("seed", range(24))
def test_its_figures_are_those_of_the_plain_account(seed: int) -> None:
    rng = random.Random(seed)
    known = []
    for number in range(rng.randint(12, 30)):
        output = rng.randint(50_000, 300_000)
        moved = output * 1e-6 * rng.uniform(0.8, 1.2) + (rng.random() < seed / 40) * rng.uniform(0.1, 0.9)
        known.append(Pair(rng.randint(0, 3) + 10.0 * (number < 4) * number, moved, TokenCounts(output=output),
                          rng.uniform(0, 4), rng.uniform(0, 1e6)))  # fmt: skip
    assert figures(calibrate(known)) == figures(plain(known))


@pytest.mark.parametrize(("count", "windows", "enough"), [(12, 4, True), (11, 4, False), (12, 3, False)])
def test_twelve_pairs_of_four_windows_are_enough(count: int, windows: int, *, enough: bool) -> None:
    result = calibrate(spread_over([pair(0.1, 100_000)] * count, windows))
    if enough:
        assert isinstance(result, Calibration)
        assert result.weights == (0, pytest.approx(1e-6), 0, 0)
    else:
        assert result == Refusal(reason="too_few", pairs=count, windows=windows)


def test_an_error_of_half_of_what_was_moved_is_no_better_than_the_last_sample() -> None:
    known = spread_over([pair(0.75, 1), pair(0.25, 1)] * 10, 5)
    known = [one._replace(window=number // 4) for number, one in enumerate(known)]
    assert calibrate(known) == Refusal(reason="too_scattered", pairs=20, windows=5, error=BEATS)
    slightly = [one._replace(moved=0.74) if one.moved == 0.75 else one for one in known]
    assert isinstance(calibrate(slightly), Calibration)


@pytest.mark.parametrize("others", [8, 9])
def test_more_than_four_of_ten_pairs_put_down_to_others_are_too_many(others: int) -> None:
    known = spread_over([pair(0.5)] * others + [pair(0.1, 100_000)] * (20 - others), 5)
    result = calibrate(known)
    if others <= ELSEWHERE_MAX * 20:
        assert isinstance(result, Calibration)
        assert result.elsewhere == pytest.approx(4 / 5.2)
    else:
        assert result == Refusal(reason="elsewhere", pairs=20, windows=5, error=pytest.approx(0, abs=1e-9))


def test_each_class_of_tokens_has_a_weight_of_its_own() -> None:
    rng, truth = random.Random(2), (3e-8, 1e-7, 1e-9, 5e-8)
    counts = [TokenCounts(*(rng.randint(0, round(0.1 / weight)) for weight in truth)) for _ in range(16)]
    moved = [sum(weight * count for weight, count in zip(truth, one, strict=True)) for one in counts]
    result = calibrate([Pair(n // 4, m, c, 1.0, n) for n, (m, c) in enumerate(zip(moved, counts, strict=True))])
    assert isinstance(result, Calibration)
    assert result.weights == pytest.approx(truth)
    assert result.error == pytest.approx(0, abs=1e-9)


def elsewhere(known: list[Pair]) -> float:
    """Which part of the movement was put down to others. A pair without tokens is off by all that it moved."""
    result = calibrate(spread_over(known, 4))
    assert isinstance(result, Calibration)
    return result.elsewhere * sum(one.moved for one in known)


def test_an_error_within_the_rounding_of_two_samples_is_nobody_elses() -> None:
    exact = [pair(0.1, 100_000)] * 15
    assert elsewhere([*exact, pair(2 * ROUNDING)]) == 0
    assert elsewhere([*exact, pair(2.1 * ROUNDING)]) == pytest.approx(2.1 * ROUNDING)


def test_an_error_of_three_deviations_is_nobody_elses() -> None:
    """The median error is 0.02, so a deviation is 0.029652, and three are 0.088956."""
    usual = [pair(0.5, 500_000)] * 8 + [pair(0.02)] * 10
    assert elsewhere([*usual, pair(0.0889)]) == 0
    assert elsewhere([*usual, pair(0.0891)]) == pytest.approx(0.0891)


def test_six_pairs_stay_whatever_their_errors() -> None:
    """Of the first median the small ones are within three deviations; after the large ones are gone they are not."""
    large = [pair(0.3)] * 4
    assert elsewhere([pair(0.5, 500_000)] * 5 + [pair(0.03)] * 3 + large) == pytest.approx(1.2)
    six = [pair(0.5, 500_000)] * 6 + [pair(0.03)] * 2 + large
    assert calibrate(spread_over(six, 4)) == Refusal(
        reason="elsewhere", pairs=12, windows=4, error=pytest.approx(0, abs=1e-9)
    )


EXACT = Calibration(weights=(0, 1, 0, 0), spread=0.0, elsewhere=0, error=0, pairs=12, windows=4, first=0, last=0)


def test_a_window_that_moved_less_than_twice_the_error_tells_nothing() -> None:
    miss = pair(0.5, window=1)
    assert misses(EXACT, [miss]) == 1
    assert misses(EXACT, [miss, pair(2 * ROUNDING, window=2)]) == 1, "neither does it end the row"
    assert misses(EXACT, [miss, pair(2.1 * ROUNDING, window=2)]) == 2
    assert misses(EXACT, [miss, pair(0, 1, window=2)]) == 2, "that nothing moved, against all that is predicted"


def test_a_window_off_by_its_error_is_a_hit_and_ends_the_row() -> None:
    broad = Calibration(weights=(0, 0.25, 0, 0), spread=2.5, elsewhere=0, error=0, pairs=12, windows=4, first=0, last=0)
    error = broad.half_width(0.5, 4)
    assert error == pytest.approx(2.5 * (0.01 + 0.05 + 0.04))
    assert (0.5 + error) - 0.5 == error
    hit, missed = pair(0.5 + error, 2, 2, 4), pair(0.5 + error + 1e-9, 2, 3, 4)
    before = pair(2.0, window=1)
    assert misses(broad, [before, hit]) == 0
    assert misses(broad, [missed, hit, before]) == 1, "by the time of the windows, not as they come"
    assert misses(broad, [before, missed]) == 2


def test_the_pairs_of_one_window_count_together() -> None:
    assert misses(EXACT, [pair(0.3, 0, 1), pair(0.7, 1, 1)]) == 0, "each alone is a miss"
    assert misses(EXACT, [pair(0.3, 0, 1), pair(0.7, 0, 1)]) == 1


def test_the_error_grows_with_the_tokens_and_the_hours_and_is_never_below_the_rounding() -> None:
    one = Calibration(weights=(1, 2, 3, 4), spread=2.0, elsewhere=0, error=0, pairs=12, windows=4, first=0, last=0)
    assert one.half_width(0.3, 5) == pytest.approx(2 * (0.01 + 0.03 + 0.05))
    assert EXACT.half_width(0.3, 5) == ROUNDING
    assert one.moved(TokenCounts(1000, 100, 10, 1)) == 1234


def sample(at: float, share: float, output: int | None = 1, reset: float = 18_000) -> OfficialSample:
    return OfficialSample(at, share, reset, None if output is None else TokenCounts(output=output))


def test_a_pair_says_when_and_for_how_long() -> None:
    assert pairs([sample(600, 0.0), sample(1200, 0.02, 10), sample(9600, PAIR_SHARE, 100)]) == [
        Pair(18_000, 0.03, TokenCounts(output=110), 2.5, 9600)
    ]


def test_the_next_pair_begins_where_one_ended() -> None:
    found = pairs([sample(0, 0.0, 5), sample(3600, 0.25, 10), sample(7200, 0.5, 100)])
    assert [(p.moved, p.tokens.output, p.hours) for p in found] == [(0.25, 10, 1), (0.25, 100, 1)]


def test_a_share_that_falls_by_no_more_than_its_rounding_is_the_same() -> None:
    lower = [sample(0, ROUNDING), sample(60, 0.0, 10), sample(120, 0.25, 100)]
    assert [p.tokens.output for p in pairs(lower)] == [110]
    assert [p.tokens.output for p in pairs([lower[0]._replace(share=0.006), *lower[1:]])] == [100]


def test_resets_a_minute_apart_are_the_same() -> None:
    for noise, found in ((60, 1), (-60, 1), (60.5, 0), (-60.5, 0)):
        assert len(pairs([sample(0, 0.0), sample(60, 0.5, reset=18_000 + noise)])) == found, noise


def test_a_share_near_the_whole_is_no_clamped_one() -> None:
    assert [p.moved for p in pairs([sample(0, 0.5), sample(60, 0.999)])] == [pytest.approx(0.499)]
    assert pairs([sample(0, 0.5), sample(60, 1.0)]) == []
