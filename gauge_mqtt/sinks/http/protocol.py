"""uvicorn's HTTP/1.1 protocol with limits on what one client, and all of them together, may take.

uvicorn has a time limit for idle connections only; its parser in C has none for the length of a request.
"""

import asyncio
import re
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

CONNECTIONS_MAX = 128
FILES_SHARE = 4
"""At most one in four of the files that the process may open is a connection: the broker needs one, too."""
UNANSWERED_MAX = 1 << 15
"""Bytes of requests without their answer: a head, a body that nobody asked for, and what is sent ahead."""
AHEAD_MAX = 32
"""Requests that wait for the answer of the one before."""
REQUEST_S = 10.0
"""From the first byte of a request to its last, or from the connection to the first."""
READING_S = 10.0
"""How long a client may leave an answer unread."""
LOOK_EVERY_S = 2.0
HEAD_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

_ABSOLUTE = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)")


def connections_max() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if soft == resource.RLIM_INFINITY else max(1, min(CONNECTIONS_MAX, soft // FILES_SHARE))


class _RefusedError(Exception):
    """Ends the parser from within one of its callbacks."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. What breaks a limit is answered with its status, if that is possible, and closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unanswered = 0
        self._status = HTTPStatus.BAD_REQUEST
        self._request_since: float | None = None
        self._unread_since: float | None = None
        self._head_complete = False
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._request_since = self.loop.time()
        self._look = self.loop.call_later(LOOK_EVERY_S, self._look_at_time)
        if len(self.connections) > connections_max():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._request_since is None:
            self._request_since = self.loop.time()
        self._unanswered += len(data)
        super().data_received(data)
        if self._unanswered > UNANSWERED_MAX and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE if self._head_complete else HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._request_since, self._head_complete = self.loop.time(), False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= AHEAD_MAX:
            self._status = HTTPStatus.TOO_MANY_REQUESTS
            raise _RefusedError
        if self._unanswered > UNANSWERED_MAX and self._head_size() > UNANSWERED_MAX:
            self._status = HEAD_TOO_LARGE
            raise _RefusedError
        self._head_complete = True
        if named := _ABSOLUTE.match(self.url):  # then this, not `Host`, says who is asked (RFC 9112, 3.2.2)
            self.headers[:] = [header for header in self.headers if header[0] != b"host"] + [(b"host", named[1])]
        super().on_headers_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def on_message_complete(self) -> None:
        self._request_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Stock uvicorn reads on as soon as one of the waiting requests is answered, so that they only grow."""
        was_waiting = bool(self.pipeline)
        super().on_response_complete()
        if was_waiting:
            self.flow.pause_reading()
        else:
            self._unanswered = 0

    def pause_writing(self) -> None:
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: who offers another protocol gets this one, and stock uvicorn tells the owner to install more."""

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(self._status)

    def _refuse(self, status: HTTPStatus) -> None:
        if self._may_answer():
            body = f"{status.phrase}\n".encode()
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.pipeline.clear()
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether what is written now is the answer to the request that breaks a limit, not part of another one."""
        if self.cycle is None:
            return True
        if self._head_complete:
            return not self.pipeline and not self.cycle.response_started
        return self.cycle.response_complete

    def _look_at_time(self) -> None:
        now = self.loop.time()
        self._look = self.loop.call_later(LOOK_EVERY_S, self._look_at_time)
        if self.transport.is_closing() and self._unread_since is None:
            self._unread_since = now  # what is left to write must not keep it open
        if self._unread_since is not None and now - self._unread_since > READING_S:
            self.transport.abort()
        elif self._request_since is not None and now - self._request_since > REQUEST_S:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
