"""Where the needle stands between two official samples, against a plain account of the rule."""

import random

import pytest

from gauge_mqtt.core.calibration import ROUNDING, Calibration
from gauge_mqtt.core.fusion import Fused, fused
from gauge_mqtt.core.reading import OfficialSample, TokenCounts

ONE = Calibration(
    weights=(0.0, 1e-6, 0.0, 0.0), spread=2.0, elsewhere=0.0, error=0.0, pairs=12, windows=4, first=0.0, last=0.0
)
RESET = 18_000.0


def sample(at: float, share: float, output: int | None = None) -> OfficialSample:
    return OfficialSample(at, share, RESET, None if output is None else TokenCounts(output=output))


def stands(samples: list[OfficialSample], since: int = 0, now: float = 0.0) -> float:
    found = fused(samples, TokenCounts(output=since), ONE, now)
    assert found is not None
    assert found.calibrated
    return found.share


def test_what_the_tokens_said_within_the_rounding_of_a_sample_is_kept() -> None:
    first = sample(0, 0.4)
    for output, share in ((13_000, 0.413), (16_000, 0.415), (4_000, 0.405), (5_001, 0.405001)):
        assert stands([first, sample(60, 0.41, output)]) == pytest.approx(share)
    assert stands([first, sample(60, 0.41, 13_000), sample(120, 0.42, 8_000)], 2_000) == pytest.approx(0.423)


def test_a_sample_whose_tokens_are_not_all_known_corrects_only() -> None:
    assert stands([sample(0, 0.4), sample(60, 0.401)]) == pytest.approx(0.4)
    assert stands([sample(0, 0.4), sample(60, 0.5)]) == pytest.approx(0.495)
    assert stands([sample(0, 0.4, 10**6)]) == pytest.approx(0.4), "what led to the first is in it"


def test_the_share_stays_between_nothing_and_the_whole() -> None:
    assert stands([sample(0, 0.02), sample(60, 0.0, 0)]) == pytest.approx(ROUNDING)
    assert stands([sample(0, 0.99)], 10**6) == 1
    assert stands([sample(0, 0.99)], 9_000) == pytest.approx(0.999)


def test_the_whole_stands_and_just_below_it_moves() -> None:
    assert fused([sample(0, 1.0)], TokenCounts(output=1), ONE, 0) == Fused(1.0, ROUNDING, calibrated=False)
    assert stands([sample(0, 0.999)], 1) == pytest.approx(0.999001)


@pytest.mark.parametrize(("now", "hours"), [(0, 0), (3600, 0), (3600 + 7200, 2)])
def test_its_error_grows_with_the_hours_since_the_last_sample(now: float, hours: float) -> None:
    found = fused([sample(0, 0.1), sample(3600, 0.4)], TokenCounts(output=200_000), ONE, now)
    assert found is not None
    assert found.error == pytest.approx(2 * (0.01 + 0.1 * 0.2 + 0.01 * hours))


def test_it_is_the_plain_account_of_any_window() -> None:
    rng = random.Random(1)
    for _ in range(200):
        share, samples = 0.0, []
        for number in range(rng.randint(1, 6)):
            share = min(0.99, share + rng.choice([0, 0.01, 0.03]))
            samples.append(sample(number, share, rng.choice([None, 0, 5_000, 10_000, 30_000])))
        expected = samples[0].share
        for one in samples[1:]:
            expected += one.tokens.output * 1e-6 if one.tokens else 0
            if abs(expected - one.share) > 0.005:
                expected = one.share + (0.005 if expected > one.share else -0.005)
        since = rng.randint(0, 100_000)
        assert stands(samples, since) == pytest.approx(min(1, max(0, expected) + since * 1e-6))
