"""Session log lines for tests, shaped like those of Claude Code 2.1.330."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

_ids = count(1)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(at: float, tokens: int = 43_120, **changes: Any) -> dict[str, Any]:
    """An assistant record of `tokens` in all: 100 input, 20 output, the rest cache reads."""
    number = next(_ids)
    record: dict[str, Any] = {
        "type": "assistant",
        "timestamp": iso(at),
        "sessionId": "11111111-1111-4111-8111-111111111111",
        "requestId": f"req_{number}",
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "isSidechain": False,
        "version": "2.1.330",
        "cwd": "/home/user/project",
        "message": {
            "id": f"msg_{number}",
            "model": "claude-opus-5-5",
            "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "ok"}],
            "usage": {
                "input_tokens": 100,
                "output_tokens": 20,
                "cache_read_input_tokens": tokens - 120,
                "cache_creation_input_tokens": 0,
            },
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = record
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return record


def prompt(at: float, text: str = "hello", **changes: Any) -> dict[str, Any]:
    return {"type": "user", "timestamp": iso(at), "isSidechain": False, "uuid": f"u{next(_ids)}",
            "message": {"role": "user", "content": text}, **changes}  # fmt: skip


def results(at: float, *tool_ids: str) -> dict[str, Any]:
    parts = [{"type": "tool_result", "tool_use_id": tool, "content": "done"} for tool in tool_ids]
    return prompt(at, message={"role": "user", "content": parts})


def line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(map(line, records))
