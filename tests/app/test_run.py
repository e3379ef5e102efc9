"""`gauge-mqtt run` as a process: how it starts, how it ends, and what it says meanwhile."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import brokers
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.program import TOKENS, Daemon, url, write_log
from tests.support.waiting import until

AVAILABILITY = "claude_gauge/lab/availability"
WEEK_TOKENS = "claude_gauge/lab/window_7d_tokens"
GOODBYE_S = 2.0
SECRET = "hunter2-swordfish"  # noqa: S105, nobody's
HERE = Path(__file__).parent
LONG_FAREWELL = """
from gauge_mqtt.app import leaving
from gauge_mqtt.sinks.mqtt import sink
leaving.LEAVE_S = sink.FAREWELL_S = 600
"""
"""Longer than a test waits: it ends because of the second signal, or not at all."""
SLOW_READING = """
import contextlib, time
from gauge_mqtt.app import cli
cli.progress = lambda: contextlib.nullcontext(lambda done, todo: time.sleep(0.1))
"""
"""A tenth of a second more for each slice of a history: for 40 MB more than ten."""


BigHistory = Callable[[int, int], int]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_publishes_offline_and_ends_within_two_seconds(mosquitto: Mosquitto, number: signal.Signals) -> None:
    mosquitto.start()
    write_log()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
        until(lambda: client.latest.get(AVAILABILITY) == b"online")
        daemon.get("/usage")
        code, seconds = daemon.end(number)
        assert code == 0
        assert seconds < GOODBYE_S
        assert "Traceback" not in daemon.log
        until(lambda: client.latest[AVAILABILITY] == b"offline")
    assert brokers.retained_on(mosquitto.port)[AVAILABILITY] == b"offline"


def test_a_kill_leaves_it_to_the_will(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get(AVAILABILITY) == b"online")
        daemon.child.kill()
        until(lambda: client.latest[AVAILABILITY] == b"offline")
    assert brokers.retained_on(mosquitto.port)[AVAILABILITY] == b"offline"


def test_a_signal_ends_it_in_the_middle_of_a_large_history(mosquitto: Mosquitto, big_history: BigHistory) -> None:
    mosquitto.start()
    big_history(40, 1)
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), changed=SLOW_READING) as daemon,
    ):
        until(lambda: client.latest.get(AVAILABILITY) == b"online" and WEEK_TOKENS in client.latest)
        code, seconds = daemon.end()
        assert client.latest[WEEK_TOKENS] == b"None", "the history was read before the signal came"
    assert code == 0
    assert seconds < GOODBYE_S
    assert brokers.retained_on(mosquitto.port)[AVAILABILITY] == b"offline"


def test_a_frozen_broker_does_not_hold_the_end_up(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get(AVAILABILITY) == b"online")
        mosquitto.freeze()
        code, seconds = daemon.end()
        mosquitto.thaw()
    assert code == 0
    assert seconds < GOODBYE_S


def test_a_second_ctrl_c_ends_it_at_once(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), changed=LONG_FAREWELL) as daemon,
    ):
        until(lambda: client.latest.get(AVAILABILITY) == b"online")
        mosquitto.freeze()  # so that it has something to wait for
        daemon.child.send_signal(signal.SIGINT)
        daemon.wait_for_log("SIGINT: leaving")
        code, _ = daemon.end(signal.SIGINT)
        mosquitto.thaw()
        assert code == -signal.SIGINT
        assert "Traceback" not in daemon.log
        until(lambda: client.latest[AVAILABILITY] == b"offline")


def test_no_broker_at_the_start_is_no_reason_not_to_serve() -> None:
    write_log()
    address = f"mqtt://127.0.0.1:{brokers.free_port()}"
    with Daemon("--mqtt-url", address) as daemon:
        until(lambda: daemon.usage().get("window_7d_tokens") == TOKENS)
        health = daemon.get("/healthz")
        assert health.status_code == 503
        assert "connection refused" in health.json()["mqtt"]["detail"]
        code, seconds = daemon.end()
        assert code == 0
        assert seconds < GOODBYE_S


def test_a_taken_http_port_is_told_and_mqtt_goes_on(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with socket.create_server(("127.0.0.1", 0)) as other, RecordingClient(mosquitto.port) as client:
        port = str(other.getsockname()[1])
        with Daemon("--mqtt-url", url(mosquitto), "--http-port", port) as daemon:
            daemon.wait_for_log(f"cannot listen on 127.0.0.1:{port}: another program has that port")
            daemon.wait_for_log("set CLAUDE_GAUGE_HTTP_PORT")
            until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
            assert daemon.child.poll() is None


def test_logs_that_appear_later_are_found(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        daemon.wait_for_log("no Claude Code log directory: looked for")
        state = daemon.get("/healthz").json()["sources"]["jsonl"]
        assert (state["ok"], state["age_s"]) == (False, None)
        assert "set CLAUDE_CONFIG_DIR" in state["detail"]
        until(lambda: client.latest.get("claude_gauge/lab/rate_1m") == b"None")
        write_log()
        daemon.wait_for_log("Claude Code logs are read again in")
        until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
        assert daemon.get("/healthz").status_code == 200


def test_no_secret_is_in_argv_in_the_log_or_on_any_page(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    given = {"CLAUDE_GAUGE_MQTT_USERNAME": "desk", "CLAUDE_GAUGE_MQTT_PASSWORD": SECRET}
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), verbose=True, **given) as daemon,
    ):
        until(lambda: client.latest.get(AVAILABILITY) == b"online")
        argv = Path(f"/proc/{daemon.child.pid}/cmdline")
        if argv.exists():
            assert SECRET.encode() not in argv.read_bytes()
        for path in ("/usage", "/healthz", "/metrics"):
            assert SECRET not in daemon.get(path).text
        daemon.end()
        assert SECRET not in daemon.log
        assert not [topic for topic, payload in client.latest.items() if SECRET.encode() in payload]


def test_no_path_or_text_of_a_session_leaves_the_machine(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    write_log()
    with RecordingClient(mosquitto.port) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get(WEEK_TOKENS) == b"43120")
        told = b" ".join(client.latest.values()) + daemon.get("/usage").content + daemon.get("/metrics").content
    for private in (b"home-user-project", b"/home/user", b"11111111-1111-4111", str(Path.home()).encode()):
        assert private not in told


def test_the_embedded_broker_in_a_network_of_its_own() -> None:
    """Port 1883 of this machine may be taken, and other tests believe that nobody listens there."""
    network = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    network += ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*network, "true"], check=False).returncode:
        pytest.skip("no network of its own can be had here")
    command = [*network, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(HERE / "embedded.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_demo_says_so_everywhere(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    with (
        RecordingClient(mosquitto.port) as client,
        Daemon("--mqtt-url", url(mosquitto), "--source", "demo") as daemon,
    ):
        until(lambda: client.latest.get("claude_gauge/lab/source") == b"demo")
        assert daemon.get("/usage").json()["source"] == "demo"
        assert 'source="demo"' in daemon.get("/metrics").text
        assert "no full mark" not in daemon.log
