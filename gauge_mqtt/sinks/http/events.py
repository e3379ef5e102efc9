"""`GET /events`: the snapshot as Server-Sent Events, for any number of pages up to a limit.

Each listener holds one frame at most: what a slow one has not taken yet is replaced by what is newer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

LISTENERS_MAX = 100
ALIVE_S = 15.0
"""A comment after so much silence keeps proxies from closing the connection."""
SLOW_S = 30.0
"""Who takes nothing for so long is dropped."""
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the frames back
    (b"x-content-type-options", b"nosniff"),
]
ALLOW = (b"allow", b"GET, HEAD")
START = b"retry: 1000\n\n"
ALIVE = b": alive\n\n"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class _Listener:
    """One connection: the frame it has not been sent yet, and the wakeup for it."""

    def __init__(self, frame: bytes | None) -> None:
        self.frame = frame
        self.over = False
        self.wakeup = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        self.frame = frame
        self.wakeup.set()

    def close(self) -> None:
        self.over = True
        self.wakeup.set()

    async def next(self) -> bytes:
        """The next frame to send: the newest snapshot, or a comment after a long silence."""
        if self.frame is None and not self.over:
            self.wakeup.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_S):
                    await self.wakeup.wait()
        frame, self.frame = self.frame, None
        return frame or ALIVE


class EventStream:
    """An ASGI application. `publish` is called from the event loop and returns at once."""

    def __init__(self, listeners_max: int = LISTENERS_MAX) -> None:
        self._max = listeners_max
        self._listeners: set[_Listener] = set()
        self._frame: bytes | None = None

    def __len__(self) -> int:
        return len(self._listeners)

    def publish(self, body: bytes) -> None:
        """`body`: one line of JSON."""
        self._frame = b"data: " + body + b"\n\n"
        for listener in self._listeners:
            listener.offer(self._frame)

    def close(self) -> None:
        """End every connection, as the server's end would otherwise wait for them."""
        for listener in self._listeners:
            listener.close()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        full = len(self._listeners) >= self._max
        if full or scope["method"] != "GET":
            status, more = (
                (503, (b"retry-after", b"10")) if full else (200 if scope["method"] == "HEAD" else 405, ALLOW)
            )
            await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, more]})
            await send({"type": "http.response.body", "body": b""})
            return
        listener = _Listener(self._frame)
        self._listeners.add(listener)
        serving = asyncio.create_task(self._serve(listener, send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({serving, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._listeners.discard(listener)
            for task in (serving, leaving):
                task.cancel()
            await asyncio.wait({serving, leaving})

    async def _serve(self, listener: _Listener, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        frame = START
        with contextlib.suppress(TimeoutError):
            while not listener.over:
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                frame = await listener.next()
            await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
