"""The real MQTT sink in a process of its own: to be stopped, frozen or killed while the simulator is watched."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from gauge_mqtt.contract.dials import motor_deg
from gauge_mqtt.contract.topics import DIALS, Topics
from gauge_mqtt.contract.usage import HEARTBEAT_S, Usage
from tests.support.brokers import RecordingClient
from tests.support.simulator import State, shows

_PROGRAM = """
import asyncio, signal, sys
from gauge_mqtt.contract.usage import Usage
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt import sink as mqtt
from gauge_mqtt.contract.topics import Topics

usage = Usage.model_validate_json(sys.argv[2])
mqtt.HEARTBEAT_S = int(sys.argv[3])

async def main():
    sink = mqtt.MqttSink(Broker(host="127.0.0.1", port=int(sys.argv[1])), Topics(usage.instance), b"{}")
    running = asyncio.create_task(sink.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    while not running.done():
        sink.show(usage, (), beat=True)
        await asyncio.wait({running}, timeout=1)

asyncio.run(main())
"""

HALF_DEG = motor_deg(500)
NEEDLES = (250, 640, 900)
PARKED = (-1, -1, -1)


@contextlib.contextmanager
def publisher(
    port: int,
    needles: tuple[int, ...] = NEEDLES,
    instance: str = "lab",
    interval_s: int = HEARTBEAT_S,
    source: str = "test",
) -> Iterator[subprocess.Popen[bytes]]:
    """Shows these needles, SONNET and WARN. Its heart beats each second, and says when the next one is due."""
    known = {f"needle_{dial}": value for dial, value in zip(DIALS, needles, strict=True)}
    usage = Usage(
        updated_at=datetime(2026, 1, 2, tzinfo=UTC), instance=instance, source=source, last_model="sonnet", warn=True,
        **known,
    )  # fmt: skip
    child = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(port), usage.to_json(), str(interval_s)])
    try:
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        child.kill()
        child.wait()


def leave_half_scale(client: RecordingClient) -> None:
    """Retained values as an earlier publisher leaves them: half scale on all needles, and OPUS."""
    topics = Topics("lab")
    for topic in topics.needles.values():
        client.publish(topic, b"500", retain=True)
    client.publish(topics.lamps, b"1", retain=True)
    client.publish(topics.availability, b"online", retain=True)


def live(needles: tuple[int, ...] = NEEDLES) -> Callable[[State], bool]:
    """Whether a state shows what such a publisher says."""
    wanted = {dial: motor_deg(value) for dial, value in zip(DIALS, needles, strict=True)}

    def holds(state: State) -> bool:
        return state["link"] == "live" and shows(state, wanted) and set(state["lit"]) == {"sonnet", "warn"}

    return holds


def parked(link: str) -> Callable[[State], bool]:
    """Whether a state is that of a display without a publisher: needles at rest below zero, STALL alone."""
    wanted = {dial: motor_deg(value) for dial, value in zip(DIALS, PARKED, strict=True)}

    def holds(state: State) -> bool:
        return state["link"] == link and shows(state, wanted) and state["lit"] == ["stall"]

    return holds
