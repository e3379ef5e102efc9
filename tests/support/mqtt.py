"""What the MQTT tests share: snapshots and a running sink."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from tests.support.brokers import HOST

TOPICS = Topics("lab")
DISCOVERY = b'{"discovery":true}'


def usage(**known: Any) -> Usage:
    return Usage(updated_at=datetime(2026, 1, 2, tzinfo=UTC), instance="lab", source="test", **known)


def sink_on(port: int, **how: Any) -> MqttSink:
    return MqttSink(Broker(host=HOST, port=port, **how), TOPICS, DISCOVERY)


@contextlib.asynccontextmanager
async def running(sink: MqttSink) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(sink.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction of a relay in front of a broker, to its end; a reset is one."""
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(65536):
            writer.write(some)
    writer.close()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, head: bytes = b"") -> None:
    """A client and the broker on `port`, which gets `head` first; both directions. No broker there: hangs up."""
    try:
        inner, outer = await asyncio.open_connection(HOST, port)
    except ConnectionError:
        writer.close()
        return
    outer.write(head)
    await asyncio.gather(pour(reader, outer), pour(inner, writer))
