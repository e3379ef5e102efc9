"""The MQTT sink on a real broker: what it says, in what order, and what it keeps to itself."""

import asyncio
import json

import pytest

from gauge_mqtt.contract.messages import Event, retained
from gauge_mqtt.contract.usage import HEARTBEAT_S
from gauge_mqtt.sinks.mqtt import sink as sink_module
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from tests.support import brokers
from tests.support.brokers import Mosquitto, RecordingClient, retained_on
from tests.support.mqtt import DISCOVERY, TOPICS, running, sink_on, usage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_first_words_are_discovery_then_values_then_online(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        sink = sink_on(port)
        sink.show(usage(rate_1m=5), (), beat=True)
        async with running(sink):
            await eventually(lambda: TOPICS.availability in client.latest)
            assert sink.published == len(TOPICS.retained)
    said = client.topics[: len(TOPICS.retained)]
    assert said[0] == TOPICS.discovery
    assert said[1:-1] == list(retained(usage(rate_1m=5), TOPICS))
    assert said[-1] == TOPICS.availability
    assert sorted(said) == sorted(TOPICS.retained)


async def test_who_comes_late_finds_everything(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    sink = sink_on(port)
    shown = usage(rate_1m=1234.5, hot=True, window_5h_pct=0.25)
    sink.show(shown, (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        found = await eventually(lambda: (now := retained_on(port)).keys() >= set(TOPICS.retained) and now)
    assert found == retained(shown, TOPICS) | {TOPICS.discovery: DISCOVERY, TOPICS.availability: b"online"}


async def test_without_a_snapshot_it_is_online_and_says_no_value(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        async with running(sink_on(port)):
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
    assert set(client.topics) == {TOPICS.discovery, TOPICS.availability}


async def test_only_what_changed_is_said_and_on_a_beat_everything(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        sink = sink_on(port)
        sink.show(usage(rate_1m=1), (), beat=True)
        async with running(sink):
            await eventually(lambda: TOPICS.availability in client.latest)
            first = len(client.messages)
            sink.show(usage(rate_1m=2), (), beat=False)
            await eventually(lambda: client.latest[TOPICS.state] == usage(rate_1m=2).to_json())
            assert client.topics[first:] == [TOPICS.keys["rate_1m"], TOPICS.state]
            second = len(client.messages)
            sink.show(usage(rate_1m=2), (), beat=False)
            sink.show(usage(rate_1m=2), (), beat=True)
            await eventually(lambda: TOPICS.heartbeat in client.topics[second:])
            assert client.topics[second:] == [*retained(usage(), TOPICS), TOPICS.availability, TOPICS.heartbeat]


async def test_heartbeats_and_events_are_heard_and_not_retained(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    sink, hot = sink_on(port), Event("hot", usage().updated_at)
    with RecordingClient(port) as client:
        async with running(sink):
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
            sink.show(usage(hot=True), (hot,), beat=True)
            await eventually(lambda: {TOPICS.event, TOPICS.heartbeat} <= client.latest.keys())
            found = retained_on(port)
    assert client.latest[TOPICS.heartbeat] == str(HEARTBEAT_S).encode()
    assert json.loads(client.latest[TOPICS.event])["event_type"] == "hot"
    assert TOPICS.event not in found
    assert TOPICS.heartbeat not in found


async def test_values_and_online_expire_on_the_broker(mosquitto: Mosquitto) -> None:
    """A broker that outlives the publisher forgets its values instead of passing old ones on. Discovery stays."""
    port = mosquitto.start().port
    sink = MqttSink(sink_on(port)._broker, TOPICS, DISCOVERY, expiry_s=1)  # noqa: SLF001
    sink.show(usage(rate_1m=1), (), beat=True)
    with RecordingClient(port) as client:
        async with running(sink):
            await eventually(lambda: client.latest.keys() >= set(TOPICS.retained))
            await eventually(lambda: retained_on(port).keys() == {TOPICS.discovery})


async def test_after_a_power_cut_the_broker_does_not_say_online(mosquitto: Mosquitto) -> None:
    """Broker and publisher die together, and nobody is left to say `offline`: what was saved has expired."""
    port = mosquitto.port
    saved = [f"persistence_location {mosquitto.folder}/", "autosave_on_changes true", "autosave_interval 1"]
    mosquitto.start("allow_anonymous true", "persistence true", *saved)
    sink = MqttSink(sink_on(port)._broker, TOPICS, DISCOVERY, expiry_s=3)  # noqa: SLF001
    sink.show(usage(rate_1m=1), (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        await asyncio.sleep(1)
        mosquitto.kill()
    await asyncio.sleep(3)
    mosquitto.start()
    assert retained_on(port).keys() == {TOPICS.discovery}, "nothing was saved, or it did not expire"


async def test_cancelled_it_says_offline_and_leaves(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    sink = sink_on(port)
    with RecordingClient(port) as client:
        async with running(sink):
            await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
        await eventually(lambda: client.latest[TOPICS.availability] == b"offline")
        assert client.topics.count(TOPICS.availability) == 2, "the will came too: it was no clean farewell"
        assert sink.published == 3, "only the will came: it left without a word"
    assert retained_on(port)[TOPICS.availability] == b"offline"


async def test_a_live_birth_of_home_assistant_is_answered_and_a_retained_one_is_not(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "GREET_WITHIN_S", 0)
    monkeypatch.setattr(sink_module, "GREET_EVERY_S", 0)
    port = mosquitto.start().port
    everything = len(TOPICS.retained)
    with RecordingClient(port) as client:
        client.publish(TOPICS.birth, b"online", retain=True)
        sink = sink_on(port)
        sink.show(usage(), (), beat=False)
        async with running(sink):
            await eventually(lambda: client.topics.count(TOPICS.availability) == 1)
            client.publish(TOPICS.birth, b"offline")
            client.publish(TOPICS.birth, b"online")
            await eventually(lambda: client.topics.count(TOPICS.availability) == 2)
            assert sink.published == 2 * everything
    assert client.topics.index(TOPICS.discovery) < client.topics.index(TOPICS.availability)


async def test_a_flood_of_births_is_answered_once(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "GREET_WITHIN_S", 0.2)
    monkeypatch.setattr(sink_module, "GREET_EVERY_S", 600)
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        sink = sink_on(port)
        async with running(sink):
            await eventually(lambda: client.topics.count(TOPICS.availability) == 1)
            for _ in range(20):
                client.publish(TOPICS.birth, b"online")
            await eventually(lambda: client.topics.count(TOPICS.availability) == 2)
            client.publish(TOPICS.birth, b"online")
            await asyncio.sleep(0.4)
    assert client.topics.count(TOPICS.discovery) == 2


async def test_a_killed_publisher_is_declared_offline_by_the_broker(mosquitto: Mosquitto) -> None:
    port = mosquitto.start().port
    with RecordingClient(port) as client:
        child = await brokers.publisher(port)
        await eventually(lambda: client.latest.get(TOPICS.availability) == b"online")
        child.kill()
        await child.wait()
        await eventually(lambda: client.latest[TOPICS.availability] == b"offline")
