"""Sessions against what they say they used: the captured ones used nothing beside their lines."""

import json
import shutil
from pathlib import Path

import pytest

from gauge_mqtt.sources.logs.auxiliary import SESSIONS_MAX, compare
from gauge_mqtt.sources.logs.listing import walk

SETS = Path(__file__).parents[2] / "fixtures" / "jsonl"


def compared(folder: Path) -> tuple[int, int, int]:
    return tuple(compare(walk([bytes(folder)]).files))


@pytest.mark.parametrize(
    ("name", "sessions", "tokens"),
    [
        ("2.1.330_multiturn", 1, 120_952),
        ("2.1.330_fork", 2, 51_708),
        ("2.1.330_subagent", 1, 86_300),
        ("2.1.330_interrupted", 1, 17_236),
        ("2.1.330_apierror", 1, 0),
        ("2.1.96_placeholder_usage", 0, 0),
    ],
)
def test_captured_sessions_used_what_their_lines_say(name: str, sessions: int, tokens: int) -> None:
    assert compared(SETS / name) == (sessions, tokens, tokens)


def test_a_title_is_what_is_more_and_a_resumed_session_counts_up_to_its_last_word(tmp_path: Path) -> None:
    source = next((SETS / "2.1.330_oneshot").rglob("*.jsonl"))
    rows = source.read_text().splitlines()
    at = next(number for number, row in enumerate(rows) if '"type":"cost-state"' in row)
    state = json.loads(rows[at])
    state["modelUsage"]["claude-haiku-5-5"] = {"inputTokens": 400, "outputTokens": 12}
    rows[at] = json.dumps(state, separators=(",", ":"))
    answered = next(row for row in rows if '"type":"assistant"' in row)
    rows.append(answered.replace("msg_mock", "msg_later").replace("req_mock", "req_later"))
    (tmp_path / "s.jsonl").write_text("\n".join(rows) + "\n")
    assert compared(tmp_path) == (1, 17_236 + 412, 17_236)


def test_the_newest_sessions_are_compared_and_a_broken_word_is_none(tmp_path: Path) -> None:
    source = next((SETS / "2.1.330_oneshot").rglob("*.jsonl"))
    for number in range(SESSIONS_MAX + 5):
        shutil.copyfile(source, tmp_path / f"{number}.jsonl")
    assert compared(tmp_path)[0] == SESSIONS_MAX
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "s.jsonl").write_text('{"type":"cost-state","modelUsage":{"m":{"inputTokens":-1}}}\n')
    assert compared(broken) == (0, 0, 0)
