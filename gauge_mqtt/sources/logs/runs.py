"""Which response a line belongs to where no request id says so, one state per session file.

Some gateways name no request and give every response the same message id. There an id is believed only within one
run of lines: same session, no record of the user between. But a tool may be done before its response is: then its
result stands between two lines that tell the same usage. Newer versions of Claude Code name the request themselves
(`requestRef`). The name that is made for a response is that of its first line, which forks and resumed sessions copy.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct

from gauge_mqtt.sources.logs.decode import BROKEN, Count, Instant, Odd, named, text, tolerant

USER_MARK = b'"type":"user"'
UNNAMED = "line "
"""How the name begins that a request is given here."""
RUNS_MAX = 16
"""So many are remembered, the latest: of sessions and subagents that are interleaved in one file, and of each id."""


class _Usage(Struct, gc=False, frozen=True):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _Message(Struct, gc=False):
    id: str | None = None
    stop_reason: Odd = None
    usage: _Usage = msgspec.field(default_factory=_Usage)


class _Origin(Struct, gc=False, rename="camel"):
    """Where a line comes from. `parent_uuid`: the line before it in its conversation."""

    timestamp: Instant
    message: _Message = msgspec.field(default_factory=_Message)
    session_id: str | None = None
    is_sidechain: bool | None = False
    agent_id: Odd = None
    uuid: Odd = None
    parent_uuid: Odd = None
    request_ref: Odd = None


class _Part(Struct, gc=False):
    type: str = ""


class _Content(Struct, gc=False):
    content: str | list[_Part] | None = None


class _User(Struct, gc=False, rename="camel"):
    type: Literal["user"]
    message: _Content = msgspec.field(default_factory=_Content)
    session_id: str | None = None
    is_sidechain: bool | None = False
    agent_id: Odd = None


_decode_origin = msgspec.json.Decoder(_Origin).decode
_decode_user = msgspec.json.Decoder(_User).decode


class Run(Struct, array_like=True, gc=False):
    """The lines of one response so far. `lane`: session, whether it is a sidechain, and subagent; the two by their
    digests, since a file of the user's is named by each and this is kept on disk.

    `uuid`, `usage` and `stop_reason` are those of the last line; `since`: what the user's records since it are.
    """

    message: str
    lane: tuple[str | None, bool, str | None]
    request: str
    uuid: str | None
    usage: _Usage
    stop_reason: str | None
    since: Literal["nothing", "results", "prompt"] = "nothing"

    def goes_on(self, line: _Origin) -> bool:
        """Whether `line`, with the same message id and in the same lane, is of this response too."""
        if line.uuid is not None and line.uuid == self.uuid:
            return True
        if self.since == "nothing" or (line.parent_uuid is not None and line.parent_uuid == self.uuid):
            ended = self.stop_reason is not None  # and what has ended is given no more input
            return not ended or _given(line.message.usage) == _given(self.usage)
        same = line.message.usage == self.usage and line.message.stop_reason == self.stop_reason == "tool_use"
        return self.since == "results" and same


class Runs(Struct, array_like=True, gc=False):
    """The latest responses of one file whose requests have no name, and the latest response of a sidechain in it.

    `side`: message id and request of that.
    """

    runs: tuple[Run, ...] = ()
    side: tuple[str, str] | None = None

    def user_records(self, lines: bytes) -> None:
        """Note the records of the user among `lines`: they end the runs of their session."""
        if not self.runs or USER_MARK not in lines:
            return
        for user in _users(lines):
            for run in self.runs:
                session, side, agent = run.lane
                same_session = user.session_id is None or session is None or _digest(user.session_id) == session
                same_lane = (side, agent) == (bool(user.is_sidechain), _digest(user.agent_id))
                if same_session and same_lane and run.since != "prompt":
                    run.since = "results" if _is_result(user) else "prompt"

    def request_of(self, line: bytes, message: str) -> str:
        """A name for the request that this line answers. Raises one of `BROKEN`."""
        origin = tolerant(_decode_origin, line)
        if reference := text(origin.request_ref):
            return named(reference)
        session = _digest(origin.session_id)
        lane = (session, bool(origin.is_sidechain), _digest(origin.agent_id))
        told, uuid, stop_reason = origin.message, text(origin.uuid), text(origin.message.stop_reason)
        run = next((run for run in self.runs if (run.message, run.lane) == (message, lane)), None)
        if run is None or not run.goes_on(origin):
            request = UNNAMED + (uuid or f"{session} {origin.timestamp.isoformat()}")
            others = [other for other in self.runs if other is not run]
            run = Run(message, lane, named(request), uuid, told.usage, stop_reason)
            self.runs = (*others[1 - RUNS_MAX :], run)
        run.uuid, run.usage, run.stop_reason, run.since = uuid, told.usage, stop_reason, "nothing"
        return run.request

    def is_reused(self, message: str, request: str) -> bool:
        """Whether the response of a sidechain before this one had the same message id and another request.

        A copy of the main chain's response stands in a subagent's file once: such an id is no proof of a copy.
        """
        before, self.side = self.side, (message, request)
        return before is not None and before[0] == message and before[1] != request


def _digest(name: Odd) -> str | None:
    """Of a name that is random itself, so that nobody can try names against it."""
    return (
        None if not isinstance(name, str) else blake2b(name.encode(errors="surrogatepass"), digest_size=12).hexdigest()
    )


def _given(usage: _Usage) -> tuple[int, int, int]:
    return usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens


def _is_result(user: _User) -> bool:
    content = user.message.content
    return isinstance(content, list) and any(part.type == "tool_result" for part in content)


def _users(lines: bytes) -> Iterator[_User]:
    for line in lines.split(b"\n"):
        if USER_MARK in line:
            try:
                yield tolerant(_decode_user, line)
            except BROKEN:  # the mark stood deeper in the line, or it cannot be told whose it is
                continue
