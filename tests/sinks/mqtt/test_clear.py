"""`clear` leaves nothing behind, and is an error to nobody who still listens."""

import asyncio
import json
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt import clear as mqtt_clear
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import clear
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
    cleared = await clear(Broker(host=HOST, port=port), TOPICS, look_s=0.3)
    assert set(cleared.topics) == {*TOPICS.retained, strange, f"{TOPICS.base}/window_5h_old"}
    assert cleared.topics[0] == TOPICS.discovery
    assert not cleared.publisher_online
    assert retained_on(port) == {foreign: b"1"}


async def test_clear_tells_of_a_publisher_at_work(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    sink = sink_on(port)
    async with running(sink):
        await eventually(lambda: retained_on(port).get(TOPICS.availability) == b"online")
        assert (await clear(Broker(host=HOST, port=port), TOPICS, look_s=0.3)).publisher_online
        assert sink.health.ok, "the visitor threw the publisher out"


async def test_a_broker_that_is_not_there_or_refuses_is_told_in_words(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with pytest.raises(MqttError, match="connection refused"):
        await clear(Broker(host=HOST, port=free_port()), TOPICS)
    room = tmp_path / "broker"
    (room / "acl").write_text("topic read #\n")
    mosquitto.start("allow_anonymous true", f"acl_file {mosquitto.folder}/acl")
    with pytest.raises(MqttError, match=r"refused to empty .*[Nn]ot authorized"):
        await clear(Broker(host=HOST, port=mosquitto.port), TOPICS, look_s=0.1)
    mosquitto.kill()
    mosquitto.start("allow_anonymous false")
    with pytest.raises(MqttError, match="user name and password"):
        await clear(Broker(host=HOST, port=mosquitto.port), TOPICS)


@pytest.mark.parametrize("prefix", ["old", "home/assistant", "a/b/c"])
async def test_what_an_earlier_discovery_prefix_left_is_emptied_too(mosquitto: Mosquitto, prefix: str) -> None:
    port = mosquitto.start().port
    await fill(port)
    left, other = Topics("lab", prefix).discovery, Topics("other", prefix).discovery
    with RecordingClient(port) as client:
        client.publish(left, b"{}", retain=True)
        client.publish(other, b"{}", retain=True)
    cleared = await clear(Broker(host=HOST, port=port), TOPICS)
    assert left in cleared.topics
    assert retained_on(port) == {other: b"{}"}


async def test_nobody_who_still_listens_hears_an_empty_value(mosquitto: Mosquitto) -> None:
    """Home Assistant with the YAML package: an empty number, time or choice is an error in its log."""
    port = mosquitto.start().port
    await fill(port)
    with RecordingClient(port, f"{TOPICS.base}/+") as client:
        await eventually(lambda: client.latest.keys() >= set(TOPICS.keys.values()))
        before = len(client.messages)
        await clear(Broker(host=HOST, port=port), TOPICS)
        heard = {message.topic: bytes(message.payload) for message in client.messages[before:]}
        assert len(client.messages[before:]) == len(heard), "more than one word a topic"
    assert heard.pop(TOPICS.availability) == b"offline"
    assert set(json.loads(heard.pop(TOPICS.state)).values()) == {None}
    assert set(heard.values()) == {b"None"}
    assert retained_on(port) == {}


async def test_on_3_1_1_nothing_is_left_either(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    await fill(port)
    await clear(Broker(host=HOST, port=port, only_v311=True), TOPICS, look_s=0.3)
    await asyncio.sleep(1.5)
    assert retained_on(port) == {}


async def test_who_may_not_read_empties_what_is_known_and_is_told(mosquitto: Mosquitto, tmp_path: Path) -> None:
    port = mosquitto.start().port
    await fill(port)
    (tmp_path / "broker/acl").write_text("topic write #\n")
    mosquitto.kill()
    mosquitto.start("allow_anonymous true", f"acl_file {mosquitto.folder}/acl")
    cleared = await clear(Broker(host=HOST, port=port), TOPICS, look_s=0.2)
    assert cleared.unseen is not None
    assert f"may not read {TOPICS.base}/#" in cleared.unseen
    assert f"topic readwrite {TOPICS.base}/#" in cleared.unseen
    assert set(cleared.topics) >= set(TOPICS.retained)


async def test_a_broker_that_takes_small_packets_only_is_cleared_too(mosquitto: Mosquitto) -> None:
    port = mosquitto.start("allow_anonymous true", "max_packet_size 500").port
    with RecordingClient(port, TOPICS.birth) as client:
        for topic in TOPICS.retained:
            client.publish(topic, b"1", retain=True)
    assert (await clear(Broker(host=HOST, port=port), TOPICS, look_s=0.3)).unseen is None
    assert retained_on(port) == {}
