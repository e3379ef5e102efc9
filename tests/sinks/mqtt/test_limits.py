"""A broker that does not take everything: what it does not take is named, everything else is published."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from gauge_mqtt.contract.messages import retained
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V5, V311, Message
from gauge_mqtt.sinks.mqtt.session import Session
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from tests.support.brokers import HOST, Mosquitto, retained_on
from tests.support.mqtt import TOPICS, pour, running, sink_on, usage
from tests.support.stand_in import serving
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
LIMIT = 600
BIG = b"d" * 20_000


def big_sink(port: int) -> MqttSink:
    return MqttSink(sink_on(port)._broker, TOPICS, BIG)  # noqa: SLF001


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("payload", [0, 90, 100, 16_344, 16_360, 2_097_152])
@pytest.mark.parametrize("expiry_s", [None, 90])
@pytest.mark.parametrize("version", [V5, V311])
async def test_the_size_of_a_message_is_what_goes_over_the_wire(
    payload: int, expiry_s: int | None, version: MQTTProtocolVersion
) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        await reader.read(1000)
        writer.write(b"\x20\x03\x00\x00\x00" if version is V5 else b"\x20\x02\x00\x00")
        while some := await reader.read(1 << 20):
            heard.extend(some)

    message = Message("claude_gauge/lab/ä", b"x" * payload, retain=True, expiry_s=expiry_s)
    async with serving(listen) as port:
        session = Session(Broker(host=HOST, port=port), "lab", version)
        await session.open()
        session.publish(message)
        await eventually(lambda: len(heard) >= message.size(version))
        await asyncio.sleep(0.02)
        session.abort()
    assert len(heard) == message.size(version)


async def test_what_does_not_fit_is_said_once_with_both_sizes_and_the_rest_is_published(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.start("allow_anonymous true", f"max_packet_size {LIMIT}")
    sink = big_sink(mosquitto.port)
    sink.show(usage(rate_1m=1), (), beat=True)
    async with running(sink):
        rest = set(TOPICS.retained) - {TOPICS.discovery, TOPICS.state}
        await eventually(lambda: retained_on(mosquitto.port).keys() == rest)
        await eventually(lambda: not sink.health.ok)
        for rate in range(5):
            sink.show(usage(rate_1m=rate), (), beat=True)
            await eventually(lambda: retained_on(mosquitto.port)[TOPICS.keys["rate_1m"]] == b"%d" % rate)  # noqa: B023
        assert not sink.health.ok
    said = warnings(caplog)
    assert len(said) == 1
    assert TOPICS.discovery in said[0]
    sizes = [int(size.replace(",", "")) for size in re.findall(r"[\d,]+\d", said[0])]
    assert Message(TOPICS.discovery, BIG, retain=True).size(V5) in sizes
    assert LIMIT in sizes
    assert "max_packet_size" in said[0]


@asynccontextmanager
async def touchy(port: int, hates: Callable[[bytes], bool]) -> AsyncIterator[int]:
    """In front of a broker: speaks MQTT 3.1.1 alone, and hangs up on what it hates, as AWS, RabbitMQ or an old
    mosquitto do. Its port.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(HOST, port)
        back = asyncio.create_task(pour(inner, writer))
        try:
            while True:
                head = await reader.readexactly(1)
                length = shift = 0
                digits = b""
                while True:
                    digits += (digit := await reader.readexactly(1))
                    length |= (digit[0] & 127) << shift
                    shift += 7
                    if digit[0] < 128:
                        break
                body = await reader.readexactly(length)
                if head[0] >> 4 == 1 and body[6] == 5:
                    writer.write(b"\x20\x02\x00\x01")
                    break
                if head[0] >> 4 in {3, 8} and hates(body):
                    break
                outer.write(head + digits + body)
        finally:
            back.cancel()
            outer.close()

    async with serving(serve) as own:
        yield own


@pytest.mark.parametrize(
    ("topic", "hates"),
    [
        (TOPICS.discovery, lambda body: len(body) > 4096),
        (TOPICS.keys["rate_1m"], lambda body: TOPICS.keys["rate_1m"].encode() in body),
        (TOPICS.birth, lambda body: TOPICS.birth.encode() in body),
        (TOPICS.availability, lambda body: TOPICS.availability.encode() in body),
    ],
)
async def test_a_topic_that_ends_the_connection_is_named_and_the_rest_is_published(
    topic: str, hates: Callable[[bytes], bool], mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.start()
    async with touchy(mosquitto.port, hates) as port:
        sink = big_sink(port)
        sink.show(usage(rate_1m=1), (), beat=True)
        async with running(sink):
            await eventually(lambda: "left out" in sink.health.detail and topic in sink.health.detail, 20)
            await eventually(lambda: retained_on(mosquitto.port).keys() >= {*TOPICS.retained} - {topic}, 20)
            assert (topic in retained_on(mosquitto.port)) == (topic == TOPICS.availability), "its will alone says it"
    assert not [said for said in warnings(caplog) if "same instance name" in said]


async def test_one_that_hangs_up_on_a_heartbeat_is_not_mistaken_for_a_namesake(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.start()
    async with touchy(mosquitto.port, lambda body: TOPICS.heartbeat.encode() in body) as port:
        sink = sink_on(port)
        async with running(sink):
            for _ in range(2):
                await eventually(lambda: sink.health.ok and TOPICS.availability in retained_on(mosquitto.port))
                sink.show(usage(), (), beat=True)
                await eventually(lambda: not sink.health.ok)
            await eventually(lambda: sink.health.ok)
            sink.show(usage(), (), beat=True)
            await eventually(lambda: TOPICS.heartbeat in sink.health.detail)
            await eventually(lambda: retained_on(mosquitto.port).items() >= retained(usage(), TOPICS).items())
    assert not [said for said in warnings(caplog) if "same instance name" in said]


async def test_who_hangs_up_is_quoted(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        mosquitto.kill()
        await eventually(lambda: warnings(caplog))
    assert f"mqtt://{HOST}:{mosquitto.port} hung up" in warnings(caplog)[0]


@pytest.mark.parametrize(
    ("setting", "said"), [("retain_available false", "retain_available true"), ("max_qos 0", "max_qos 1")]
)
async def test_a_broker_without_what_we_need_is_told_in_words(setting: str, said: str, mosquitto: Mosquitto) -> None:
    mosquitto.start("allow_anonymous true", setting)
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: said in sink.health.detail)
