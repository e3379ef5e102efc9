"""The MQTT sink and a broker that is absent, killed, emptied, frozen, or says no."""

import asyncio
import errno
import gc
import logging
import socket
import subprocess
import threading
from math import inf
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.messages import retained
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt import endings
from gauge_mqtt.sinks.mqtt import session as mqtt_session
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from gauge_mqtt.sinks.mqtt.words import MqttError
from tests.support.brokers import HOST, Mosquitto, RecordingClient, free_port, retained_on
from tests.support.mqtt import TOPICS, relay, running, sink_on, usage
from tests.support.stand_in import serving
from tests.support.waiting import BUSY_FACTOR, PATIENCE_S, Stopwatch, eventually

pytestmark = pytest.mark.anyio

BACK_WITHIN_S = BUSY_FACTOR * 5.0


def password(mosquitto: Mosquitto, directory: Path, user: str, secret: str, *more: str) -> None:
    subprocess.run(
        ["mosquitto_passwd", "-b", *([] if (directory / "passwd").exists() else ["-c"]), "passwd", user, secret],
        cwd=directory, check=True, capture_output=True,
    )  # fmt: skip
    mosquitto.start("allow_anonymous false", f"password_file {mosquitto.folder}/passwd", *more)


async def test_a_broker_that_comes_late_or_back_empty_gets_everything_in_time(mosquitto: Mosquitto) -> None:
    sink = sink_on(mosquitto.port)
    sink.show(usage(rate_1m=7), (), beat=True)
    async with running(sink):
        await eventually(lambda: "connection refused" in sink.health.detail)
        for _ in range(2):
            mosquitto.start()
            await eventually(lambda: sink.health.ok, BACK_WITHIN_S)
            await eventually(lambda: retained_on(mosquitto.port).keys() >= set(TOPICS.retained))
            mosquitto.kill()
            await eventually(lambda: not sink.health.ok)


async def test_a_broker_that_comes_and_goes_is_not_mistaken_for_a_namesake(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "SHORT_LIVES", 2)
    sink = sink_on(mosquitto.port)
    async with running(sink):
        for _ in range(3):
            mosquitto.start()
            await eventually(lambda: sink.health.ok, BACK_WITHIN_S)
            mosquitto.kill()
            await eventually(lambda: "connection refused" in sink.health.detail)


async def test_trying_in_vain_leaves_no_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MqttError, "pause_s", (0.0, 0.0))
    gc.collect()
    gc.disable()
    try:
        async with running(sink_on(free_port())):
            await asyncio.sleep(0.2)
            before = len(list(Path("/dev/fd").iterdir()))
            await asyncio.sleep(0.5)
            assert len(list(Path("/dev/fd").iterdir())) < before + 10
    finally:
        gc.enable()


async def test_a_connect_that_took_too_long_does_not_take_its_successors_name(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, heard, given_up = socket.create_connection, [], threading.Event()

    def slowly(*args: Any, **kwargs: Any) -> socket.socket:
        assert given_up.wait(PATIENCE_S)
        return at_once(*args, **kwargs)

    async def hear(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))

    monkeypatch.setattr(mqtt_session, "PATIENCE_S", 0.1)
    monkeypatch.setattr(socket, "create_connection", slowly)
    async with serving(hear) as port:
        async with running(sink := sink_on(port)):
            await eventually(lambda: "no answer" in sink.health.detail)
        given_up.set()
        await eventually(lambda: heard)
        assert heard == [b""]


async def test_while_away_nothing_is_queued_and_then_the_latest_is_said_once(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        mosquitto.kill()
        await eventually(lambda: not sink.health.ok)
        before = sink.published
        for rate in range(100):
            sink.show(usage(rate_1m=rate), (), beat=rate % 10 == 0)
        assert sink.published == before
        mosquitto.start()
        with RecordingClient(mosquitto.port) as client:
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
            assert {m.payload for m in client.messages if m.topic == TOPICS.keys["rate_1m"]} == {b"99"}
        assert sink.published == before + len(TOPICS.retained)


async def test_a_change_during_a_stall_of_the_broker_is_said_in_its_last_state_only(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    with RecordingClient(mosquitto.port) as client:
        async with running(sink):
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
            mosquitto.freeze()
            for rate in range(1000):
                sink.show(usage(rate_1m=rate), (), beat=False)
            mosquitto.thaw()
            await eventually(lambda: client.latest.get(TOPICS.keys["rate_1m"]) == b"999")
            assert client.topics.count(TOPICS.keys["rate_1m"]) < mqtt_session.WINDOW


async def test_a_wrong_password_is_told_in_words_once_and_forgiven(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gauge_mqtt")
    password(mosquitto, tmp_path / "broker", "gauge", "right")
    wrong = sink_on(mosquitto.port, username="gauge", password="wrong")  # noqa: S106
    async with running(wrong):
        await eventually(lambda: "user name and password" in wrong.health.detail)
        assert "user gauge" in wrong.health.detail
        assert "wrong" not in caplog.text
    sink = sink_on(mosquitto.port, username="gauge", password="right")  # noqa: S106
    async with running(sink):
        await eventually(lambda: sink.health.ok)
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]


async def test_a_topic_the_broker_refuses_is_named_once(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = tmp_path / "broker"
    acl = room / "acl"
    acl.write_text(
        f"user gauge\ntopic write claude_gauge/lab/#\ntopic deny {TOPICS.state}\ntopic read {TOPICS.birth}\n"
    )
    password(mosquitto, room, "gauge", "pw", f"acl_file {mosquitto.folder}/acl")
    sink = sink_on(mosquitto.port, username="gauge", password="pw")  # noqa: S106
    sink.show(usage(), (), beat=True)
    async with running(sink):
        await eventually(lambda: not sink.health.ok and sink.refused == 2)
        words = sink.health.detail
        assert TOPICS.discovery in words
        assert "and 1 more" in words
        assert "ot authorized" in words
        assert "user gauge" in words
        assert "write access to claude_gauge/lab/#" in words
        for _ in range(3):
            refused = sink.refused
            sink.show(usage(), (), beat=True)
            await eventually(lambda: sink.refused == refused + 1)  # noqa: B023
        assert not sink.health.ok
        assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1


async def test_two_of_one_name_both_say_so_and_then_one_leaves_room(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """mosquitto 2.0 drops the elder of two namesakes without saying why."""
    mosquitto.start()
    first, second = sink_on(mosquitto.port), sink_on(mosquitto.port, username="second")
    said: dict[int, set[str]] = {id(first): set(), id(second): set()}
    async with running(first):
        await eventually(lambda: first.health.ok)
        async with running(second):

            def both() -> bool:
                for sink in (first, second):
                    said[id(sink)] |= {sink.health.detail} if "same instance name" in sink.health.detail else set()
                return all(said.values())

            await eventually(both, 20)
            await asyncio.sleep(2)  # the third time one of them stays away
            await eventually(lambda: first.health.ok or second.health.ok)
            other = first if first.health.ok else second
            await asyncio.sleep(1.5)
            assert other.health.ok, "they go on throwing each other out"
    assert "Traceback" not in caplog.text


async def test_one_silence_at_connect_does_not_cost_mqtt_5(mosquitto: Mosquitto) -> None:
    """A broker under load may answer late: on 3.1.1 its retained values would not expire any more."""
    mosquitto.start()
    silent = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not silent.is_set():
            silent.set()
            await reader.read()
            return
        await relay(reader, writer, mosquitto.port)

    async with serving(silence) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: "nothing came for 3 s" in sink.health.detail, 10)
            await eventually(lambda: sink.health.ok, 10)
            assert "MQTT 5" in sink.health.detail


async def test_a_broker_that_refused_mqtt_5_is_asked_again_on_the_next_connection(mosquitto: Mosquitto) -> None:
    """Such as one that was updated. The fall-back is said."""
    mosquitto.start("allow_anonymous true", "max_connections 100")
    old = True

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(9)
        if old and head[8] == 5:
            writer.write(b"\x20\x02\x00\x01")
            return
        await relay(reader, writer, mosquitto.port, head)

    async with serving(refuse) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: sink.health.ok)
            assert "MQTT 3.1.1, since it refuses 5" in sink.health.detail
            old = False
            mosquitto.kill()
            await eventually(lambda: not sink.health.ok)
            mosquitto.start()
            await eventually(lambda: sink.health.ok and "MQTT 5" in sink.health.detail, BACK_WITHIN_S)


async def test_a_new_password_in_its_file_is_read_at_the_next_refusal(mosquitto: Mosquitto, tmp_path: Path) -> None:
    password(mosquitto, tmp_path / "broker", "gauge", "new")
    address = {"host": HOST, "port": mosquitto.port, "username": "gauge"}
    passwords = iter(["old", "new"])
    sink = MqttSink(
        Broker(**address, password="old"), TOPICS, b"{}",  # noqa: S106
        renew=lambda: Broker(**address, password=next(passwords)),
    )  # fmt: skip
    async with running(sink):
        await eventually(lambda: "refused user gauge" in sink.health.detail)
        await eventually(lambda: sink.health.ok, 20)


async def test_a_password_file_that_cannot_be_read_any_more_is_told(mosquitto: Mosquitto, tmp_path: Path) -> None:
    def renew() -> Broker:
        raise GaugeError("the password file is gone")

    password(mosquitto, tmp_path / "broker", "gauge", "new")
    broker = Broker(host=HOST, port=mosquitto.port, username="gauge", password="old")  # noqa: S106
    sink = MqttSink(broker, TOPICS, b"{}", renew=renew)
    async with running(sink):
        await eventually(lambda: "the password file is gone" in sink.health.detail)


@pytest.mark.parametrize("lacking", ["file", "thread"])
async def test_without_a_file_or_thread_to_spare_it_waits(
    lacking: str, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files") if lacking == "file" else RuntimeError("can't start")

    sink = sink_on(mosquitto.start().port)
    with monkeypatch.context() as starved:
        if lacking == "file":
            starved.setattr(socket, "create_connection", fail)
        else:
            starved.setattr(threading.Thread, "start", fail)
        async with running(sink):
            await eventually(lambda: "cannot reach" in sink.health.detail)
            starved.undo()
            await eventually(lambda: sink.health.ok, BACK_WITHIN_S)


async def test_a_broker_that_tells_of_a_takeover_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """mosquitto does from 2.1 on; here a stand-in answers CONNACK, then DISCONNECT with reason 0x8E."""

    async def take_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x20\x03\x00\x00\x00" + b"\xe0\x01\x8e")
        await reader.read()

    async with serving(take_over) as port:
        sink = sink_on(port)
        monkeypatch.setattr(endings, "SHORT_LIVES", inf)  # what it would guess after some of them
        async with running(sink):
            await eventually(lambda: "same instance name" in sink.health.detail)


async def test_a_frozen_broker_does_not_hold_up_the_end(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        mosquitto.freeze()
        sink.show(usage(), (), beat=True)
        watch = Stopwatch()
    assert watch.seconds < 2


async def test_nor_does_a_broker_that_never_answered(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    mosquitto.freeze()
    async with running(sink_on(mosquitto.port)):
        await asyncio.sleep(0.2)
        watch = Stopwatch()
    assert watch.seconds < 2


async def test_a_connection_without_acknowledgements_is_given_up(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_session, "ACK_TIMEOUT_S", 0.5)
    mosquitto.start()
    sink = sink_on(mosquitto.port)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        mosquitto.freeze()
        sink.show(usage(rate_1m=3), (), beat=True)
        await eventually(lambda: not sink.health.ok)
        mosquitto.thaw()
        await eventually(lambda: sink.health.ok, BACK_WITHIN_S)
        await eventually(lambda: retained_on(mosquitto.port).items() >= retained(usage(rate_1m=3), TOPICS).items())


@pytest.mark.parametrize(
    ("host", "words"), [("no-such-host.invalid", "no such host: no-such-host.invalid"), (HOST, "connection refused")]
)
async def test_an_address_that_leads_nowhere_is_told_in_words(host: str, words: str) -> None:
    sink = MqttSink(Broker(host=host, port=free_port()), Topics("lab"), b"{}")
    async with running(sink):
        await eventually(lambda: words in sink.health.detail)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x01\x00", b"\x20\x03\x00\xff\x00", b"\x00", b""]
)
async def test_a_port_that_speaks_something_else_is_told_in_words(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Malformed packets make paho raise all sorts of exceptions."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)

    async with serving(babble) as port:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: "MQTT" in sink.health.detail and "yet" not in sink.health.detail)
    assert "Traceback" not in caplog.text
