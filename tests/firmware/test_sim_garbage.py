"""What is no value of the contract moves nothing, is counted, and is told in words once."""

from pathlib import Path

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import LAMPS
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.simulator import Simulator, State

GARBAGE = {
    "empty": b"",
    "no number": b"nan",
    "half a number": b"12x",
    "40 digits": b"1" * 40,
    "negative": b"-5",
    "not UTF-8": b"\xff\xfe\x80",
    "10 kB": b"7" * 10_240,
    "NUL": b"5\x000",
    "nothing but NUL": b"\x00",
    "a sign": b"+5",
    "a space": b" 5",
    "a line end": b"5\n",
    "a fraction": b"5.0",
    "too large": b"100000",
    "words": b"ONLINE",
}
TOPICS = Topics("lab")
SAID = {
    TOPICS.needles["needle_5h"]: b"100",
    TOPICS.needles["needle_tach"]: b"200",
    TOPICS.needles["needle_7d"]: b"300",
    TOPICS.lamps: b"%d" % (1 << LAMPS.index("opus")),
    TOPICS.heartbeat: b"30",
    TOPICS.availability: b"online",
}


def settled(state: State) -> bool:
    targets = [needle["target"] for needle in state["needles"].values()]
    return targets == [100, 200, 300] and not any(needle["moving"] for needle in state["needles"].values())


def test_garbage_on_any_display_topic_is_dropped_and_counted(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    with Simulator(gauge_sim, mosquitto.port) as simulator, RecordingClient(mosquitto.port, "test/#") as client:
        client.publish(TOPICS.availability, b"online")
        for topic, payload in SAID.items():
            client.publish(topic, payload, retain=topic != TOPICS.heartbeat)
        before = simulator.wait(lambda state: settled(state) and state["lit"] == ["opus"])
        index = len(simulator.states)
        for topic in SAID:
            for payload in GARBAGE.values():
                client.publish(topic, payload)
        count = len(SAID) * len(GARBAGE)
        simulator.wait(lambda state: state["dropped"] >= count)
        client.publish(TOPICS.lamps, b"0")  # whatever came before it has been read by then
        simulator.wait(lambda state: state["lit"] == [])
        assert simulator.now["dropped"] == count
        for state in simulator.states[index:]:
            assert state["needles"] == before["needles"]
            assert state["link"] == "live"
        for kind in ("needle", "bit mask", "heartbeat", "availability"):
            assert simulator.log.count(kind) == 1, "each kind is told once a connection"


def test_an_unknown_topic_or_publisher_is_none_of_its_business(mosquitto: Mosquitto, gauge_sim: Path) -> None:
    mosquitto.start()
    with (
        Simulator(gauge_sim, mosquitto.port, "--instance", "lab") as simulator,
        RecordingClient(mosquitto.port) as client,
    ):
        for topic, payload in SAID.items():
            client.publish(topic, payload, retain=True)
        simulator.wait(settled)
        client.publish("claude_gauge/lab/display/needle/8d", b"nan")
        client.publish("claude_gauge/lab/display/colour", b"blue")
        client.publish("claude_gauge/desk/display/needle/5h", b"nan")
        client.publish("claude_gauge/desk/availability", b"offline")
        client.publish(TOPICS.needles["needle_5h"], b"101")
        state = simulator.wait(lambda state: state["needles"]["5h"]["target"] == 101)
        assert (state["dropped"], state["link"]) == (0, "live")
