"""Run by `test_run.py` where port 1883 is free: the publisher without a broker of its owner's."""

import signal
import socket
from pathlib import Path

import pytest

from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.program import Daemon, write_log
from tests.support.waiting import until

AVAILABILITY = "claude_gauge/lab/availability"
WEEK_TOKENS = "claude_gauge/lab/window_7d_tokens"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_any_broker_one_runs_inside_until_the_end(number: signal.Signals) -> None:
    write_log()
    with Daemon() as daemon:
        daemon.wait_for_log("no broker is set and none is on localhost:1883, so one runs in here")
        with RecordingClient(MQTT_PORT, v311=True) as client:
            until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
            until(lambda: client.latest.get(AVAILABILITY) == b"online")
            assert daemon.get("/healthz").status_code == 200
            code, seconds = daemon.end(number)
            assert code == 0
            assert seconds < 2.0
            until(lambda: client.latest[AVAILABILITY] == b"offline")
        assert "Traceback" not in daemon.log


def test_it_listens_to_this_machine_alone() -> None:
    with Daemon() as daemon:
        daemon.wait_for_log("one runs in here")
        listening = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        found = [row[1] for row in listening if row[3] == "0A" and row[1].endswith(f":{MQTT_PORT:04X}")]
        assert found == [f"0100007F:{MQTT_PORT:04X}"]


def test_a_broker_that_is_there_is_used(mosquitto: Mosquitto) -> None:
    mosquitto.port = MQTT_PORT
    mosquitto.start()
    write_log()
    with Daemon() as daemon, RecordingClient(MQTT_PORT) as client:
        until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
        assert "one runs in here" not in daemon.log
        assert "MQTT 5" in daemon.log


def test_something_else_on_the_port_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", MQTT_PORT)), Daemon() as daemon:
        daemon.wait_for_log("mqtt://localhost:1883")
        daemon.get("/usage")
        assert daemon.child.poll() is None
