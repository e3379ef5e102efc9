"""B2, ccusage behind the MCP server `@ccusage/mcp`. Off unless its address is set: upstream has removed that server.

The last release is 18.0.11. It binds to all interfaces and asks nobody who they are, so its port wants a firewall. It
runs ccusage 18, with that one's rules: a streamed response counts by its first line, and prices are fetched from the
network at each call. It reads only the first of several Claude directories. With a newer MCP SDK than 1.25.3 it answers
nothing after the handshake. When it cannot read the logs it says that nothing was used, see `vague`.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

from gauge_mqtt.sources.ccusage.program import ReportName
from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.process import OUTPUT_MAX, QUOTED

HOW_TO = (
    "Is ccusage-mcp 18.0.11 running there (--type http, with the MCP SDK 1.25.3; its path is /)?"
    " Or unset CLAUDE_GAUGE_CCUSAGE_MCP_URL"
)
NOISY_LOGGERS = ("mcp", "client", "httpx2", "httpcore2")
"""Loggers of the SDK: they log each request with its whole address, and each fault that we log anyway."""

try:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
except ImportError:  # or the SDK is another major release, which has other names
    INSTALLED = False
else:
    INSTALLED = True

    class _Limited(httpx2.AsyncByteStream):
        """The body of an answer. `faults` gets what is wrong with it: the SDK does not pass on every exception."""

        def __init__(self, body: httpx2.AsyncByteStream, faults: list[str]) -> None:
            self._body, self._faults = body, faults

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._body:
                size += len(part)
                if size > OUTPUT_MAX:
                    self._faults.append(f"its answer has more than {OUTPUT_MAX >> 20} MB")
                    raise CcusageError(self._faults[0])
                yield part

        async def aclose(self) -> None:
            await self._body.aclose()


class McpServer:
    """The `@ccusage/mcp` server at `url` (MCP StreamableHTTP)."""

    vague, exact = True, False

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._address = re.sub(r"^(\w+://)[^/?#]*@", r"\1", re.split(r"[?#]", url)[0])
        for name in NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def __str__(self) -> str:
        return f"@ccusage/mcp at {self._address}"

    async def report(self, name: ReportName) -> bytes:
        """What its tool `name` says. Raises `CcusageError`."""
        if not INSTALLED:
            raise CcusageError("the MCP SDK (2.3 or later) is not installed: pip install 'gauge-mqtt[mcp]'")
        faults: list[str] = []
        try:
            async with asyncio.timeout(self._timeout_s):
                said, failed = await self._call(name, faults)
        except TimeoutError:
            raise CcusageError(f"{self} gave no {name} report within {self._timeout_s:g} s. {HOW_TO}") from None
        except Exception as error:  # noqa: BLE001, what the SDK raises is nowhere listed
            raise CcusageError(f"{self} gave no {name} report: {[*faults, _words(error)][0]}. {HOW_TO}") from None
        if failed or not said:
            raise CcusageError(f"{self} gave no {name} report: {_quoted(said) or 'an answer without text'}")
        return said.encode("utf-8", "replace")

    async def _call(self, name: ReportName, faults: list[str]) -> tuple[str, bool]:
        """The text it answers with, and whether that is an error."""

        async def look(response: httpx2.Response) -> None:
            fault = None
            if response.is_error:
                fault = f"HTTP {response.status_code} {response.reason_phrase}"
            elif response.headers.get("content-encoding", "identity") != "identity":
                fault = "its answer is compressed"
            if fault:
                if response.request.method == "POST":  # the SDK also tries to listen, which servers may refuse
                    faults.append(fault)
                raise CcusageError(fault)
            if isinstance(response.stream, httpx2.AsyncByteStream):
                response.stream = _Limited(response.stream, faults)

        # The SDK has a limit of 1 MB, ours is above. Cancelled, it still waits for requests under way: these time out.
        # It would also end a session, waiting for the answer; this server has none.
        async with (
            httpx2.AsyncClient(
                timeout=self._timeout_s, headers={"accept-encoding": "identity"}, event_hooks={"response": [look]}
            ) as http,
            Client(
                streamable_http_client(self._url, http_client=http, terminate_on_close=False, max_sse_event_size=None),
                mode="legacy",
                cache=None,
            ) as server,
        ):
            answer = await server.call_tool(name, {})
        return "".join(part.text for part in answer.content if part.type == "text"), bool(answer.is_error)


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return _quoted(str(error)) or type(error).__name__


def _quoted(text: str) -> str:
    return " ".join(text[: 4 * QUOTED].split())[:QUOTED]
