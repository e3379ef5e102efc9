"""Whatever stands on the topics that we read, nothing ends and nothing hostile is repeated."""

import pytest

from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import clear
from gauge_mqtt.sinks.mqtt.probe import instances, probe
from tests.support.brokers import HOST, Mosquitto, RecordingClient, retained_on
from tests.support.mqtt import TOPICS, running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
WILD = [b"", b"\xff\xfe\x00", b"online ", b"ONLINE", b"o" * 3_000_000, b"\x1b[2J", b"[" * 100_000, "önline".encode()]


async def test_the_birth_topic_may_hold_anything(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    port = mosquitto.start().port
    sink = sink_on(port)
    with RecordingClient(port, TOPICS.availability, TOPICS.keys["rate_1m"]) as client:
        async with running(sink):
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
            for payload in WILD:
                for retain in (False, True):
                    client.publish(TOPICS.birth, payload, retain=retain)
            sink.show(usage(rate_1m=8), (), beat=False)
            await eventually(lambda: client.latest.get(TOPICS.keys["rate_1m"]) == b"8")
            assert sink.health.ok
            assert client.topics.count(TOPICS.availability) == 1, "none of these is a birth"
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("v311", [False, True])
async def test_visitors_meet_anything(mosquitto: Mosquitto, v311: bool) -> None:  # noqa: FBT001, a column
    port = mosquitto.start().port
    broker = Broker(host=HOST, port=port, only_v311=v311)
    odd = [f"{TOPICS.base}/{level}" for level in ("", "/", " ", "ä\u202e", "state/deeper", "x" * 60_000, "$SYS")]
    topics = [TOPICS.availability, TOPICS.discovery, TOPICS.state, *odd]
    for payload in WILD[1:]:
        with RecordingClient(port, "nothing") as client:
            for topic in topics:
                client.publish(topic, payload, retain=True)
        seen = await probe(broker, TOPICS)
        assert (seen.availability, seen.discovery_retained) == ("junk", True)
        assert await instances(broker) == [("lab", "junk")]
    cleared = await clear(broker, TOPICS)
    assert set(cleared.topics) >= set(topics)
    assert retained_on(port) == {}
