"""`gauge-mqtt watch`: the cluster in this terminal, from a running publisher, from a broker, or from the sources."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from gauge_mqtt.app.board import Board, utc_now
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import make_sources
from gauge_mqtt.contract.usage import EXPIRE_AFTER_S
from gauge_mqtt.sinks import address
from gauge_mqtt.sinks.mqtt.session import connect
from gauge_mqtt.sinks.mqtt.words import MqttError
from gauge_mqtt.sinks.terminal.cluster import LOST, frame
from gauge_mqtt.sinks.terminal.screen import Screen, TerminalSink, is_coloured

RETRY_S = 1.0
GONE_AFTER_S = 5.0
"""A publisher that is started again within this time was never lost."""
LINE_MAX = 1 << 20
"""Bytes. Who sends a longer one is no publisher of ours."""
DRAWN_EVERY_S = 0.05
"""Five times as often as a publisher says something: whatever is sent, keys and Ctrl-C are heard."""
PLAIN = {"accept": "text/event-stream", "accept-encoding": "identity"}

Feed = Callable[[Screen], Awaitable[None]]


async def watch(settings: Settings, *, url: str | None, from_broker: bool) -> None:
    """Until q, Ctrl-C or a signal. Raises `GaugeError` when there is nothing to watch."""
    screen = Screen(coloured=is_coloured(os.environ))
    feed = await _feed(settings, url, from_broker=from_broker)
    loop, leaving = asyncio.get_running_loop(), asyncio.Event()
    with screen.borrowed(loop, leaving.set):
        watching = asyncio.ensure_future(feed(screen))
        left = asyncio.create_task(leaving.wait())
        try:
            await asyncio.wait({watching, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watching, left):
                task.cancel()
            await asyncio.wait({watching, left})
    if not watching.cancelled():
        watching.result()


async def _feed(settings: Settings, url: str | None, *, from_broker: bool) -> Feed:
    if from_broker:
        return lambda screen: _follow(_of_broker(settings), screen)
    base = url or f"http://{address(settings.http_host, settings.http_port)}"
    if url or await _answers(base):
        return lambda screen: _follow(_of_publisher(base.rstrip("/")), screen)
    source_set = await make_sources(settings)
    limits, clock = (player.limits, player.clock) if (player := source_set.player) else (settings.limits, utc_now)
    instance = settings.topics.instance
    return lambda screen: Board(source_set.everything, [TerminalSink(screen)], limits, instance, clock).run()


async def _answers(base: str) -> bool:
    parts = urlsplit(base)
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.close()
        return True
    return False


async def _follow(bodies: AsyncIterator[bytes | None], screen: Screen) -> None:
    """Draw each snapshot. `None`: the connection is gone. Silence for three heartbeats means the same."""
    loop = asyncio.get_running_loop()
    lost_at = loop.time() + GONE_AFTER_S
    while True:
        following = asyncio.ensure_future(anext(bodies))
        await asyncio.wait({following}, timeout=max(0.0, lost_at - loop.time()))
        if loop.time() >= lost_at:
            screen.show(LOST)
        body = await following
        if body is None:
            lost_at = min(lost_at, loop.time() + GONE_AFTER_S)
            continue
        lost_at = loop.time() + EXPIRE_AFTER_S
        with contextlib.suppress(ValueError, RecursionError):
            usage = json.loads(body)
            if isinstance(usage, dict):
                screen.show(frame(usage, datetime.now(UTC)))


async def _of_publisher(base: str) -> AsyncIterator[bytes | None]:
    """The snapshots of `GET /events`, each time it can be had."""
    async with httpx.AsyncClient(timeout=httpx.Timeout(5.0, read=None)) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                async with client.stream("GET", f"{base}/events", headers=PLAIN) as answer:
                    answer.raise_for_status()
                    async for line in _lines(answer.aiter_raw()):
                        if line.startswith(b"data: "):
                            yield line.removeprefix(b"data: ")
                            await asyncio.sleep(DRAWN_EVERY_S)
            yield None
            await asyncio.sleep(RETRY_S)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines, until one is longer than any of ours."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")
        if len(rest) > LINE_MAX:
            return
        await asyncio.sleep(0)


async def _of_broker(settings: Settings) -> AsyncIterator[bytes | None]:
    """The retained `state` of the instance and each new one; `offline` is a lost publisher."""
    topics = settings.topics
    while True:
        arrived: asyncio.Queue[bytes | None] = asyncio.Queue()

        def on_message(topic: str, payload: bytes, retained: bool, arrived: Any = arrived) -> None:  # noqa: FBT001
            del retained
            if topic == topics.state:
                arrived.put_nowait(payload)
            elif payload != b"online":
                arrived.put_nowait(None)

        def on_end(_: object, arrived: Any = arrived) -> None:
            arrived.put_nowait(b"")

        with contextlib.suppress(MqttError):
            session = await connect(settings.broker(), f"gauge-watch-{os.getpid()}")
            session.message_callback = on_message
            session.subscribe(topics.state, topics.availability)
            session.over.add_done_callback(on_end)
            try:
                while (body := await arrived.get()) != b"":
                    yield body
            finally:
                await session.close()
        yield None
        await asyncio.sleep(RETRY_S)
