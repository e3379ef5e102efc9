"""A server of a test's own, in place of a real one that would have to be broken for it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.support.brokers import HOST

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, keys: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Its port. A client that hangs up or resets, as those under test may at any time, ends only its connection."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    async with await asyncio.start_server(served, HOST, 0, ssl=keys) as server:
        yield server.sockets[0].getsockname()[1]
