"""Real logs of Claude Code, counted by hand.

How: `grep -c` on the fixtures for each kind of line, less what a fork repeats; thinking and output from the
`truth.json` of each set, which says what the API served.
"""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gauge_mqtt.sources.logs.insights.feed import Feed

FIXTURES = Path(__file__).parents[3] / "fixtures/jsonl"
DAY = date(2026, 11, 22)
SETS = ("2.1.330_apierror", "2.1.330_fork", "2.1.330_interrupted", "2.1.330_multiturn", "2.1.330_oneshot",
        "2.1.330_subagent", "2.1.197_oneshot", "2.1.96_placeholder_usage")  # fmt: skip
HAND = {
    "responses": 20,  # 2 forked, 2 of which one was cut, 7, 1, 5 of which 2 by the subagent, 1, 2 of 2.1.96
    "sessions": 8,  # the API error is no response, the fork is a session of its own
    "prompts": 14,  # 16 lines of the user with text, less the fork's copy and "[Request interrupted by user]"
    "interruptions": 1,
    "api_errors": 1,
    "tool_calls": 10,
    "tools": {"Agent": 1, "Bash": 8, "Write": 1},
    "executables": {"echo": 8},
    "file_writes": 1,
    "files_touched": 1,
    "subagents": 1,
    "permission_denials": 0,
    "web_searches": 0,
    "em_dashes": 0,
    "cogitation_index": round((274 + 137 + 959 + 137 + 685) / (354 + 177 + 1539 + 177 + 1005), 4),
    "cost_usd": 0.009948 + 0.019896 + 0.009948 + 0.145272 + 0.009948 + 0.05094,
    "cost_session_usd": 0.245952 / 6,
    "streak_days": 1,
    "max_tokens_stops": 0,
}


@pytest.mark.parametrize("order", [SETS, SETS[::-1]], ids=["as listed", "reversed"])
def test_the_captures_say_what_was_counted_by_hand(order: tuple[str, ...], tmp_path: Path) -> None:
    for number, name in enumerate(order):
        (project,) = (path for path in (FIXTURES / name).iterdir() if path.is_dir())
        shutil.copytree(project, tmp_path / "projects" / f"{number}-{name}")
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
    feed = Feed(
        [tmp_path / "projects"], tmp_path / "state", (), lambda at: datetime.fromtimestamp(at, UTC), lambda: noon
    )
    feed.catch_up()
    found = feed.insights("day", datetime.now(UTC)).values
    for key, wanted in HAND.items():
        assert found[key] == pytest.approx(wanted), key
    feed.close()
