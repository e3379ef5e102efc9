"""A signed calibration: how long it holds, what the sticker says, and how the snapshot's needle moves by it."""

from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.core.calibration import Calibration, Pair
from gauge_mqtt.core.certificate import Calibrations, Certificate, sticker
from gauge_mqtt.core.reading import Limits, OfficialSample, PlanSamples, Quota, Reading, TokenCounts, Window
from gauge_mqtt.core.snapshot import snapshot

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
AT = NOW.timestamp()
RESET = NOW + timedelta(hours=2)
ONE = Calibration(
    weights=(0.0, 1e-6, 0.0, 0.0),
    spread=0.5,
    elsewhere=0.0,
    error=0.04,
    pairs=40,
    windows=9,
    first=AT - 9e5,
    last=AT - 9e3,
)
CERTIFICATE = Certificate(account="a", window="5h", signed_at=AT, calibration=ONE)


def window(number: int, moved: float, output: int) -> Pair:
    return Pair(AT + number * 20_000, moved, TokenCounts(output=output), 1.0, AT + number * 20_000)


def test_it_holds_for_thirty_days() -> None:
    assert CERTIFICATE.verdict([], AT) == "valid"
    month = 30 * 24 * 3600
    assert CERTIFICATE.verdict([], AT + month - 1) == "valid"
    assert CERTIFICATE.verdict([], AT + month) == "expired"
    assert CERTIFICATE.verdict([], AT - month) == "valid"
    assert CERTIFICATE.verdict([], AT - month - 1) == "expired", "a clock that leapt back a month proves nothing"


def test_three_windows_in_a_row_that_miss_end_it() -> None:
    right, wrong = [window(n, 0.3, 300_000) for n in range(3)], [window(n + 3, 0.6, 300_000) for n in range(3)]
    assert CERTIFICATE.verdict([*right, *wrong[:2]], AT) == "valid"
    assert CERTIFICATE.verdict([*right, *wrong], AT) == "missed"
    assert CERTIFICATE.verdict([*wrong, window(9, 0.3, 300_000)], AT) == "valid", "a window that fits ends the row"


def test_windows_from_before_it_was_made_are_not_held_against_it() -> None:
    old = [pair._replace(ended=ONE.last) for pair in (window(n, 0.9, 100_000) for n in range(5))]
    assert CERTIFICATE.verdict(old, AT) == "valid"
    assert CERTIFICATE.verdict([pair._replace(ended=ONE.last + 1) for pair in old], AT) == "missed"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("valid", "CAL 2026-11-28 ±4 %"), ("expired", "none: expired, signed 2026-11-28"),
     ("missed", "none: it missed three windows in a row, signed 2026-11-28")],
)  # fmt: skip
def test_the_sticker_fits_and_says_it(verdict: str, words: str) -> None:
    assert sticker(CERTIFICATE, verdict) == words  # type: ignore[arg-type]
    assert len(words) <= 64
    assert sticker(None, None) == "none: not signed"


def shown(
    since: TokenCounts | None,
    before: TokenCounts | None = None,
    percent: float = 40.0,
    calibration: Calibration | None = ONE,
) -> Usage:
    """The snapshot 30 min after an official 40 %, while so many tokens were counted."""
    seen_at = NOW - timedelta(minutes=30)
    sample = OfficialSample(seen_at.timestamp(), 0.40, RESET.timestamp(), None)
    reading = Reading(
        source="jsonl",
        observed_at=NOW,
        window_5h=Window(tokens=1_000_000),
        quota_5h=Quota(used_percent=percent, resets_at=RESET, seen_at=seen_at),
        plan_5h=PlanSamples((sample,), since, before),
    )
    return snapshot([reading], Limits(), "lab", NOW, calibrations=Calibrations(five_hours=calibration, sticker="CAL"))


def test_the_needle_moves_by_the_tokens_since_and_says_how_sure_it_is() -> None:
    usage = shown(TokenCounts(output=100_000))
    assert (usage.window_5h_pct, usage.window_5h_source, usage.needle_5h) == (0.5, "calibrated", 500)
    assert usage.window_5h_error == pytest.approx(0.5 * (0.01 + 0.1 * 0.1 + 0.01 * 0.5), abs=1e-4)
    assert usage.calibration == "CAL"
    assert usage.window_5h_resets_at == RESET


@pytest.mark.parametrize("since", [TokenCounts(), None])
def test_without_tokens_since_it_is_the_official_share(since: TokenCounts | None) -> None:
    usage = shown(since)
    assert (usage.window_5h_pct, usage.window_5h_source, usage.window_5h_error) == (0.4, "official", 0.005)


def test_without_a_calibration_it_stands() -> None:
    usage = shown(TokenCounts(output=100_000), calibration=None)
    assert (usage.window_5h_pct, usage.window_5h_source, usage.elsewhere_5h_pct) == (0.4, "official", None)


def test_samples_of_another_percentage_move_nothing() -> None:
    usage = shown(TokenCounts(output=100_000), percent=43.0)
    assert (usage.window_5h_pct, usage.window_5h_source) == (0.43, "official")


def test_what_no_local_token_explains_was_used_elsewhere() -> None:
    usage = shown(TokenCounts(), TokenCounts(output=150_000))
    assert usage.elsewhere_5h_pct == pytest.approx(0.40 - 0.15 - 0.5 * (0.01 + 0.1 * 0.4), abs=1e-4)
    assert shown(TokenCounts(), TokenCounts(output=400_000)).elsewhere_5h_pct == 0
    assert shown(TokenCounts()).elsewhere_5h_pct is None


def test_a_share_never_exceeds_the_whole() -> None:
    usage = shown(TokenCounts(output=10**9))
    assert (usage.window_5h_pct, usage.warn) == (1.0, True)
    assert usage.window_5h_error == 1.0


def test_what_is_moved_keeps_four_decimals() -> None:
    usage = shown(TokenCounts(output=123_456), TokenCounts(output=123_456))
    assert (usage.window_5h_pct, usage.window_5h_error, usage.elsewhere_5h_pct) == (0.5235, 0.0137, 0.2515)


def test_where_the_tokens_since_are_not_all_known_nothing_is_said_of_elsewhere() -> None:
    assert shown(None, TokenCounts(output=150_000)).elsewhere_5h_pct is None


@pytest.mark.parametrize(("percent", "source"), [(40.04, "calibrated"), (40.06, "official")])
def test_a_sample_is_of_the_share_that_is_told_if_they_differ_by_less_than_half_a_thousandth(
    percent: float, source: str
) -> None:
    assert shown(TokenCounts(output=100_000), percent=percent).window_5h_source == source
