"""The short visits: `clear` leaves nothing behind, `probe` looks without being noticed."""

from pathlib import Path

import pytest

from gauge_mqtt.sinks.mqtt import clear as mqtt_clear
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import Probe, clear, probe
from gauge_mqtt.sinks.mqtt.words import MqttError
from tests.support.brokers import HOST, Mosquitto, RecordingClient, free_port, retained_on
from tests.support.mqtt import TOPICS, running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def fill(port: int) -> None:
    sink = sink_on(port)
    sink.show(usage(), (), beat=True)
    async with running(sink):
        await eventually(lambda: retained_on(port).keys() >= set(TOPICS.retained))


async def test_clear_empties_known_found_and_retired_topics_and_no_others(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_clear, "RETIRED", {"window_5h_old": "sensor"})
    port = mosquitto.start().port
    await fill(port)
    strange, foreign = f"{TOPICS.base}/left/over", "claude_gauge/other/state"
    with RecordingClient(port) as client:
        client.publish(strange, b"1", retain=True)
        client.publish(foreign, b"1", retain=True)
    cleared = await clear(Broker(host=HOST, port=port), TOPICS, gather_s=0.3)
    assert set(cleared.topics) == {*TOPICS.retained, strange, f"{TOPICS.base}/window_5h_old"}
    assert cleared.topics[0] == TOPICS.discovery
    assert not cleared.publisher_online
    assert retained_on(port) == {foreign: b"1"}


async def test_clear_tells_of_a_publisher_at_work(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    sink = sink_on(port)
    async with running(sink):
        await eventually(lambda: retained_on(port).get(TOPICS.availability) == b"online")
        assert (await clear(Broker(host=HOST, port=port), TOPICS, gather_s=0.3)).publisher_online
        assert sink.health.ok, "the visitor threw the publisher out"


async def test_a_broker_that_is_not_there_or_refuses_is_told_in_words(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with pytest.raises(MqttError, match="connection refused"):
        await clear(Broker(host=HOST, port=free_port()), TOPICS)
    room = tmp_path / "broker"
    (room / "acl").write_text("topic read #\n")
    mosquitto.start("allow_anonymous true", f"acl_file {mosquitto.folder}/acl")
    with pytest.raises(MqttError, match=r"refused to empty .*[Nn]ot authorized"):
        await clear(Broker(host=HOST, port=mosquitto.port), TOPICS, gather_s=0.1)
    mosquitto.kill()
    mosquitto.start("allow_anonymous false")
    with pytest.raises(MqttError, match="user name and password"):
        await probe(Broker(host=HOST, port=mosquitto.port), TOPICS)


async def test_probe_sees_what_is_there_and_disturbs_nobody(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    broker = Broker(host=HOST, port=port)
    assert await probe(broker, TOPICS) == Probe("5", discovery_retained=False, availability=None)
    sink = sink_on(port)
    async with running(sink):
        await eventually(lambda: retained_on(port).get(TOPICS.availability) == b"online")
        assert await probe(broker, TOPICS) == Probe("5", discovery_retained=True, availability="online")
        assert sink.health.ok
    assert (await probe(broker, TOPICS)).availability == "offline"
