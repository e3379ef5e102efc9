"""The phrases that are used most, of Claude and of the user: read anew each time, kept nowhere."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from gauge_mqtt.core.insights.texts import most_used, phrases_of
from gauge_mqtt.sources.logs.decode import BROKEN, Instant, tolerant, unix
from gauge_mqtt.sources.logs.insights.lines import ANSWER, SAID
from gauge_mqtt.sources.logs.listing import walk
from gauge_mqtt.sources.logs.records import user_record
from gauge_mqtt.sources.logs.tail import LINE_MAX

TEXT_MAX = 20_000
"""Characters of one text that are looked at: what is longer was pasted."""
PHRASES_MAX = 2_000_000
"""So many different ones are counted at most, of each."""
Counts = Counter[tuple[str, ...]]


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    content: str | list[_Block] | None = None


class _Line(msgspec.Struct, gc=False, rename="camel"):
    type: str
    timestamp: Instant
    message: _Message
    uuid: str | None = None
    is_meta: bool | None = None
    is_sidechain: bool | None = False
    is_compact_summary: bool | None = None
    is_api_error_message: bool | None = None


_decode = msgspec.json.Decoder(_Line).decode


class MostUsed(NamedTuple):
    """Phrase and how often it was said; `None` where nothing was said twice."""

    claude: tuple[str, int] | None
    user: tuple[str, int] | None


def look(roots: Sequence[Path], after: float, upto: float) -> MostUsed:
    """Of the texts after the first and up to the second unix second. Copies of a text count once."""
    counts: dict[str, Counts] = {"assistant": Counter(), "user": Counter()}
    seen: set[int] = set()
    for item in walk([os.fsencode(root) for root in roots]).files:
        if item.changed_at >= after:
            for line in _texts(item.path):
                if after < line[1] <= upto and (known := hash(line)) not in seen:
                    seen.add(known)
                    if len(counts[line[0]]) < PHRASES_MAX:
                        counts[line[0]].update(phrases_of(line[3][:TEXT_MAX]))
    return MostUsed(most_used(counts["assistant"]), most_used(counts["user"]))


def _texts(path: bytes) -> Iterator[tuple[str, float, str, str]]:
    """Who said it, when, in which message or record, and what."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123, a name of bytes
            while data := file.readline(LINE_MAX):
                if ANSWER in data or SAID in data:
                    yield from _said(data)
    except OSError:
        return


def _said(data: bytes) -> Iterator[tuple[str, float, str, str]]:
    try:
        line = tolerant(_decode, data)
        at = unix(line.timestamp)
    except BROKEN:
        return
    if line.type not in {"assistant", "user"} or line.is_meta or line.is_compact_summary or line.is_api_error_message:
        return
    content = line.message.content
    blocks = [_Block("text", content)] if isinstance(content, str) else content or []
    if line.type == "user" and (line.is_sidechain or user_record(blocks) != "prompt"):
        return
    for block in blocks:
        if block.type == "text" and block.text:
            yield line.type, at, line.message.id or line.uuid or "", block.text
