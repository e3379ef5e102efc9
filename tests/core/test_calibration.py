"""Against a plan whose weights are hidden: the stated error covers the truth, and the needle is closer to it."""

import random
from functools import cache
from itertools import groupby

import pytest

from gauge_mqtt.core.calibration import Calibration, Refusal, calibrate, misses, pairs
from gauge_mqtt.core.fusion import fused
from gauge_mqtt.core.reading import OfficialSample, TokenCounts
from tests.support.plan import Moment, Weights, hidden, lived

RUNS = 100
NEW_WINDOWS = 3


@cache
def history(seed: int, others: float = 0.15, windows: int = 16) -> tuple[Calibration | Refusal, Weights, list[Moment]]:
    """What was learned from five days, the truth behind it, and a day that nobody has learned from."""
    rng = random.Random(seed)
    weights = hidden(rng)
    past = lived(rng, weights, windows=windows, sampled=(1, 10), others=others)
    learned = calibrate(pairs(moment.sample for moment in past if moment.sample))
    new = list(lived(rng, weights, windows=NEW_WINDOWS, sampled=(10, 60), others=others, start=1e8))
    return learned, weights, new


def estimates(calibration: Calibration, day: list[Moment]) -> list[tuple[Moment, float, float, float]]:
    """Each moment between two samples: the truth, the fused share, its half width, the last official share."""
    found = []
    for _, window in groupby(day, key=lambda moment: moment.resets_at):
        samples: list[OfficialSample] = []
        for moment in window:
            if moment.sample:
                samples.append(moment.sample)
            elif needle := fused(samples, moment.since, calibration, moment.at):
                found.append((moment, needle.share, needle.error, samples[-1].share))
    return found


def test_the_interval_covers_the_truth_at_a_random_moment_in_at_least_85_of_100_runs() -> None:
    covered = claimed = 0
    for seed in range(RUNS):
        calibration, _, day = history(seed)
        if isinstance(calibration, Calibration):
            moment, share, error, _ = random.Random(seed).choice(estimates(calibration, day))
            claimed += 1
            covered += abs(share - moment.share) <= error
    assert claimed >= 90, "it refuses where there is enough to learn from"
    assert covered >= 0.85 * claimed


def test_the_fused_needle_is_three_times_closer_than_the_last_sample() -> None:
    needle = last = 0.0
    for seed in range(40):
        calibration, _, day = history(seed)
        if isinstance(calibration, Calibration):
            for moment, share, _, official in estimates(calibration, day):
                needle += abs(share - moment.share)
                last += abs(official - moment.share)
    assert last > 3 * needle


def test_it_never_falls_between_two_samples_and_its_error_grows() -> None:
    calibration, _, day = history(3)
    assert isinstance(calibration, Calibration)
    before: tuple[float, float, float] | None = None
    for moment, share, error, _ in estimates(calibration, day):
        if before and before[0] == moment.at - 60:
            assert share >= before[1]
            assert error >= before[2]
        before = (moment.at, share, error)


def test_a_changed_plan_shows_within_days_and_an_unchanged_one_does_not() -> None:
    found = false_alarms = 0
    for seed in range(20):
        calibration, weights, _ = history(seed)
        assert isinstance(calibration, Calibration)
        doubled = (2 * weights[0], 2 * weights[1], 2 * weights[2], 2 * weights[3])
        for truth, hidden_weights in (("same", weights), ("changed", doubled)):
            later = lived(random.Random(seed), hidden_weights, windows=14, sampled=(1, 10), others=0.0, start=1e9)
            alarm = misses(calibration, pairs(moment.sample for moment in later if moment.sample)) >= 3
            found += alarm and truth == "changed"
            false_alarms += alarm and truth == "same"
    assert found >= 17
    assert false_alarms <= 1


def test_what_others_used_is_told() -> None:
    alone, _, _ = history(5, 0.0)
    shared = [history(seed, 0.5)[0] for seed in range(12)]
    assert isinstance(alone, Calibration)
    assert alone.elsewhere < 0.05
    told = [calibration.elsewhere for calibration in shared if isinstance(calibration, Calibration)]
    assert sum(told) / len(told) > 0.1


def test_without_enough_data_nothing_is_claimed() -> None:
    learned, _, _ = history(1, windows=2)
    assert isinstance(learned, Refusal)
    assert learned.reason == "too_few"
    assert calibrate([]) == Refusal(reason="too_few", pairs=0, windows=0)


def test_tokens_that_say_nothing_about_the_share_are_refused() -> None:
    rng = random.Random(0)
    samples = []
    for window in range(8):
        share = 0.0
        for step in range(12):
            share += rng.random() * 0.08
            counted = TokenCounts(output=rng.choice([0, 0, 0, 10**6]))
            samples.append(
                OfficialSample(window * 20_000 + step * 600, round(share, 2), window * 20_000 + 18_000, counted)
            )
    learned = calibrate(pairs(samples))
    assert isinstance(learned, Refusal)
    assert learned.reason in {"too_scattered", "elsewhere"}


ONE = TokenCounts(output=1)


def sample(at: float, share: float, tokens: TokenCounts | None = ONE, reset: float = 18_000) -> OfficialSample:
    return OfficialSample(at, share, reset, tokens)


def test_pairs_end_where_nothing_is_known_for_sure() -> None:
    assert [pair.moved for pair in pairs([sample(0, 0.1), sample(60, 0.12), sample(120, 0.14)])] == [
        pytest.approx(0.04)
    ]
    assert pairs([sample(0, 0.1), sample(60, 0.2, None), sample(120, 0.21)]) == []  # tokens unknown
    assert pairs([sample(0, 0.9), sample(60, 1.0), sample(120, 1.0)]) == []  # clamped
    assert pairs([sample(0, 0.5), sample(60, 0.2), sample(120, 0.21)]) == []  # corrected downwards
    assert pairs([sample(0, 0.1), sample(60, 0.5, reset=36_000)]) == []  # another window
    joined = pairs([sample(0, 0.1), sample(60, 0.11), sample(120, 0.13, reset=18_030)])
    assert [pair.tokens.output for pair in joined] == [2]  # a reset told with a little noise is the same window


def test_without_a_calibration_the_needle_stands() -> None:
    assert fused([], TokenCounts(), None, 0) is None
    assert fused([sample(0, 0.4)], TokenCounts(output=10**9), None, 60) == (0.4, 0.005, False)
    calibration, _, _ = history(3)
    assert isinstance(calibration, Calibration)
    assert fused([sample(0, 0.4)], None, calibration, 60) == (0.4, 0.005, False)
    assert fused([sample(0, 1.0)], TokenCounts(output=10**9), calibration, 60) == (1.0, 0.005, False)
    assert fused([sample(0, 0.9)], TokenCounts(output=10**9), calibration, 60).share == 1.0  # type: ignore[union-attr]
