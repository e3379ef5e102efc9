"""The connection itself: everything arrives, in order, acknowledged; and it notices when the other end is gone."""

import asyncio
import random
import ssl
from collections import defaultdict
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from gauge_mqtt.sinks.mqtt import wire
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.message import V5, V311, Message
from gauge_mqtt.sinks.mqtt.session import Session
from gauge_mqtt.sinks.mqtt.wire import PahoConnection
from tests.support.brokers import HOST, Mosquitto, RecordingClient
from tests.support.certificates import authority, certificate
from tests.support.mqtt import TOPICS, running, sink_on, usage
from tests.support.stand_in import serving
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

TOPIC_COUNT, CALLS = 7, 20
BIG, HUGE = 60_000, 16_000_000
"""Bytes: several TLS records; more than a socket takes at once."""


@pytest.fixture(params=["plain", "tls"])
def broker(request: pytest.FixtureRequest, mosquitto: Mosquitto, tmp_path: Path) -> Broker:
    lines = ["allow_anonymous true", "max_queued_messages 0", "max_inflight_messages 0"]
    if request.param == "plain":
        return Broker(host=HOST, port=mosquitto.start(*lines).port)
    room = tmp_path / "broker"
    ca = authority(room, "ca")
    certificate(room, "server", "ca", "IP:127.0.0.1")
    keys = f"{mosquitto.folder}/server"
    port = mosquitto.start(*lines, f"certfile {keys}.pem", f"keyfile {keys}.key").port
    return Broker(host=HOST, port=port, tls=True, ca_file=ca)


@pytest.mark.parametrize("version", [V5, V311])
@pytest.mark.parametrize("seed", [1, 2])
async def test_after_a_burst_all_is_acknowledged_and_nothing_is_lost_or_reordered(
    broker: Broker, version: MQTTProtocolVersion, seed: int
) -> None:
    """It listens to itself, so that reading is as busy as writing."""
    rng = random.Random(seed)
    said, heard = defaultdict[str, list[bytes]](list), defaultdict[str, list[bytes]](list)
    session = Session(broker, "burst", version)
    await session.open()
    connection = session._connection  # noqa: SLF001 (paho's own account is looked at below)
    assert connection is not None
    session.message_callback = lambda topic, payload, _: heard[topic].append(payload)
    session.subscribe("lab/#")
    assert await session.settled(10)
    for _ in range(CALLS):
        messages = [
            Message(
                f"lab/{rng.randrange(TOPIC_COUNT)}",
                b"%d " % rng.randrange(1 << 30) + b"x" * rng.choice([0, 10, 200, BIG]),
                expiry_s=rng.choice([None, 90]),
            )
            for _ in range(rng.randrange(1, 40))
        ]
        for message in messages:
            said[message.topic].append(message.payload)
        session.publish(*messages)
        if rng.random() < 0.3:
            await asyncio.sleep(0)
    assert await session.settled(30)
    assert not session.unanswered
    assert not connection._out_messages  # noqa: SLF001
    await eventually(lambda: sum(map(len, heard.values())) >= sum(map(len, said.values())))
    assert not connection.want_write()
    await session.close()
    assert heard == said


async def test_the_values_of_a_snapshot_leave_in_one_write(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[bytes] = []
    send = PahoConnection._sock_send  # noqa: SLF001 (where paho's bytes meet the socket)

    def counted(self: PahoConnection, data: bytes) -> int:
        writes.append(bytes(data))
        return send(self, data)

    monkeypatch.setattr(PahoConnection, "_sock_send", counted)
    sink = sink_on(mosquitto.start().port)
    sink.show(usage(rate_1m=1), (), beat=True)
    with RecordingClient(mosquitto.port) as client:
        async with running(sink):
            await eventually(lambda: TOPICS.availability in client.latest)
            await asyncio.sleep(0.1)
            writes.clear()
            sink.show(usage(rate_1m=2, window_7d_tokens=5, cache_hit_rate=0.5, hot=True), (), beat=False)
            assert len(writes) == 2, "it left in the very call: the values in one piece, then the whole snapshot"
            assert all(key.encode() in writes[0] for key in ("/rate_1m", "/window_7d_tokens", "/display/lamps"))
            assert b"/state" in writes[1]
            await eventually(lambda: client.latest.get(TOPICS.keys["window_7d_tokens"]) == b"5")


async def test_a_quiet_connection_is_kept_by_pings(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "KEEPALIVE_S", 1)
    monkeypatch.setattr(wire, "LOOK_AT_PING_S", 0.1)
    sink = sink_on(mosquitto.start().port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        with RecordingClient(mosquitto.port, TOPICS.availability) as client:
            await asyncio.sleep(3)  # mosquitto cuts off who is silent for one and a half times the keep-alive
            assert [bytes(message.payload) for message in client.messages] == [b"online"]


async def test_a_broker_that_answers_no_ping_is_given_up(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "KEEPALIVE_S", 1)
    monkeypatch.setattr(wire, "LOOK_AT_PING_S", 0.1)
    sink = sink_on(mosquitto.start().port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        mosquitto.freeze()
        await eventually(lambda: not sink.health.ok, 8)
        assert "no answer to a ping" in sink.health.detail


async def test_what_a_slow_broker_does_not_take_at_once_follows(
    broker: Broker, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LOOK_AT_PING_S", 1000)  # that would write the rest, too, in its own time
    session = Session(broker, "patient", V5)
    await session.open()
    mosquitto.freeze()
    session.publish(Message("lab/huge", b"x" * HUGE))  # one, so that no acknowledgement comes before its end
    connection = session._connection  # noqa: SLF001 (whether paho holds something back)
    assert connection is not None
    assert connection.want_write(), "the socket took it all: then this proves nothing"
    mosquitto.thaw()
    assert await session.settled(30)
    await session.close()


async def test_several_packets_in_one_tls_record_are_all_read(tmp_path: Path) -> None:
    """The event loop hears of the record once, and TLS has decrypted the second packet with the first."""
    connack, publish = b"\x20\x03\x00\x00\x00", b"\x30\x09\x00\x05lab/1\x00x"
    tmp_path.joinpath("keys").mkdir()
    ca = authority(tmp_path / "keys", "ca")
    certificate(tmp_path / "keys", "server", "ca", "IP:127.0.0.1")
    keys = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    keys.load_cert_chain(tmp_path / "keys/server.pem", tmp_path / "keys/server.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(connack + 5 * publish)
        await reader.read()

    heard: list[str] = []
    async with serving(answer, keys) as port:
        session = Session(Broker(host=HOST, port=port, tls=True, ca_file=ca), "record", V5)
        session.message_callback = lambda topic, _payload, _retained: heard.append(topic)
        await session.open()
        await eventually(lambda: heard == ["lab/1"] * 5)
        session.abort()
