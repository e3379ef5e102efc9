"""Which response a line belongs to where no request id says so, one state per session file.

Some gateways name no request and give every response the same message id. There an id is believed only within one
run of lines: same session, no record of the user between. Newer versions of Claude Code name the request themselves
(`requestRef`). The name that is made for a response is that of its first line, which forks and resumed sessions copy.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from gauge_mqtt.sources.logs.decode import BROKEN, Count, Instant, tolerant

USER_MARK = b'"type":"user"'
RUNS_MAX = 16
"""So many responses of a file are remembered, the latest: sessions and subagents that are interleaved in one file."""


class _Usage(Struct, gc=False):
    input_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _Message(Struct, gc=False):
    id: str | None = None
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)


class _Origin(Struct, gc=False, rename="camel"):
    """Where a line comes from. `parent_uuid`: the line before it in its conversation."""

    timestamp: Instant
    message: _Message = msgspec.field(default_factory=_Message)
    session_id: str | None = None
    is_sidechain: bool = False
    agent_id: str | None = None
    uuid: str | None = None
    parent_uuid: str | None = None
    request_ref: str | None = None


class _User(Struct, gc=False, rename="camel"):
    type: Literal["user"]
    session_id: str | None = None
    is_sidechain: bool = False
    agent_id: str | None = None


_decode_origin = msgspec.json.Decoder(_Origin).decode
_decode_user = msgspec.json.Decoder(_User).decode


class Run(Struct, array_like=True):
    """The lines of one response so far. `given`: its input as last told; `final`: whether that line said why it ended;
    `open`: no record of the user since.
    """

    message: str
    lane: tuple[str | None, bool, str | None]
    request: str
    last_uuid: str | None
    given: tuple[int, int, int]
    final: bool
    open: bool = True

    def goes_on(self, line: _Origin, given: tuple[int, int, int]) -> bool:
        """Whether `line`, with the same message id and in the same lane, is of this response too.

        A response that has ended is not given more input by its next line.
        """
        linked = line.parent_uuid is not None and line.parent_uuid == self.last_uuid
        same_line = line.uuid is not None and line.uuid == self.last_uuid
        return same_line or ((linked or self.open) and (given == self.given or not self.final))


class Runs(Struct, array_like=True):
    """The latest responses of one file whose requests have no name; and the latest response of a sidechain in it."""

    runs: list[Run] = []
    side: tuple[str, str] | None = None

    def user_records(self, lines: bytes) -> None:
        """Note the records of the user among `lines`: they end the runs of their session."""
        if not self.runs or USER_MARK not in lines:
            return
        for user in _users(lines):
            for run in self.runs:
                session, side, agent = run.lane
                same_session = user.session_id is None or session is None or user.session_id == session
                if same_session and (side, agent) == (user.is_sidechain, user.agent_id):
                    run.open = False

    def request_of(self, line: bytes, message: str) -> str:
        """A name for the request that this line answers. Raises one of `BROKEN`."""
        origin = tolerant(_decode_origin, line)
        if origin.request_ref:
            return origin.request_ref
        lane = (origin.session_id, origin.is_sidechain, origin.agent_id)
        usage = origin.message.usage
        given = (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens)
        run = next((r for r in reversed(self.runs) if r.message == message and r.lane == lane), None)
        if run is None or not run.goes_on(origin, given):
            request = origin.uuid or f"{origin.session_id} {origin.timestamp.isoformat()}"
            run = Run(message, lane, request, origin.uuid, given, final=False)
            self.runs = [*self.runs[1 - RUNS_MAX :], run]
        run.last_uuid, run.given, run.open = origin.uuid, given, True
        run.final = origin.message.stop_reason is not None
        return run.request

    def returns(self, message: str, request: str) -> bool:
        """Whether the response of a sidechain before this one had the same message id and another request.

        A copy of the main chain's response stands in a subagent's file once: such an id is no proof of a copy.
        """
        before, self.side = self.side, (message, request)
        return before is not None and before[0] == message and before[1] != request


def _users(lines: bytes) -> Iterator[_User]:
    for line in lines.split(b"\n"):
        if USER_MARK in line:
            try:
                yield tolerant(_decode_user, line)
            except BROKEN:  # the mark stood deeper in the line, or it cannot be told whose it is
                continue
