"""What the doctor says of the logs beyond their windows: only what it has found."""

import time
from pathlib import Path
from typing import Any

from tests.support import brokers
from tests.support.ccusage import ccusage_binary
from tests.support.lines import answer, line, prompt
from tests.support.program import gauge

COST_STATE = (
    b'{"type":"cost-state","sessionId":"s","modelUsage":{"claude-opus-5-5":{"inputTokens":43120,"outputTokens":%d}}}\n'
)


def doctor(*records: dict[str, Any], more: bytes = b"", **env: str) -> list[str]:
    file = Path.home() / ".claude/projects/p/s.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"".join(map(line, records)) + more)
    broker = f"mqtt://127.0.0.1:{brokers.free_port()}"
    return gauge("doctor", CLAUDE_GAUGE_MQTT_URL=broker, CLAUDE_GAUGE_HTTP_PORT="0", **env).stdout.splitlines()


def relay(age: float, **changes: Any) -> dict[str, Any]:
    return answer(time.time() - age, message__id="relay\x1b[1m", **changes)


def test_ids_that_come_back_are_named_and_how_they_are_told_apart() -> None:
    rows = doctor(relay(50), relay(40), relay(30))
    assert any(
        row.startswith("note  ids: several responses have one message id: 'relay\\x1b[1m' on 3;")
        and row.endswith("by the ids of their requests")
        for row in rows
    ), rows
    assert "5 h 129,360 tokens" in "\n".join(rows)


def test_responses_without_a_request_id_are_a_cause_why_ccusage_differs() -> None:
    without = {"requestId": ...}
    records = (relay(50, **without), prompt(time.time() - 45), relay(40, **without))
    out = "\n".join(doctor(*records, CLAUDE_GAUGE_CCUSAGE=str(ccusage_binary())))
    assert "by the runs of their lines, as their requests have no id" in out
    assert "ccusage 5 h: 43,120 by ccusage, 86,240 by our own reading: -43,120" in out
    assert "ccusage differs: 2 responses have one message id and no request id" in out
    assert "side chains" not in out
    assert "no cause was found" not in out


def test_nothing_is_said_of_what_was_not_found() -> None:
    out = "\n".join(doctor(answer(time.time() - 50), more=COST_STATE % 0))
    assert "ids:" not in out
    assert "no log line" not in out


def test_requests_without_a_line_are_told_where_a_session_says_what_it_used() -> None:
    out = "\n".join(doctor(answer(time.time() - 50), more=COST_STATE % 4312))
    fact = "4,312 tokens (10.0%) of the newest 1 sessions that say what they used are in no log line"
    assert f"ok    windows: {fact}" in out
