"""The MQTT sink on brokers other than mosquitto: values, will, restart, and what a visitor finds there."""

import asyncio
import logging

import pytest

from gauge_mqtt.contract.messages import retained
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import clear
from gauge_mqtt.sinks.mqtt.probe import probe
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from gauge_mqtt.sinks.mqtt.visit import Rights
from tests.support import brokers
from tests.support.brokers import HOST, RecordingClient
from tests.support.mqtt import DISCOVERY, TOPICS, running, usage
from tests.support.other_brokers import OtherBroker, other_broker
from tests.support.waiting import eventually

__all__ = ["other_broker"]
pytestmark = pytest.mark.anyio
ONLINE = {TOPICS.discovery: DISCOVERY, TOPICS.availability: b"online"}


def address(broker: OtherBroker) -> Broker:
    username, password = broker.login or (None, None)
    return Broker(host=HOST, port=broker.port, username=username, password=password)


def client(broker: OtherBroker) -> RecordingClient:
    """It asks for each topic by its name: not everyone hands out retained values to a wildcard."""
    return RecordingClient(broker.port, *TOPICS.retained, login=broker.login, v311=True)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


async def test_values_are_there_for_who_comes_late_and_change_live(
    other_broker: OtherBroker, caplog: pytest.LogCaptureFixture
) -> None:
    other_broker.start()
    sink = MqttSink(address(other_broker), TOPICS, DISCOVERY)
    sink.show(usage(rate_1m=4), (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        assert ("3.1.1, since it refuses 5" in sink.health.detail) == other_broker.v311
        with client(other_broker) as late:
            await eventually(lambda: late.latest == retained(usage(rate_1m=4), TOPICS) | ONLINE)
            sink.show(usage(rate_1m=5), (), beat=False)
            await eventually(lambda: late.latest == retained(usage(rate_1m=5), TOPICS) | ONLINE)
            sink.show(usage(rate_1m=5), (), beat=True)
            await eventually(lambda: late.topics.count(TOPICS.availability) == 2)
        assert sink.health.ok
    with client(other_broker) as later:
        await eventually(lambda: later.latest.get(TOPICS.availability) == b"offline")
    assert warnings(caplog) == []


async def test_a_killed_publisher_is_declared_offline(other_broker: OtherBroker) -> None:
    other_broker.start()
    with client(other_broker) as watching:
        login = [
            f"{name}={value}" for name, value in zip(("username", "password"), other_broker.login or (), strict=False)
        ]
        child = await brokers.publisher(other_broker.port, *login)
        await eventually(lambda: watching.latest.get(TOPICS.availability) == b"online")
        child.kill()
        await child.wait()
        await eventually(lambda: watching.latest[TOPICS.availability] == b"offline")
    with client(other_broker) as late:
        await eventually(lambda: late.latest.get(TOPICS.availability) == b"offline")


async def test_after_a_restart_everything_is_there_again(
    other_broker: OtherBroker, caplog: pytest.LogCaptureFixture
) -> None:
    other_broker.start()
    sink = MqttSink(address(other_broker), TOPICS, DISCOVERY)
    sink.show(usage(rate_1m=6), (), beat=True)
    async with running(sink):
        await eventually(lambda: sink.health.ok)
        other_broker.kill()
        await eventually(lambda: not sink.health.ok)
        await asyncio.to_thread(other_broker.start)
        await eventually(lambda: sink.health.ok)
        with client(other_broker) as late:
            await eventually(lambda: late.latest == retained(usage(rate_1m=6), TOPICS) | ONLINE)
    assert not [said for said in warnings(caplog) if "same instance name" in said]


async def test_a_visitor_sees_what_is_there_and_clears_it(other_broker: OtherBroker) -> None:
    other_broker.start()
    where = address(other_broker)
    sink = MqttSink(where, TOPICS, DISCOVERY)
    sink.show(usage(), (), beat=True)
    async with running(sink):
        with client(other_broker) as watching:
            await eventually(lambda: watching.latest.get(TOPICS.availability) == b"online")
        seen = await probe(where, TOPICS)
    assert seen.availability == "online"
    assert seen.discovery_retained
    assert seen.rights == Rights(read=True, write=True)
    assert seen.wildcards is other_broker.wildcards
    cleared = await clear(where, TOPICS)
    assert (cleared.unseen is None) == other_broker.wildcards
    with client(other_broker) as late:
        late.publish(TOPICS.availability, b"marker")
        await eventually(lambda: TOPICS.availability in late.latest)
    assert late.latest == {TOPICS.availability: b"marker"}
