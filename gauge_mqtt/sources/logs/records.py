"""One line of a Claude Code session log: a response, or a step of a turn. Untrusted input: refused rather than guessed.

Which lines count follows ccusage 20 (its case matrix is a test), but for its accidents of byte matching: a nested
`"id":null` inside a tool's input and a blank after `"usage":` do not hide a response from us, nor does a broken
iteration hide the one beside it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import lru_cache
from math import inf
from typing import Any, Literal, Protocol

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from gauge_mqtt.core.entries import SYNTHETIC, Entry
from gauge_mqtt.core.quota import Sample
from gauge_mqtt.core.turns import Step
from gauge_mqtt.sources.logs.decode import BROKEN, NAME_MAX, Count, Instant, Odd, Text, named, text, tolerant, unix
from gauge_mqtt.sources.plan_limits import of_limits

USAGE_MARKS = (b'put_tokens"', b'"usage"')
"""What no response is without, a cheap and safe first sieve: inside a string the quote is escaped. How the names of the
counts end is searched for half as fast again (2.8 against 2.0 GB/s); where it is not found, the counts may have got
other names, and a line that cannot be counted must cost a counter.
"""
REPORT_MARK = b'usageReport"'
"""What no line with the answer of `/usage` is without."""
TURN_MARKS = (b'"type":"user"', b'"type":"assistant"')

SEMVER = re.compile(r"\d+\.\d+\.\d+")
SYNTHETIC_MARK = b'"<synthetic>"'
"""The CLI's own note of an API error: it looks like a response, has nulls where numbers belong, and used nothing."""
ADVISOR = "advisor_message"
"""The one kind of iteration that is not in the counts beside it (measured on ccusage 20.0.24, which adds no other)."""


class _CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: Count | UnsetType = UNSET
    ephemeral_1h_input_tokens: Count | UnsetType = UNSET


class _OutputDetails(Struct, gc=False):
    thinking_tokens: Odd = None


class Tokens(Struct, gc=False):
    input_tokens: Count
    output_tokens: Count
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | str | int | float | list[Any] | None = None
    speed: str | UnsetType = UNSET
    iterations: Any = None


class _Advice(Tokens, gc=False, kw_only=True):
    """An iteration in which the model asked another one for advice."""

    type: str
    model: Text


class UsageMessage(Struct, gc=False):
    id: Text | UnsetType = UNSET
    model: Text | UnsetType = UNSET
    usage: Tokens | UnsetType = UNSET


class UsageLine(Struct, gc=False, rename="camel"):
    """A line as it is written, as far as usage goes. Which of its parts are there is for `usage_line` to see."""

    message: UsageMessage | UnsetType = UNSET
    timestamp: Instant | UnsetType = UNSET
    request_id: Text | UnsetType = UNSET
    uuid: Odd | UnsetType = UNSET
    is_sidechain: bool | None = False
    version: str | UnsetType = UNSET
    session_id: Text | UnsetType = UNSET
    cwd: str | UnsetType = UNSET
    cost_usd: float | UnsetType = field(default=UNSET, name="costUSD")
    is_api_error_message: bool | UnsetType = UNSET

    @property
    def is_named(self) -> bool:
        """Whether both message and request have a name on this line, so that no other line is needed to tell."""
        return self.request_id is not UNSET and self.message is not UNSET and self.message.id is not UNSET

    def repeats(self, before: "UsageLine") -> bool:
        """Whether it tells nothing new after the one before it in its file, as most lines of a response do.

        In the next hour the same counts are news: it may be that hour's record which is remembered.
        """
        at, then, told, known = self.timestamp, before.timestamp, self.message, before.message
        if at is UNSET or then is UNSET or told is UNSET or known is UNSET or told.id is UNSET:
            return False
        return (
            told.id == known.id
            and told.usage == known.usage
            and told.model == known.model
            and self.request_id == before.request_id
            and self.request_id is not UNSET
            and self.is_sidechain is before.is_sidechain
            and at.tzinfo is UTC
            and at >= then
            and at.hour == then.hour
            and at.day == then.day
            and at.month == then.month
            and at.year == then.year
        )


_decode_line = msgspec.json.Decoder(UsageLine).decode


class Response(Struct, gc=False):
    """What one line tells of a response. `request`: `None` if its request has no name on this line.

    `advice`: what the advisors used whom it asked, the largest first; `refused`: advice that could not be believed.
    """

    message: str
    request: str | None
    entry: Entry
    advice: tuple[Entry, ...] = ()
    refused: int = 0


@lru_cache
def _is_version(text: str) -> bool:
    return SEMVER.match(text) is not None


def usage_line(line: bytes) -> UsageLine | None:
    """The line, typed; `None` if it carries no usage of a response.

    Raises one of `BROKEN` when the line is not JSON or its usage is not what it should be.
    """
    try:
        record = _decode_line(line)
    except BROKEN:
        record = tolerant(_decode_line, line)
    return record if has_usage(record) else None


def has_usage(record: UsageLine) -> bool:
    """Whether the line carries usage of a response. Raises one of `BROKEN` when that is not to be believed."""
    if record.message is UNSET or record.message.usage is UNSET:
        return False
    if record.timestamp is UNSET:
        raise msgspec.ValidationError("a usage record without a timestamp")
    if record.version is not UNSET and not _is_version(record.version):
        raise msgspec.ValidationError("a version that is not N.N.N")
    return True


def response(record: UsageLine, line: bytes) -> Response:
    """What `record`, which `usage_line` read from `line`, tells of a response. Raises one of `BROKEN`."""
    message = record.message
    assert message is not UNSET  # noqa: S101, `usage_line` has seen to these
    assert message.usage is not UNSET  # noqa: S101
    assert record.timestamp is not UNSET  # noqa: S101
    model = None if message.model is UNSET or message.model == SYNTHETIC else message.model[:NAME_MAX]
    usage, at, main = message.usage, unix(record.timestamp), not record.is_sidechain
    entry = _entry(usage, at, model, main=main)
    request: str | None
    if message.id is not UNSET:
        name, request = named(message.id), None if record.request_id is UNSET else named(record.request_id)
    elif record.request_id is not UNSET:  # then the request is all that tells the response from others
        name, request = named(record.request_id), None
    else:  # or the line itself
        name, request = named(text(record.uuid) or "line " + hashlib.blake2b(line, digest_size=16).hexdigest()), ""
    if not usage.iterations:
        return Response(name, request, entry)
    return Response(name, request, entry, *_advice(usage.iterations, at, main=main))


def _entry(usage: Tokens, at: float, model: str | None, *, main: bool) -> Entry:
    details = usage.output_tokens_details
    thinking = details.thinking_tokens if isinstance(details, _OutputDetails) else None
    return Entry(
        at,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        _cache_creation(usage),
        thinking if type(thinking) is int and 0 <= thinking <= usage.output_tokens else -1,
        model,
        main,
    )


def _advice(iterations: object, at: float, *, main: bool) -> tuple[tuple[Entry, ...], int]:
    """The advisors' entries, and how many more there are. They name no model: the lamp shows the main one."""
    found: list[Entry] = []
    refused = 0
    for item in iterations if isinstance(iterations, list) else [iterations]:
        if isinstance(item, dict) and item.get("type") == ADVISOR:
            try:
                found.append(_entry(msgspec.convert(item, _Advice), at, None, main=main))
            except msgspec.ValidationError:
                refused += 1
    return tuple(sorted(found, key=lambda entry: entry.tokens, reverse=True)), refused


def _cache_creation(usage: Tokens) -> int:
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


class Part(Protocol):
    """A part of what a record says."""

    type: str
    text: str | None


def user_record(parts: Iterable[Part]) -> Literal["results", "interrupt", "local", "prompt"]:
    """What a record of the user says: `results` of tools; `interrupt`: it ends a turn; `local`: a command of Claude
    Code's own, or its output, to which nobody awaits an answer; else a `prompt`.
    """
    known = list(parts)
    if any(part.type == "tool_result" for part in known):
        return "results"
    text = next((part.text for part in known if part.text), "")
    if text.startswith(INTERRUPTED):
        return "interrupt"
    return "local" if text.startswith(NOT_A_PROMPT) else "prompt"


def turn_steps(lines: bytes, upto: float = inf) -> Iterator[Step]:
    """The prompts, tool results and answers among `lines`; what is none of these, or broken, is passed over.

    So is what is later than `upto` (unix s): it has a wrong clock, and would hide the steps around it.
    """
    for line in lines.split(b"\n"):
        if not any(mark in line for mark in TURN_MARKS):
            continue
        try:
            record = tolerant(_decode_turn, line)
            step = None if record.is_meta or record.is_compact_summary else _step(record)
        except BROKEN:
            continue
        if step and step.at <= upto:
            yield step


def _step(record: _TurnLine) -> Step | None:
    at, content = unix(record.timestamp), record.message.content
    parts = [_Part("text", content)] if isinstance(content, str) else content or []
    if record.type == "assistant":
        return Step(at, "answer", record.message.id, tuple(p.id for p in parts if p.type == "tool_use" and p.id))
    match user_record(parts):
        case "results":
            return Step(at, "results", tools=tuple(p.tool_use_id for p in parts if p.tool_use_id))
        case "local":
            return None
        case kind:
            return Step(at, kind)


class _RateLimits(Struct, gc=False):
    limits: list[msgspec.Raw] | None = None


class _UsageReport(Struct, gc=False):
    rate_limits: _RateLimits | None = None


class _ReportLine(Struct, gc=False, rename="camel"):
    type: Literal["system"]
    subtype: Literal["local_command"]
    timestamp: Instant
    usage_report: _UsageReport


_decode_report = msgspec.json.Decoder(_ReportLine).decode


def usage_report(line: bytes) -> list[Sample]:
    """The official percentages of a `usageReport` line; none if it is another one that mentions the word, or broken."""
    try:
        record = tolerant(_decode_report, line)
        limits = record.usage_report.rate_limits
        return of_limits(limits.limits or (), unix(record.timestamp), "report") if limits else []
    except BROKEN:
        return []
