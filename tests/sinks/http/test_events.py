"""`GET /events` on the real server: what listeners get, how many there may be, and what becomes of slow ones."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from gauge_mqtt.sinks.http import events
from gauge_mqtt.sinks.http.server import HttpSink
from tests.support.mqtt import usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[HttpSink, str]]:
    sink = HttpSink("127.0.0.1", 0, lambda: {"ok": True}, list)
    sink.show(usage(rate_1m=1, window_7d_tokens=1), (), beat=False)
    task = asyncio.create_task(sink.run())
    try:
        await eventually(lambda: sink.health.ok)
        yield sink, sink.health.detail.removeprefix("listening on ")
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def frames(response: httpx.Response) -> AsyncIterator[str]:
    kept = ""
    async for text in response.aiter_text():
        kept += text
        while "\n\n" in kept:
            frame, _, kept = kept.partition("\n\n")
            yield frame


def rate(frame: str) -> float:
    return float(json.loads(frame.removeprefix("data: "))["rate_1m"])


async def test_a_listener_gets_the_newest_snapshot_at_once_and_each_one_after() -> None:
    async with served() as (sink, url), httpx.AsyncClient() as client, client.stream("GET", f"{url}/events") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        got = frames(answer)
        assert await anext(got) == "retry: 1000"
        assert rate(await anext(got)) == 1
        for number in (2, 3, 4):
            sink.show(usage(rate_1m=number), (), beat=False)
            assert rate(await anext(got)) == number


async def test_silence_is_broken_by_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "ALIVE_S", 0.05)
    async with served() as (_, url), httpx.AsyncClient() as client, client.stream("GET", f"{url}/events") as answer:
        got = frames(answer)
        assert [await anext(got) for _ in range(4)][2:] == [": alive", ": alive"]


async def test_fifty_listeners_all_end_on_the_newest() -> None:
    async with served() as (sink, url), httpx.AsyncClient(limits=httpx.Limits(max_connections=None)) as client:

        async def listen() -> float:
            async with client.stream("GET", f"{url}/events") as answer:
                async for frame in frames(answer):
                    if frame.startswith("data: ") and rate(frame) == 99:
                        return rate(frame)
            return 0

        tasks = [asyncio.create_task(listen()) for _ in range(50)]
        await eventually(lambda: len(sink._events) == 50)  # noqa: SLF001
        for number in range(100):
            sink.show(usage(rate_1m=number), (), beat=False)
        assert await asyncio.gather(*tasks) == [99] * 50
        await eventually(lambda: len(sink._events) == 0)  # noqa: SLF001


async def test_who_is_one_too_many_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.EventStream.__init__, "__defaults__", (1,))
    async with served() as (_, url), httpx.AsyncClient() as client, client.stream("GET", f"{url}/events"):
        second = await client.get(f"{url}/events")
        assert (second.status_code, second.headers["retry-after"]) == (503, "10")
        assert (await client.get(f"{url}/usage")).status_code == 200


async def test_who_takes_nothing_is_dropped_and_holds_one_frame_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SLOW_S", 0.3)
    async with served() as (sink, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            await eventually(lambda: len(sink._events) == 1)  # noqa: SLF001

            def flooded() -> bool:
                sink.show(usage(rate_1m=1, last_model_id="x" * 60_000), (), beat=False)
                return len(sink._events) == 0  # noqa: SLF001

            await eventually(flooded, 20)


async def test_the_end_of_the_publisher_does_not_wait_for_listeners() -> None:
    async with served() as (_, url), httpx.AsyncClient() as client, client.stream("GET", f"{url}/events") as answer:
        got = frames(answer)
        await anext(got)
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 10
