"""The doctor: a verdict, a fact and a remedy for each step on the way of the data."""

import re
import resource
import socket
import threading
from pathlib import Path

import pytest

import gauge_mqtt
from gauge_mqtt.app.checks import EXAMPLES, TRIAL
from gauge_mqtt.app.settings import NAMES, short_host_name
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.sinks.mqtt.words import MqttError
from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.prometheus.api import PromError
from tests.support import brokers
from tests.support.program import Daemon, gauge, write_log


def test_doctor_without_logs_finds_a_fault_with_a_remedy() -> None:
    result = gauge("doctor", CLAUDE_GAUGE_MQTT_URL=f"mqtt://127.0.0.1:{brokers.free_port()}")
    assert result.exit_code == 3
    verdicts = {row.split(":")[0]: row for row in result.stdout.splitlines()}
    assert f"{Path.home()}/.claude/projects" in verdicts["fault logs"]
    assert "connection refused" in verdicts["fault broker"]
    assert result.stdout.count("fix: export ") >= 2


def test_a_fault_of_the_logs_is_told_once() -> None:
    for verb in ("doctor", "once"):
        result = gauge(verb, "--http-port=0", "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}")
        assert result.output.count(f"{Path.home()}/.claude/projects") == 1


@pytest.mark.parametrize("place", ["/proc/1/x", "/dev/null", "/dev/null/x"])
def test_doctor_tells_of_a_place_that_keeps_nothing(place: str) -> None:
    given = ("--http-port=0", "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}")
    page = gauge("doctor", "--state-dir", place, *given).stdout
    assert f"note  state: {place} cannot be written (" in page
    assert "): each start reads the logs anew" in page
    assert "fix: export CLAUDE_GAUGE_STATE_DIR=" in page
    assert f"ok    state: {Path.home()}/.local/state/gauge-mqtt" in gauge("doctor", *given).stdout


def test_doctor_tells_of_a_place_that_is_full() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    given = ("--http-port=0", "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (TRIAL - 1, hard))
    try:
        page = gauge("doctor", *given).stdout
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "gauge-mqtt cannot be written (File too large): each start reads the logs anew" in page
    assert not [*Path.home().rglob("*tmp*")]


def test_every_error_that_points_to_a_setting_has_an_example_of_it() -> None:
    kinds: list[type[GaugeError]] = [MqttError, PromError, CcusageError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.setting for kind in kinds} <= set(EXAMPLES) <= set(NAMES)
    house = Path(gauge_mqtt.__file__).parent
    named = {name for path in house.rglob("*.py") for name in re.findall(r'\bsetting=.*?"(\w+)"', path.read_text())}
    assert {"prom_selector", "prom_ca_file", "ccusage_timeout"} <= named <= set(EXAMPLES)


def test_doctor_on_an_empty_directory_and_on_logs(mosquitto: brokers.Mosquitto) -> None:
    mosquitto.start()
    url = {"CLAUDE_GAUGE_MQTT_URL": f"mqtt://127.0.0.1:{mosquitto.port}", "CLAUDE_GAUGE_HTTP_PORT": "0"}
    project = Path.home() / ".claude/projects/p"
    project.mkdir(parents=True)
    empty = gauge("doctor", **url)
    assert empty.exit_code == 0
    assert "note  logs: no session in" in empty.stdout
    write_log()
    full = gauge("doctor", **url, CLAUDE_GAUGE_5H_CEILING="86240", CLAUDE_GAUGE_7D_CEILING="86240")
    assert full.exit_code == 0
    assert "ok    logs: 1 sessions" in full.stdout
    assert "5 h 43,120 tokens" in full.stdout
    assert "ok    5h_ceiling: 86,240 tokens, 50.0% used" in full.stdout
    assert "(MQTT 5)" in full.stdout
    history = {"CLAUDE_GAUGE_5H_CEILING": "history", "CLAUDE_GAUGE_7D_CEILING": "history"}
    first = gauge("doctor", **url, **history)
    assert first.exit_code == 0
    assert "note  5h_ceiling: history: no finished block known yet" in first.stdout
    assert "note  7d_ceiling: history: no seven whole days known yet" in first.stdout
    write_log(name="old", tokens=86_240, age_s=8 * 3600)
    later = gauge("doctor", **url, **history).stdout
    assert (
        "ok    5h_ceiling: history: 86,240 tokens, your largest finished block in the last 30 days, 50.0% used" in later
    )
    low = gauge("doctor", **url, CLAUDE_GAUGE_5H_CEILING="1000")
    assert low.exit_code == 3
    assert "fault 5h_ceiling: 1,000 is less than the 43,120 already used" in low.stdout


def test_doctor_knows_its_own_port_from_a_stranger(mosquitto: brokers.Mosquitto) -> None:
    mosquitto.start()  # it does not speak HTTP
    result = gauge(
        "doctor", "--http-port", str(mosquitto.port), CLAUDE_GAUGE_MQTT_URL=f"mqtt://127.0.0.1:{mosquitto.port}"
    )
    assert result.exit_code == 3
    assert f"fault http: 127.0.0.1:{mosquitto.port} belongs to another program" in result.stdout


def test_doctor_meets_a_program_that_speaks_something_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def greet() -> None:
            with other.accept()[0] as client:
                client.sendall(b"SSH-2.0-nobody\r\n")
                client.recv(1000)

        greeting = threading.Thread(target=greet)
        greeting.start()
        result = gauge("doctor", "--http-port", str(port), "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}")
        greeting.join()
    assert f"fault http: 127.0.0.1:{port} belongs to another program" in result.stdout


@pytest.mark.parametrize(
    ("host", "words", "fix"),
    [
        ("192.0.2.1", "no address of this machine: Cannot assign requested address", "CLAUDE_GAUGE_HTTP_HOST=127"),
        ("nowhere.invalid", "no address of this machine: ", "CLAUDE_GAUGE_HTTP_HOST=127"),
    ],
)
def test_doctor_knows_where_nobody_can_listen(host: str, words: str, fix: str) -> None:
    page = gauge("doctor", "--http-host", host, "--mqtt-url", f"mqtt://127.0.0.1:{brokers.free_port()}").stdout
    assert f"fault http: {host}:8080 is {words}" in page
    assert f"fix: export {fix}" in page


def test_doctor_finds_a_publisher_that_listens_on_every_address() -> None:
    write_log()
    port = str(brokers.free_port())
    with Daemon("--http-host=0.0.0.0", "--http-port", port, "--mqtt-url", "mqtt://127.0.0.1:1") as daemon:
        daemon.wait_for_log("HTTP: http")
        page = gauge("doctor", "--http-host=0.0.0.0", "--http-port", port, "--mqtt-url", "mqtt://127.0.0.1:1").stdout
    assert f"ok    http: http://127.0.0.1:{port}/usage is served by lab" in page


def test_doctor_names_what_is_left_under_a_former_name(mosquitto: brokers.Mosquitto) -> None:
    mosquitto.start()
    here = short_host_name().lower()
    with brokers.RecordingClient(mosquitto.port) as client:
        for name, state in ((f"{here}_fritz_box", b"offline"), (f"{here}_local", b"online"), ("other", b"offline")):
            client.publish(f"claude_gauge/{name}/availability", state, retain=True)
    given = ("doctor", "--http-port=0", "--mqtt-url", f"mqtt://127.0.0.1:{mosquitto.port}")
    page = gauge(*given).stdout
    assert page.count("former name") == 1
    assert f"note  former name: {here}_fritz_box is on the broker and offline" in page
    assert f"fix: gauge-mqtt discovery clear --instance {here}_fritz_box" in page
    assert "former name" not in gauge(*given, "--instance", here).stdout, "who has named it knows its name"


def test_doctor_names_the_right_that_is_missing(mosquitto: brokers.Mosquitto, tmp_path: Path) -> None:
    acl = tmp_path / "broker/acl"
    doctor = {"CLAUDE_GAUGE_MQTT_URL": f"mqtt://127.0.0.1:{mosquitto.port}", "CLAUDE_GAUGE_INSTANCE": "lab"}
    for rules, verdict, said in (
        ("topic write claude_gauge/lab/#\n", "note", "may not read claude_gauge/lab/#"),
        ("topic read claude_gauge/lab/#\n", "fault", "may not write claude_gauge/lab/#"),
        ("topic readwrite claude_gauge/lab/#\n", "note", ""),
    ):
        acl.write_text(rules)
        mosquitto.start("allow_anonymous true", f"acl_file {mosquitto.folder}/acl")
        rights = [row for row in gauge("doctor", **doctor).stdout.splitlines() if " rights: " in row]
        assert [said in row and row.startswith(verdict) for row in rights] == [True] * bool(said)
        mosquitto.kill()
