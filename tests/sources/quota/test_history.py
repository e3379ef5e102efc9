"""What is kept of official samples, and the local tokens between them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gauge_mqtt.core.reading import Quota, TokenCounts
from gauge_mqtt.sources.quota.history import KEPT_S, NAME, PlanHistory, read_history

NOW = 1_795_867_200.0
RESET = NOW + 3600


def official(percent: float, at: float, resets_at: float = RESET) -> Quota:
    return Quota(
        used_percent=percent, resets_at=datetime.fromtimestamp(resets_at, UTC), seen_at=datetime.fromtimestamp(at, UTC)
    )


class Ledger:
    """A token of output each second, known from `since` on."""

    def __init__(self, since: float = 0.0) -> None:
        self.since = since

    def between(self, after: float, upto: float) -> TokenCounts | None:
        return None if after < self.since else TokenCounts(output=round(upto - after))


def test_each_sample_has_the_tokens_since_the_one_before_and_a_repetition_moves_the_end_of_its_plateau() -> None:
    history = PlanHistory(None, Ledger().between)
    for percent, at in ((10, 0), (12, 60), (12, 120), (12, 180), (15, 240)):
        history.take("a", "5h", official(percent, NOW + at))
    plan = history.plan("a", "5h", official(15, NOW + 240), NOW + 300)
    assert plan
    assert [(s.at - NOW, s.share, s.tokens and s.tokens.output) for s in plan.samples] == [
        (0, 0.10, None), (60, 0.12, 60), (180, 0.12, 120), (240, 0.15, 60),
    ]  # fmt: skip
    assert (plan.since, plan.before) == (TokenCounts(output=60), TokenCounts(output=4 * 3600 + 240))


def test_another_window_and_another_account_begin_anew() -> None:
    history = PlanHistory(None, Ledger().between)
    history.take("a", "5h", official(90, NOW))
    history.take("b", "5h", official(5, NOW + 1))
    history.take("a", "5h", official(2, NOW + 4000, RESET + 5 * 3600))
    plan = history.plan("a", "5h", official(2, NOW + 4000, RESET + 5 * 3600 + 20), NOW + 4100)
    assert plan
    assert [s.share for s in plan.samples] == [0.02]
    assert history.plan("a", "7d", official(2, NOW), NOW) is None
    assert history.plan("a", "5h", official(90, NOW), NOW) is None, "that window is over"


def test_an_older_sample_changes_nothing() -> None:
    history = PlanHistory(None, Ledger().between)
    history.take("a", "5h", official(20, NOW))
    history.take("a", "5h", official(30, NOW - 10))
    history.take("a", "5h", official(90, NOW + 10, RESET - 5 * 3600))
    plan = history.plan("a", "5h", official(20, NOW), NOW)
    assert plan
    assert [s.share for s in plan.samples] == [0.2]


def test_a_gap_is_filled_when_the_logs_have_been_read_that_far_back() -> None:
    ledger = Ledger(since=NOW + 100)
    history = PlanHistory(None, ledger.between)
    for percent, at in ((10, 0), (12, 60), (14, 130)):
        history.take("a", "5h", official(percent, NOW + at))
    seen = official(14, NOW + 130)
    unknown = history.plan("a", "5h", seen, NOW + 140)
    assert unknown
    assert [s.tokens for s in unknown.samples] == [None, None, None]
    ledger.since = 0
    filled = history.plan("a", "5h", seen, NOW + 150)
    assert filled
    assert [s.tokens and s.tokens.output for s in filled.samples] == [None, 60, 70]


def test_it_outlives_a_restart_and_forgets_after_thirty_days(tmp_path: Path) -> None:
    tmp_path /= "state"
    history = PlanHistory(tmp_path, Ledger().between)
    history.take("a", "7d", official(1, NOW - KEPT_S - 10, NOW))
    for percent, at in ((10, 0), (12, 60)):
        history.take("a", "7d", official(percent, NOW + at))
    history.save()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    again = PlanHistory(tmp_path, Ledger().between)
    again.load()
    again.take("a", "7d", official(13, NOW + 100))
    plan = again.plan("a", "7d", official(13, NOW + 100), NOW + 100)
    assert plan
    assert [(s.share, s.tokens and s.tokens.output) for s in plan.samples] == [(0.1, None), (0.12, 60), (0.13, 40)]
    (track,) = read_history(tmp_path / NAME)
    assert len(track.samples) == 2, "the old one is gone"
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


BROKEN = [
    b"",
    b"[]",
    b'{"version":2}',
    b'{"version":1,"tracks":[{"account":"a","window":"5h","samples":[[1e300,0,0,null]]}]}',
    b'{"version":1,"tracks":[{"account":"a","window":"9h","samples":[]}]}',
    b"\xff",
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_history_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)
    assert read_history(tmp_path / NAME) == []
    assert read_history(tmp_path / "nothing") == []
