"""The adapter for `@ccusage/mcp`: against the real server, and against servers that are none or are ill."""

import asyncio
import contextlib
import importlib.util
import json
import logging
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.ccusage import mcp as ccusage_mcp
from gauge_mqtt.sources.ccusage.mcp import McpServer
from gauge_mqtt.sources.ccusage.report import CcusageError, blocks
from gauge_mqtt.sources.ccusage.source import CcusageSource
from gauge_mqtt.sources.logs.source import JsonlSource
from gauge_mqtt.sources.process import OUTPUT_MAX
from tests.support import ccusage_mcp_server as real
from tests.support.lines import answer, line, lines
from tests.support.waiting import PATIENCE_S

HOUR = 3600.0
FULL = 43_120
PRICED = "claude-opus-4-1-20250805"
PRICE = 0.0675
"""Of one such answer, in USD: 100 in, 20 out, 43,000 from the cache."""
pytestmark = pytest.mark.anyio


@pytest.fixture
def claude(tmp_path: Path) -> Path:
    (tmp_path / "claude" / "projects" / "p").mkdir(parents=True)
    return tmp_path / "claude"


def read(source: CcusageSource) -> Reading:
    return source.read(datetime.now(UTC))


async def beside(tail_of: Path, reporter: McpServer) -> CcusageSource:
    tail = JsonlSource([tail_of / "projects"], None, windows=False)
    await tail.load()
    return CcusageSource(reporter, tail, 1)


async def test_its_windows_are_those_of_ccusage_18(claude: Path, tmp_path: Path) -> None:
    now = time.time()
    log = claude / "projects" / "p" / "s.jsonl"
    ages = [200 * HOUR, 150 * HOUR, 30 * HOUR, 60, 2]
    log.write_bytes(lines(*(answer(now - age, message__model=PRICED) for age in ages)))
    with real.serving(claude, tmp_path) as (url, _):
        server = McpServer(url, 20)
        assert blocks(await server.report("blocks")) == blocks(real.by_hand(claude, tmp_path, "blocks", "--json"))
        source = await beside(claude, server)
        await source.load()
        fuel, week = read(source).window_5h, read(source).window_7d
        assert source.failure is None
        assert fuel
        assert week
        assert (fuel.tokens, fuel.cost_usd) == (2 * FULL, 2 * PRICE)
        assert (week.tokens, week.cost_usd) == (4 * FULL, 4 * PRICE)
        alone = JsonlSource([claude / "projects"], None)
        await alone.load()
        ours = alone.read(datetime.now(UTC))
        assert ours.window_5h
        assert ours.window_5h.ends_at == fuel.ends_at

        with log.open("ab") as file:
            file.write(line(answer(now, message__model="claude-opus-5-5")))
        await source.load()
        fuel = read(source).window_5h
        assert fuel
        assert (fuel.tokens, fuel.cost_usd) == (3 * FULL, None)  # ccusage 18 has no price for that model


async def test_an_error_inside_its_answer_is_never_zero_usage(claude: Path, tmp_path: Path) -> None:
    """It cannot read the logs, and says `{"blocks": []}`; then it is gone."""
    (claude / "projects" / "p" / "s.jsonl").write_bytes(line(answer(time.time() - 60, message__model=PRICED)))
    with real.serving(claude, tmp_path) as (url, process):
        source = await beside(claude, McpServer(url, 20))
        await source.load()
        before = read(source)
        assert before.window_5h
        assert before.window_5h.tokens == FULL
        shutil.rmtree(claude)
        await source.load()
        assert source.failure
        assert "says that nothing was used" in source.failure
        assert (read(source).window_5h, read(source).window_7d) == (before.window_5h, before.window_7d)
        assert read(source).failing_since
        real.stop(process)
        await source.load()
        assert url in source.failure
        assert "Is ccusage-mcp 18.0.11 running there" in source.failure
        assert (read(source).window_5h, read(source).window_7d) == (before.window_5h, before.window_7d)


async def test_nothing_used_is_believed_if_the_tail_knows_it_too(claude: Path, tmp_path: Path) -> None:
    (claude / "projects" / "p" / "s.jsonl").write_bytes(line(answer(time.time() - 200 * HOUR)))
    with real.serving(claude, tmp_path) as (url, _):
        (claude / "projects" / "p" / "s.jsonl").unlink()
        blind = CcusageSource(McpServer(url, 20), JsonlSource([claude / "projects"], None), 1)
        await blind.load()
        assert (blind.failures, read(blind).window_7d) == (1, None)
        source = await beside(claude, McpServer(url, 20))
        await source.load()
        reading = read(source)
        assert source.failure is None
        assert reading.window_5h
        assert reading.window_7d
        assert (reading.window_5h.tokens, reading.window_7d.tokens) == (0, 0)


INITIALIZED = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "x", "version": "1"},
}


class FakeMcp:
    """Shakes hands as an MCP server does, and answers a call of a tool with `status`, `kind` and `body`.

    `result`: what is wrapped as the result of the call, instead of a body.
    """

    def __init__(self, body: bytes = b"", status: str = "200 OK", kind: str = "application/json", *,
                 result: Any = None, headers: str = "", polite: bool = True) -> None:  # fmt: skip
        self.body, self.status, self.kind, self.headers = body, status, kind, headers
        self.result, self.polite = result, polite

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), contextlib.suppress(ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r")[0] or 0)
            asked = json.loads(await reader.readexactly(size) or b"{}")
            status, kind, body, headers = "200 OK", "application/json", b"", self.headers
            if self.polite and asked.get("method") == "initialize":
                body, headers = _reply(asked, INITIALIZED), "Mcp-Session-Id: 1\r\n"
            elif head.startswith(b"get "):
                status, headers = "405 Method Not Allowed", ""
            elif self.polite and "id" not in asked:
                status, headers = "202 Accepted", ""
            elif asked.get("method") == "tools/list":  # asked by the SDK after a call
                body = _reply(asked, {"tools": []})
            elif self.result is not None:
                body = _reply(asked, self.result)
            else:
                status, kind, body = self.status, self.kind, self.body
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}Connection: close\r\n\r\n".encode())
            writer.write(body)
            await writer.drain()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self, "127.0.0.1", 0)
        async with server:
            yield "127.0.0.1:{1}".format(*server.sockets[0].getsockname())


def _reply(asked: dict[str, Any], result: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "result": result}).encode()


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": said}], **more}


async def test_the_fake_is_no_fault_itself() -> None:
    async with FakeMcp(result=text('{"blocks": []}')).serving() as place:
        assert await McpServer(f"http://{place}/", 5).report("blocks") == b'{"blocks": []}'


HTML = b"<html>It works</html>"
SSE = "text/event-stream"


@pytest.mark.parametrize(
    ("fake", "why"),
    [
        (FakeMcp(HTML, kind="text/html", polite=False), "Unexpected content type: text/html"),
        (FakeMcp(HTML, "404 Not Found", "text/html", polite=False), "HTTP 404 Not Found"),
        (FakeMcp(b"", "500 Internal Server Error"), "HTTP 500 Internal Server Error"),
        (FakeMcp(b"", "401 Unauthorized", polite=False), "HTTP 401 Unauthorized"),
        (
            FakeMcp(b"", "302 Found", headers="Location: http://x:y@z.example/\r\n"),
            "Redirect to http://z.example/ not",
        ),
        (FakeMcp(b"{", polite=False), "Failed to parse JSON"),
        (FakeMcp(b"data: {\n\n", kind=SSE), "Failed to parse SSE"),
        (FakeMcp(b"", kind=SSE), "SSE stream ended without a response"),
        (FakeMcp(b'{"jsonrpc": "2.0", "id": 2, "error": {"code": -32603, "message": "no\\nway"}}'), "no way"),
        (FakeMcp(result=text("Tool blocks not found", isError=True)), "Tool blocks not found"),
        (FakeMcp(result=text('{"blocks": []}', isError=True)), "{"),
        (FakeMcp(result={"content": []}), "an answer without text"),
        (
            FakeMcp(result={"content": [{"type": "image", "data": "", "mimeType": "image/png"}]}),
            "an answer without text",
        ),
        (FakeMcp(result=text("x" * OUTPUT_MAX)), "its answer has more than 16 MB"),
        (FakeMcp(b": much ado about nothing\n" * (OUTPUT_MAX // 20), kind=SSE), "its answer has more than 16 MB"),
        (FakeMcp(b"", headers="Content-Encoding: gzip\r\n"), "its answer is compressed"),
    ],
)
async def test_what_is_no_report_is_told_in_words(fake: FakeMcp, why: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with fake.serving() as place:
        with pytest.raises(CcusageError) as failed:
            await McpServer(f"http://owner:secret@{place}/?key=secret", 5).report("blocks")
    assert str(failed.value).startswith(f"@ccusage/mcp at http://{place}/ gave no blocks report: {why}")
    assert "secret" not in str(failed.value)
    assert not caplog.records


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "http://[", "http://127.0.0.1:x/"])
async def test_nobody_there(url: str) -> None:
    with pytest.raises(CcusageError, match=r"gave no daily report: .*Is ccusage-mcp 18\.0\.11 running there"):
        await McpServer(url, 5).report("daily")


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


async def test_silence_ends_with_the_timeout(silent: str) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(CcusageError, match=r"gave no blocks report within 0\.2 s"):
        async with asyncio.timeout(PATIENCE_S):
            await McpServer(silent, 0.2).report("blocks")
    assert asyncio.all_tasks() == before


async def test_silence_in_the_middle_ends_with_the_timeout_too() -> None:
    """Also the goodbye that a session would want."""

    over = asyncio.Event()

    class Stuck(FakeMcp):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.headers:
                await over.wait()
            self.headers = "X: after the handshake\r\n"
            await super().__call__(reader, writer)

    async with Stuck().serving() as place:
        with pytest.raises(CcusageError, match=r"within 0\.2 s"):
            async with asyncio.timeout(PATIENCE_S):
                await McpServer(f"http://{place}/", 0.2).report("blocks")
        over.set()
        await asyncio.sleep(0.1)  # the server's tasks end


async def test_it_can_be_called_off(silent: str) -> None:
    before = asyncio.all_tasks()
    task = asyncio.create_task(McpServer(silent, 60).report("blocks"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE_S)
    assert task.cancelled()
    assert asyncio.all_tasks() == before


async def test_without_the_sdk_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    spec = importlib.util.spec_from_file_location("without_the_sdk", ccusage_mcp.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(CcusageError, match=r"pip install 'gauge-mqtt\[mcp\]'"):
        await module.McpServer("http://127.0.0.1:1/", 5).report("blocks")
