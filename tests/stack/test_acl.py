"""Who may say and hear what, proven role by role on the real mosquitto with the stack's own files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.brokers import HOST, RecordingClient
from tests.support.stack import copy_stack, secret, set_up, stack_broker
from tests.support.waiting import until

ROLES = ("gauge", "homeassistant", "display", "viewer", "health")
NOT_AUTHORIZED = 0x87
G, H, D, V = "gauge", "homeassistant", "display", "viewer"
MATRIX: dict[str, tuple[set[str], set[str]]] = {  # topic: who may write it, who may read it
    "claude_gauge/desk/state": ({G}, {G, H, V}),
    "claude_gauge/desk/event": ({G}, {G, H, V}),
    "claude_gauge/desk/availability": ({G}, {G, H, V, D}),
    "claude_gauge/desk/display/needle/5h": ({G}, {G, H, V, D}),
    "claude_gauge/desk/display/heartbeat": ({G}, {G, H, V, D}),
    "claude_gauge_display/shelf/availability": ({D}, {D, H, V}),
    "claude_gauge_display/shelf/cmd/restart": ({D, H}, {D, H, V}),
    "homeassistant/device/claude_gauge_desk/config": ({G, H}, {G, H}),
    "homeassistant/device/claude_gauge_display/shelf/config": ({D, H}, {H}),
    "homeassistant/sensor/other/config": ({H}, {H}),
    "homeassistant/status": ({H}, {H, G, D}),
    "zigbee2mqtt/lamp": (set(), set()),
    "$SYS/broker/uptime": (set(), {"health"}),
}


class RoleClient(RecordingClient):
    """A client with the login of one role. `answers`: the reason code of each publish, by message id."""

    def __init__(self, port: int, login: tuple[str, str]) -> None:
        super().__init__(port, "#", "$SYS/#", login=login)
        self.answers: dict[int, Any] = {}
        self.paho.on_publish = lambda _c, _u, mid, reason, _p: self.answers.update({mid: reason.value})

    def may_say(self, topic: str, payload: str) -> bool:
        number = self.paho.publish(topic, payload, 1).mid
        return bool(until(lambda: number in self.answers) and self.answers[number] != NOT_AUTHORIZED)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    stack = copy_stack(tmp_path / "stack")
    set_up(stack)
    return stack


@pytest.fixture
def port(stack: Path, tmp_path: Path) -> Iterator[int]:
    with stack_broker(stack, tmp_path / "room") as port:
        yield port


def test_each_role_writes_and_reads_what_is_its_own_and_nothing_else(stack: Path, port: int) -> None:
    people = {role: RoleClient(port, (role, secret(stack, f"mqtt_{role}"))) for role in ROLES}
    for person in people.values():
        person.__enter__()
    try:
        written = {
            (topic, role)
            for topic in MATRIX
            for role, person in people.items()
            if person.may_say(topic, f"from {role}")
        }
        assert written == {(topic, role) for topic, (writers, _) in MATRIX.items() for role in writers}
        # Answers come in order: who has heard these has heard all that was said before.
        assert people[H].may_say("homeassistant/status", "end")
        assert people[G].may_say("claude_gauge/desk/availability", "end")
        for role in (G, H, D, V):
            until(lambda role=role: people[role].latest.get("claude_gauge/desk/availability") == b"end")
        until(lambda: "$SYS/broker/uptime" in people["health"].latest)
        heard = {(topic, role) for role, person in people.items() for topic in person.latest}
        assert heard == {(topic, role) for topic, (_, readers) in MATRIX.items() for role in readers}
        for topic, (writers, readers) in MATRIX.items():
            for role in readers & {G, H, D, V}:
                said = {bytes(m.payload).decode() for m in people[role].messages if m.topic == topic} - {"end"}
                assert said == {f"from {writer}" for writer in writers}, (topic, role)
    finally:
        for person in people.values():
            person.__exit__()


@pytest.mark.parametrize("login", [None, ("gauge", "wrong"), ("nobody", "x")])
def test_nobody_comes_in_without_the_password(port: int, login: tuple[str, str] | None) -> None:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    if login:
        client.username_pw_set(*login)
    answers: list[Any] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(reason)
    client.connect(HOST, port)
    client.loop_start()
    try:
        until(lambda: answers)
    finally:
        client.loop_stop()
    assert answers[0].value == NOT_AUTHORIZED


def test_what_is_retained_is_there_after_a_restart(stack: Path, tmp_path: Path) -> None:
    login = ("gauge", secret(stack, "mqtt_gauge"))
    with stack_broker(stack, tmp_path / "room") as port, RecordingClient(port, login=login) as gauge:
        gauge.publish("claude_gauge/desk/schema", b"1", retain=True)
    with stack_broker(stack, tmp_path / "room") as port, RecordingClient(port, login=login) as gauge:
        until(lambda: gauge.latest.get("claude_gauge/desk/schema") == b"1")
        assert gauge.messages[0].retain
