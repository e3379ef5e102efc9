"""The embedded broker, which is also a real broker of MQTT 3.1.1 alone. In a process of its own where it is killed."""

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.contract.messages import retained
from gauge_mqtt.sinks.mqtt import session as mqtt_session
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.embedded import EmbeddedBroker, port_answers
from gauge_mqtt.sinks.mqtt.probe import probe
from gauge_mqtt.sinks.mqtt.words import MqttError
from tests.support import brokers
from tests.support.brokers import HOST, RecordingClient, retained_on
from tests.support.mqtt import TOPICS, running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
pytest.importorskip("amqtt", reason="the extra gauge-mqtt[broker]")


@pytest.fixture
def child() -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    with brokers.embedded() as child:
        yield child


@pytest.fixture
def embedded(child: tuple[int, object]) -> int:
    return child[0]


async def test_a_broker_of_3_1_1_alone_is_served_in_its_own_version(embedded: int) -> None:
    sink = sink_on(embedded)
    sink.show(usage(rate_1m=4), (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        assert "3.1.1" in sink.health.detail
        await eventually(lambda: retained_on(embedded, v311=True).items() >= retained(usage(rate_1m=4), TOPICS).items())


async def test_known_to_be_of_3_1_1_it_is_not_asked_for_more(embedded: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_session, "CONNECT_TIMEOUT_S", 600)  # how long it would wait for an answer to MQTT 5
    sink = sink_on(embedded, only_v311=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        await eventually(lambda: TOPICS.discovery in retained_on(embedded, v311=True))
        seen = await probe(Broker(host=HOST, port=embedded, only_v311=True), TOPICS)
        assert (seen.version, seen.discovery_retained, seen.availability) == ("3.1.1", True, "online")


async def test_the_will_of_a_killed_client_is_published_and_kept(embedded: int) -> None:
    with RecordingClient(embedded, v311=True) as client:
        child = await brokers.publisher(embedded, "only_v311")
        await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
        child.kill()
        await child.wait()
        await eventually(lambda: client.latest[TOPICS.availability] == b"offline")
    assert retained_on(embedded, v311=True)[TOPICS.availability] == b"offline"


async def test_it_publishes_no_sys_topics(embedded: int) -> None:
    with RecordingClient(embedded, "$SYS/#", v311=True) as client:
        await asyncio.sleep(0.3)
    assert client.messages == []


def test_it_listens_on_loopback_only(child: "tuple[int, subprocess.Popen[bytes]]") -> None:
    port, process = child
    tables = Path(f"/proc/{process.pid}/net/tcp"), Path(f"/proc/{process.pid}/net/tcp6")
    if not tables[0].exists():
        pytest.skip("needs Linux's /proc")
    rows = [row.split() for table in tables for row in table.read_text().splitlines()[1:]]
    assert [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


async def test_it_ends_at_once_with_clients_connected(child: "tuple[int, subprocess.Popen[bytes]]") -> None:
    port, process = child
    sink = sink_on(port, only_v311=True)
    with RecordingClient(port, v311=True):
        async with running(sink):
            await eventually(lambda: sink.health.ok)
            assert await port_answers(HOST, port)
            process.send_signal(signal.SIGINT)
            await eventually(lambda: process.poll() is not None)
            await eventually(lambda: not sink.health.ok)
    assert not await port_answers(HOST, port)


async def test_a_taken_port_and_a_missing_extra_are_told_in_words(
    embedded: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(MqttError, match=f"cannot listen on 127.0.0.1:{embedded}"):
        await EmbeddedBroker(embedded).run()
    assert "Traceback" not in caplog.text
    assert logging.getLogger("amqtt").level >= logging.WARNING
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    with pytest.raises(MqttError, match=r"pip install 'gauge-mqtt\[broker\]'"):
        await EmbeddedBroker(embedded).run()


async def test_clients_that_speak_something_else_do_not_fill_its_log(tmp_path: Path) -> None:
    said = tmp_path / "log"
    with said.open("wb") as log, brokers.embedded(log) as (port, child):
        for _ in range(20):
            for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x10\x00", b"\x16\x03\x01\x00\xff", b"\x10\xff\xff\xff\x7f", b""):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.write(junk)
                writer.close()
                await writer.wait_closed()
        with RecordingClient(port, v311=True):
            assert child.poll() is None
    assert len(said.read_text().splitlines()) < 12


async def test_clients_that_come_and_go_cut_off_no_other(tmp_path: Path) -> None:
    """Each gets the retained messages in a loop over the subscriptions, which the others change meanwhile."""
    said = tmp_path / "log"
    with said.open("wb") as log, brokers.embedded(log) as (port, child):
        retained = {f"t/{number}": b"x" * 2_000 for number in range(100)}
        with RecordingClient(port, "t/#", v311=True) as client:
            for topic, payload in retained.items():
                client.publish(topic, payload, retain=True)
            await eventually(lambda: client.latest == retained)

            def visit(number: int) -> None:
                for turn in range(10):
                    with RecordingClient(port, f"visitor/{number}/{turn}", v311=True):
                        pass

            await asyncio.gather(*(asyncio.to_thread(visit, number) for number in range(8)))
            assert child.poll() is None
            client.publish("t/0", b"still here")
            await eventually(lambda: client.latest["t/0"] == b"still here")
    assert "Traceback" not in said.read_text()
