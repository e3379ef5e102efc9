"""Brokers that answer, but not as they should: what they said is told, nothing else is blamed, memory stays small."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from gauge_mqtt.sinks.mqtt import wire
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.mqtt import TOPICS, running, sink_on
from tests.support.stand_in import serving
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
TAKEN = b"\x20\x03\x00\x00\x00"
Hear = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length, shift = (await reader.readexactly(1))[0] >> 4, 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, await reader.readexactly(length)


def answering(connack: bytes, to_publish: Callable[[bytes], bytes] = lambda _: b"") -> tuple[Hear, list[bytes]]:
    """A stand-in that answers CONNECT and each PUBLISH, given its number; and the CONNECTs that it gets."""
    connects: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connects.append((await packet(reader))[1])
        writer.write(connack)
        while True:
            kind, body = await packet(reader)
            if kind == 8:
                writer.write(b"\x90\x04" + body[:2] + b"\x00\x01")
            elif kind == 3:
                topic = struct.unpack(">H", body[:2])[0]
                writer.write(to_publish(body[2 + topic : 4 + topic]))

    return hear, connects


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (0x96, "Message rate too high; raise its limit"),
        (0x98, "Administrative action; somebody"),
        (0x9D, "Server moved; set CLAUDE_GAUGE_MQTT_URL"),
    ],
)
async def test_an_end_for_a_reason_of_the_brokers_own_is_blamed_on_no_topic(reason: int, says: str) -> None:
    hear, connects = answering(TAKEN, lambda _: b"\xe0\x01" + bytes([reason]))
    async with serving(hear) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: len(connects) > 3 and says in sink.health.detail)
            assert "left out" not in sink.health.detail


@pytest.mark.parametrize(
    ("connack", "says"),
    [
        (b"\x20\x10\x00\x9c\x0d\x1c\x00\x0amqtt2.home", "Use another server, mqtt2.home; set CLAUDE_GAUGE_MQTT_URL"),
        (b"\x20\x03\x00\x85\x00", "Client identifier not valid; it takes no client id like ours"),
        (b"\x20\x03\x00\x8a\x00", "Banned; ask who runs it"),
        (b"\x20\x03\x00\x95\x00", "Packet too large; raise its limit"),
    ],
)
async def test_what_the_broker_wants_is_said(connack: bytes, says: str) -> None:
    hear, _ = answering(connack)
    async with serving(hear) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: says in sink.health.detail)
            assert "user name" not in sink.health.detail


@pytest.mark.parametrize(
    ("answer", "says", "most"),
    [
        (lambda number: b"\x50\x02" + number, "it sent what is not MQTT; is this a broker?", 3),
        (lambda _: b"\x10\x00", "it sent what is not MQTT; is this a broker?", 3),
        (lambda _: b"\x30\x80\xe5\x9a\x77\x00\x14homeassistant/status", "a packet of 250,000,000 bytes", 0),
    ],
    ids=["half of QoS 2", "what a client says", "250 MB"],
)
async def test_what_is_no_answer_is_blamed_on_no_topic(answer: Callable[[bytes], bytes], says: str, most: int) -> None:
    hear, connects = answering(TAKEN, answer)
    async with serving(hear) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: len(connects) > most and says in sink.health.detail)
            assert "left out" not in sink.health.detail
            assert "attribute" not in sink.health.detail


async def test_a_huge_message_on_a_topic_that_we_hear_is_not_taken(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        with RecordingClient(mosquitto.port, TOPICS.birth) as client:
            client.publish(TOPICS.birth, b"x" * (wire.PACKET_MAX + 1))
            await eventually(lambda: client.topics)
            published = sink.published
            client.publish(TOPICS.birth, b"online")
            await eventually(lambda: sink.published > published)
        assert sink.health.ok


async def test_who_is_asked_whether_he_knows_mqtt_5_gets_the_shortest_connect() -> None:
    """One of 3.1.1 alone would take properties for the length of a name, and wait for the rest of that."""
    asked = b"\x00\x04MQTT\x05\x02\x00\x0f\x00"
    connects: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        connects.append((await packet(reader))[1])

    async with serving(hang_up) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: len(connects) > 1)
    assert not connects[0].startswith(asked)
    assert connects[1].startswith(asked)
