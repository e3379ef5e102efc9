"""What one client of the HTTP sink may take, and what all of them may: connections, time, memory, lines in the log."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from gauge_mqtt.sinks.http import protocol
from tests.support.http_sink import serving, sink
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
GET = b"GET /usage HTTP/1.1\r\nHost: localhost\r\n\r\n"
MB = 1 << 20


@asynccontextmanager
async def connection(client: httpx.AsyncClient) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "REQUEST_S", 0.3)
    monkeypatch.setattr(protocol, "READING_S", 0.3)
    monkeypatch.setattr(protocol, "LOOK_EVERY_S", 0.1)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "half",
    [
        b"", b"\r\n", b"G", b"GET /usage HTTP/1.1\r\nHost: x\r\n", GET + b"GET", GET + b"\r\n",
        b"POST /usage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx",
        b"POST /usage HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
    ],
)  # fmt: skip
async def test_half_a_request_does_not_stay(half: bytes) -> None:
    async with serving(sink()) as client, connection(client) as (reader, writer):
        writer.write(half)
        async with asyncio.timeout(10):  # stock uvicorn waits for ever, or 5 s for the next request
            answer = await reader.read()
        assert answer.count(b"HTTP/1.1") <= 1 + half.count(GET)


@pytest.mark.usefixtures("quick")
async def test_dripping_does_not_help() -> None:
    async with serving(sink()) as client, connection(client) as (reader, writer):
        answer = asyncio.create_task(reader.read(12))
        for number in range(200):
            if answer.done():
                break
            writer.write(b"X-%d: 1\r\n" % number if number else b"GET /usage HTTP/1.1\r\n")
            await asyncio.sleep(0.05)
        assert answer.done()
        assert await answer == b"HTTP/1.1 408"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /usage HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * MB, 431),
        (b"GET /usage HTTP/1.1\r\n" + b"X-Y: 1\r\n" * 100_000, 431),
        (b"GET /" + b"x" * MB + b" HTTP/1.1\r\n", 431),
        (b"POST /usage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n" + b"x" * MB, 413),
        (b"GET /usage HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
async def test_a_request_that_is_too_large_or_none_is_refused(request_: bytes, status: int) -> None:
    async with serving(sink()) as client:
        async with connection(client) as (reader, writer):
            with suppress(ConnectionError):
                writer.write(request_)
                assert (await reader.read(12)).decode() == f"HTTP/1.1 {status}"
        assert (await client.get("/usage")).status_code == 200


async def test_some_requests_ahead_are_answered_in_order() -> None:
    async with serving(sink()) as client, connection(client) as (reader, writer):
        for _ in range(5):
            writer.write(GET * protocol.AHEAD_MAX)
            for _ in range(protocol.AHEAD_MAX):
                assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
                while (await reader.readline()).strip():
                    pass
                assert await reader.readexactly(4) == b"null"


async def test_requests_ahead_that_nobody_reads_fill_no_memory() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux's /proc")
    async with serving(sink()) as client, connection(client) as (_, writer):
        before = resident()
        many = GET * (MB // len(GET))
        with suppress(ConnectionError):
            for _ in range(20):
                writer.write(many)
                async with asyncio.timeout(20):
                    await writer.drain()
        assert resident() - before < 50 * MB  # 1.4 GB with stock uvicorn; the client's own buffer is in it
        assert (await client.get("/usage")).status_code == 200


@pytest.mark.usefixtures("quick")
async def test_answers_that_nobody_reads_end_the_connection() -> None:
    served = sink()
    async with serving(served) as client, connection(client) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                while not writer.transport.is_closing():
                    writer.write(b"GET /usage/schema HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.001)


async def test_there_is_a_limit_of_connections_and_it_is_over_when_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 5)
    async with serving(sink()) as client:
        held = [await asyncio.open_connection(client.base_url.host, client.base_url.port) for _ in range(5)]
        async with connection(client) as (reader, _):
            assert (await reader.read()).startswith(b"HTTP/1.1 503")
        held[0][1].write(GET)
        assert await held[0][0].readline() == b"HTTP/1.1 200 OK\r\n"
        for _, writer in held:
            writer.close()
            await writer.wait_closed()

        async def works() -> bool:
            return (await client.get("/usage")).status_code == 200

        for _ in range(100):
            if await works():
                break
            await asyncio.sleep(0.01)
        assert await works()


def test_connections_leave_most_of_the_files_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (40, 40))
    assert protocol.connections_max() == 10
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert protocol.connections_max() == protocol.CONNECTIONS_MAX


async def test_malformed_requests_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(sink()) as client:
        for _ in range(50):
            for junk in (
                b"junk\r\n\r\n",
                b"GET /usage HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            ):
                async with connection(client) as (reader, writer):
                    writer.write(junk)
                    await reader.read(10)
    assert len(caplog.records) < 10
    assert "pip install" not in caplog.text


async def test_a_client_that_is_done_sending_still_gets_its_answer() -> None:
    async with serving(sink()) as client, connection(client) as (reader, writer):
        writer.write(GET)
        writer.write_eof()
        await eventually(lambda: reader._buffer)  # type: ignore[attr-defined]  # noqa: SLF001
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
