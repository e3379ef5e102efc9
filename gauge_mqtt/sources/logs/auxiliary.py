"""What Claude Code used beside the responses in its logs: session titles and the like are requests without a line.

At the end of a session it writes what the whole session used (`cost-state`: cumulative over resumes, copied by forks).
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.sources.logs.decode import BROKEN, Count, tolerant
from gauge_mqtt.sources.logs.listing import ListedFile, look
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.tail import Tail

MARK = b'"type":"cost-state"'
SESSIONS_MAX, SIZE_MAX = 20, 1 << 26
"""The newest of so many sessions are compared, and no file of more bytes."""


class _ModelUsage(Struct, gc=False, rename="camel"):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _CostState(Struct, gc=False, rename="camel"):
    type: Literal["cost-state"]
    model_usage: dict[str, _ModelUsage]


_decode = msgspec.json.Decoder(_CostState).decode


class Compared(NamedTuple):
    """Tokens of some sessions: as `cost-state` tells them, and as their lines up to there do."""

    sessions: int
    told: int
    logged: int


def compare(files: Iterable[ListedFile]) -> Compared:
    """Of the newest sessions that say what they used. Takes up to a second; what cannot be read is left out."""
    main = [item for item in files if b"/subagents/" not in item.path and item.size <= SIZE_MAX]
    main.sort(key=lambda item: item.changed_ns, reverse=True)
    pairs = list(islice(filter(None, map(_session, main[: 5 * SESSIONS_MAX])), SESSIONS_MAX))
    return Compared(len(pairs), sum(told for told, _ in pairs), sum(logged for _, logged in pairs))


def _session(item: ListedFile) -> tuple[int, int] | None:
    path = Path(item.path.decode(errors="surrogateescape"))
    try:
        data = path.read_bytes()
        mark = data.rfind(MARK)
        if mark == -1:
            return None
        start, end = data.rfind(b"\n", 0, mark) + 1, data.find(b"\n", mark)
        state = tolerant(_decode, data[start:] if end == -1 else data[start:end])
        tail = Tail(Ledger())
        _read(tail, item, upto=start)
        newest = max((entry.at for _, entry in tail.ledger), default=0.0)
        for agent in (path.with_suffix("") / "subagents").glob("*.jsonl"):
            if found := look(bytes(agent)):
                _read(tail, found, upto=found.size)
    except (OSError, *BROKEN):
        return None
    told = sum(
        used.input_tokens + used.output_tokens + used.cache_read_input_tokens + used.cache_creation_input_tokens
        for used in state.model_usage.values()
    )
    return told, sum(entry.tokens for _, entry in tail.ledger if entry.at <= newest)


def _read(tail: Tail, item: ListedFile, *, upto: int) -> None:
    file = LogFile(item.path, item.device, item.inode)
    while file.offset < upto and tail.advance(file, turns=False, upto=upto):
        pass
