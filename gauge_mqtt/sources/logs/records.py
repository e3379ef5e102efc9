"""One line of a Claude Code session log, decoded. Untrusted input: typed, bounded, refused rather than guessed.

Which lines count follows ccusage 20 (its case matrix is a test), but for three of its byte-level accidents: a nested
`"id":null` inside a tool's input and a blank after `"usage":` do not hide a response from us, and one message id is
one response whatever its request ids.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from gauge_mqtt.core.ledger import Entry
from gauge_mqtt.core.models import SYNTHETIC
from gauge_mqtt.core.turns import Step

USAGE_MARKS = (b'put_tokens"', b'"usage"')
"""What no response is without, a cheap and safe first sieve: inside a string the quote is escaped. How the names of the
counts end is searched for half as fast again (2.8 against 2.0 GB/s); where it is not found, the counts may have got
other names, and a line that cannot be counted must cost a counter.
"""
TURN_MARKS = (b'"type":"user"', b'"type":"assistant"')

Count = Annotated[int, Meta(ge=0, le=10**9)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Instant = Annotated[datetime, Meta(tz=True)]
SEMVER = re.compile(r"\d+\.\d+\.\d+")
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What a line can be: no JSON, not typed as it should be, no UTF-8, nested without end, a year no clock has."""
SYNTHETIC_MARK = b'"<synthetic>"'
"""The CLI's own note of an API error: it looks like a response, has nulls where numbers belong, and used nothing."""


class _CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: Count | UnsetType = UNSET
    ephemeral_1h_input_tokens: Count | UnsetType = UNSET


class _OutputDetails(Struct, gc=False):
    thinking_tokens: Count | None = None


class _Tokens(Struct, gc=False):
    input_tokens: Count
    output_tokens: Count
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | None = None
    speed: str | UnsetType = UNSET


class _Message(Struct, gc=False):
    id: Text | UnsetType = UNSET
    model: Text | UnsetType = UNSET
    usage: _Tokens | UnsetType = UNSET


class _Line(Struct, gc=False, rename="camel"):
    message: _Message | UnsetType = UNSET
    timestamp: Instant | UnsetType = UNSET
    request_id: Text | UnsetType = UNSET
    uuid: str | UnsetType | None = UNSET
    is_sidechain: bool = False
    version: str | UnsetType = UNSET
    session_id: Text | UnsetType = UNSET
    cwd: str | UnsetType = UNSET
    cost_usd: float | UnsetType = field(default=UNSET, name="costUSD")
    is_api_error_message: bool | UnsetType = UNSET


_decode_line = msgspec.json.Decoder(_Line).decode


def usage_record(line: bytes) -> tuple[str, Entry] | None:
    """The response on this line and the key that all its copies share; `None` if the line carries none.

    Raises one of `BROKEN` when the line is not JSON or its usage is not what it should be.
    """
    record = _decode_line(line)
    message = record.message
    if message is UNSET or message.usage is UNSET:
        return None
    if record.timestamp is UNSET:
        raise msgspec.ValidationError("a usage record without a timestamp")
    if record.version is not UNSET and not SEMVER.match(record.version):
        raise msgspec.ValidationError("a version that is not N.N.N")
    usage = message.usage
    details = usage.output_tokens_details
    thinking = details.thinking_tokens if details else None
    model = None if message.model is UNSET or message.model == SYNTHETIC else message.model
    key = message.id or record.request_id or record.uuid or "line " + hashlib.blake2b(line, digest_size=16).hexdigest()
    return key, Entry(
        at=record.timestamp.timestamp(),
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens,
        cache_creation=_cache_creation(usage),
        thinking=thinking if thinking is not None and thinking <= usage.output_tokens else -1,
        model=model,
        main=not record.is_sidechain,
    )


def _cache_creation(usage: _Tokens) -> int:
    """The 5 min / 1 h breakdown wins over the flat field, as in ccusage 20."""
    parts = usage.cache_creation
    if parts is None:
        return usage.cache_creation_input_tokens
    five, hour = parts.ephemeral_5m_input_tokens, parts.ephemeral_1h_input_tokens
    if five is UNSET and hour is UNSET:
        return usage.cache_creation_input_tokens
    return (0 if five is UNSET else five) + (0 if hour is UNSET else hour)


class _Part(Struct, gc=False):
    type: str = ""
    text: str | None = None
    id: str | None = None
    tool_use_id: str | None = None


class _TurnMessage(Struct, gc=False):
    id: str | None = None
    content: str | list[_Part] | None = None


class _TurnLine(Struct, gc=False, rename="camel"):
    type: Literal["user", "assistant"]
    timestamp: Instant
    message: _TurnMessage
    is_meta: bool | None = None
    is_compact_summary: bool | None = None


_decode_turn = msgspec.json.Decoder(_TurnLine).decode

INTERRUPTED = "[Request interrupted by user"
NOT_A_PROMPT = ("<command-", "<local-command", "<bash-", "Caveat:")
"""How local commands and their output begin: nobody awaits an answer to them."""


def turn_steps(lines: bytes) -> Iterator[Step]:
    """The prompts, tool results and answers among `lines`; what is none of these, or broken, is passed over."""
    for line in lines.split(b"\n"):
        if not any(mark in line for mark in TURN_MARKS):
            continue
        try:
            record = _decode_turn(line)
            step = None if record.is_meta or record.is_compact_summary else _step(record)
        except BROKEN:
            continue
        if step:
            yield step


def _step(record: _TurnLine) -> Step | None:
    at, content = record.timestamp.timestamp(), record.message.content
    parts = [_Part("text", content)] if isinstance(content, str) else content or []
    if record.type == "assistant":
        return Step(at, "answer", record.message.id, tuple(p.id for p in parts if p.type == "tool_use" and p.id))
    results = tuple(p.tool_use_id for p in parts if p.type == "tool_result" and p.tool_use_id)
    if results:
        return Step(at, "results", tools=results)
    text = next((p.text for p in parts if p.text), "")
    if text.startswith(INTERRUPTED):
        return Step(at, "interrupt")
    return None if text.startswith(NOT_A_PROMPT) else Step(at, "prompt")
