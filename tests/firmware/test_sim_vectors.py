"""Every shared vector, from the snapshot through the real sink and a real mosquitto to the angle of the motor."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.sink import MqttSink
from tests.support.brokers import HOST, Mosquitto
from tests.support.simulator import Simulator, State, ever_lit, shows
from tests.vectors.propose import compute, paths

pytestmark = pytest.mark.anyio


def unhurried(vector: dict[str, Any]) -> tuple[Any, ...]:
    """Sorted by this, the tach, which swings for two seconds, travels its scale once instead of fifty times."""
    frame = vector["frame"]
    return frame["needles"]["tach"], *frame["lamps"].values()


async def test_every_vector_ends_at_its_angles_and_lamps(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    sink = MqttSink(Broker(host=HOST, port=mosquitto.port), Topics("lab"), b"{}")
    publishing = asyncio.create_task(sink.run())
    with (
        Simulator(gauge_sim, mosquitto.port, "--driver", "4wire", chip="000000000001") as wired,
        Simulator(gauge_sim, mosquitto.port, "--driver", "stepdir", chip="000000000002") as stepped,
    ):
        for vector in sorted((json.loads(path.read_text()) for path in paths()), key=unhurried):
            frame, (usage, _) = vector["frame"], compute(vector)
            lit = {lamp for lamp, on in frame["lamps"].items() if on}

            def right(state: State, motor_deg: dict[str, float] = frame["motor_deg"], lit: set[str] = lit) -> bool:
                return shows(state, motor_deg) and ever_lit([state]) <= lit <= set(state["lit"])

            sink.show(usage, (), beat=True)
            try:
                await asyncio.gather(*(asyncio.to_thread(simulator.wait, right) for simulator in (wired, stepped)))
            except AssertionError as error:
                raise AssertionError(f"{vector['why']}: {frame}") from error
        publishing.cancel()
        await asyncio.wait({publishing})
        assert wired.now["dropped"] == stepped.now["dropped"] == 0
