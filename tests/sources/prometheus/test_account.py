"""What the rules do not take off yet is taken off once, in the newest minute that is read, whatever they know then."""

from datetime import UTC, datetime, timedelta

import pytest

from gauge_mqtt.sources.prometheus.account import RecordedMinutes
from gauge_mqtt.sources.prometheus.api import Sample
from gauge_mqtt.sources.prometheus.facts import FactRows, Facts
from gauge_mqtt.sources.prometheus.recorded import LEVELS

HALF = 1_800_000_000
"""The last half an hour of which the rules have told."""
BOUNDARY = HALF + 300
"""Where an older slice ends and the last one begins."""
pytestmark = pytest.mark.anyio


class Rules(Facts):
    """They have told of each minute up to `upto`: 150 tokens, 100 of which came back after a pause, in all of them."""

    def __init__(self, upto: int) -> None:
        self.upto = upto

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.upto, UTC)

    _skew = timedelta(seconds=100)

    async def ask_range(self, expression: str, first: int, last: int, step: int) -> FactRows:  # noqa: ARG002
        ends = [end for end in range(HALF - 7200, self.upto + 1, 60) if first <= end <= last]
        halves = [end for end in ends if end <= HALF and (HALF - end) % 1800 == 0]
        return {
            "beat": [Sample({}, [(end, 1.0) for end in ends])],
            "back_beat": [Sample({}, [(end, 1.0) for end in halves])],
            "tokens": [Sample({}, [(end, 150.0) for end in ends])],
        }

    async def ask(self, expression: str, at: float | None = None) -> FactRows:
        if '"new"' in expression:
            return {"new": [Sample({"session_id": "lid"}, [(at or 0, 1.0)])]}
        return {"tokens_returned": [Sample({}, [((at or 0), 100.0)])]}


async def told(upto: int, known_upto: int) -> dict[int, float]:
    """The minutes of two slices, read as the source does it: the last slice first."""
    rules, minutes = RecordedMinutes(Rules(known_upto), LEVELS[0], ""), dict[int, float]()
    for after, end, last in ((BOUNDARY, upto, True), (HALF - 600, BOUNDARY, False)):
        for span in await rules.spans(after, end, cost=False, last=last):
            assert span.told == (span.upto <= known_upto)
            minutes |= span.tokens
    return minutes


@pytest.mark.parametrize("ahead_s", [-60, 0, 60, 120])
async def test_it_is_taken_off_once_whether_or_not_the_rules_know_more_than_is_read(ahead_s: int) -> None:
    upto = BOUNDARY + 600
    known = min(upto, upto + ahead_s)
    minutes = await told(upto, upto + ahead_s)
    assert set(minutes) == set(range(HALF - 540, known + 60, 60))
    assert minutes.pop(known) == 50
    assert set(minutes.values()) == {150}
