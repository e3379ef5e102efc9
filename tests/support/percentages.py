"""The plan's official percentages, told as Claude Code tells them: to its status line, and in a line of a log."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures/quota"


def redraw(percent: float, session: str = "a", environ: dict[str, str] | None = None, **told: Any) -> None:
    """What Claude Code does at each redraw."""
    now = int(time.time())
    line = {
        "session_id": session,
        "transcript_path": f"{Path.home()}/.claude/projects/-home-user-project/{session}.jsonl",
        "rate_limits": {
            "five_hour": {"used_percentage": percent, "resets_at": now // 60 * 60 + 7_200},
            "seven_day": {"used_percentage": 41.2, "resets_at": now // 60 * 60 + 200_000},
        },
    }
    command = [sys.executable, "-m", "gauge_mqtt.statusline", "--then", "true"]
    subprocess.run(
        command, input=json.dumps(line | told).encode(), check=True, env=os.environ | (environ or {}), timeout=30
    )


def report(percent: float) -> bytes:
    """A `usageReport` line of now."""
    now = time.time()
    line = json.loads((FIXTURES / "local_command_usageReport_limits.json").read_text())
    resets = {"session": 7_200, "weekly_all": 200_000, "weekly_scoped": 200_000}
    for limit in line["usageReport"]["rate_limits"]["limits"]:
        limit["resets_at"] = datetime.fromtimestamp(now // 60 * 60 + resets[limit["kind"]], UTC).isoformat()
        limit["percent"] = percent if limit["kind"] == "session" else limit["percent"]
    line["timestamp"] = datetime.fromtimestamp(now, UTC).isoformat()
    return json.dumps(line).encode() + b"\n"
