"""The ESP32's own sources on the host, in a time of their own: whoever is away or slow out there, nobody waits."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

WITHIN_S = 120
RUN_S = 60
BROKER = "broker_host=broker"
USAGE = "http_url=http://desk:8080/usage"
UNKNOWN = "{0}.known=0 {0}.lookup_ms=15000"

AWAY = {
    "host off": "broker.tcp_ms=9000",
    "nobody listens": "broker.listens=0",
    "a name that nobody knows": UNKNOWN.format("broker"),
    "no answer to CONNECT": "broker.first_byte_ms=60000",
    "an answer byte by byte": "broker.first_byte_ms=2900 broker.byte_ms=2900",
    "no room for CONNECT": "broker.deaf_after=0",
    "each write takes nearly too long": "broker.write_ms=9900",
    "neither name is known": f"{USAGE} {UNKNOWN.format('broker')} {UNKNOWN.format('usage')}",
    "host off, and the publisher's too": f"{USAGE} broker.tcp_ms=9000 usage.tcp_ms=9000",
    "host off, and a publisher that answers byte by byte": f"{USAGE} broker.tcp_ms=9000 usage.byte_ms=900",
    "host off, and a publisher that says nothing": f"{USAGE} broker.tcp_ms=9000 usage.first_byte_ms=60000",
}


def measured(firmware_build: Path, words: str, seconds: int = RUN_S) -> dict[str, Any]:
    command = [str(firmware_build / "gauge_shell"), str(seconds), BROKER, "instance=desk", *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def assert_the_watchdog_sleeps(seen: dict[str, Any]) -> None:
    """No task was longer without feeding it than its calls add up to, and those stay below what it bears."""
    limits = {"network": seen["poll_ms"], "broker": seen["broker_ms"], "usage": seen["usage_ms"]}
    for task, measures in seen["tasks"].items():
        most = max(limits[task], 0 if task == "network" else seen["resolve_ms"])
        assert measures["unfed_ms"] <= most + 10, (task, seen)
        assert most < seen["watchdog_ms"]


@pytest.mark.parametrize("words", AWAY.values(), ids=AWAY)
def test_while_the_broker_is_away_the_task_is_free_and_the_portal_answers(firmware_build: Path, words: str) -> None:
    seen = measured(firmware_build, words)
    assert seen["link"] == "no_broker", "it was to be away"
    assert seen["tasks"]["network"]["free"] >= 0.5
    assert seen["portal_ms"] < 1000
    assert seen["broker"]["lookups"] + seen["broker"]["calls"] >= 3, "it is tried for ever"
    assert_the_watchdog_sleeps(seen)


def test_an_address_once_found_is_tried_again_without_asking_for_its_name(firmware_build: Path) -> None:
    seen = measured(firmware_build, "broker.listens=0", 120)
    assert seen["broker"]["calls"] > 3 * seen["broker"]["lookups"] > 0


def test_a_publisher_is_asked_each_second_while_the_brokers_name_is_looked_up(firmware_build: Path) -> None:
    seen = measured(firmware_build, f"{USAGE} {UNKNOWN.format('broker')}", 100)
    assert seen["link"] == "live"


def test_a_broker_that_is_there_costs_one_look_up(firmware_build: Path) -> None:
    seen = measured(firmware_build, "")
    assert seen["link"] == "publisher_offline"
    assert (seen["broker"]["lookups"], seen["broker"]["calls"]) == (1, 1)
    assert seen["tasks"]["network"]["free"] > 0.95


def assert_it_was_left_and_nobody_waited(seen: dict[str, Any]) -> None:
    assert seen["broker"]["calls"] >= 2, "it was to be left, and tried again"
    assert seen["portal_ms"] < 1000
    assert seen["tasks"]["network"]["free"] >= 0.9
    assert_the_watchdog_sleeps(seen)


@pytest.mark.parametrize("packets", [8, 14, 36])
def test_a_broker_that_stops_reading_is_waited_for_by_nobody(firmware_build: Path, packets: int) -> None:
    """In the middle of the discovery message, or when all was said that a connect is for."""
    seen = measured(firmware_build, f"broker.deaf_after={packets}", 150)
    assert seen["tasks"]["network"]["unfed_ms"] < 100
    assert_it_was_left_and_nobody_waited(seen)


@pytest.mark.parametrize("packets", [3, 8, 30])
def test_a_write_that_finds_no_room_is_given_up_within_its_bound(firmware_build: Path, packets: int) -> None:
    """Though the socket had seemed to have some."""
    seen = measured(firmware_build, f"broker.full_after={packets}")
    assert seen["write_ms"] <= seen["tasks"]["network"]["unfed_ms"] <= seen["write_ms"] + 50
    assert_it_was_left_and_nobody_waited(seen)


def test_many_writes_that_wait_a_little_each_wait_no_longer_than_one(firmware_build: Path) -> None:
    seen = measured(firmware_build, "broker.write_ms=200")
    assert seen["broker"]["packets"] > 3, "it was to get some"
    assert seen["tasks"]["network"]["unfed_ms"] <= seen["write_ms"] + 50
    assert seen["portal_ms"] < 1000
    assert_the_watchdog_sleeps(seen)


def test_a_broker_that_dribbles_a_packet_is_waited_for_by_nobody(firmware_build: Path) -> None:
    """And left when its answer to a ping is overdue."""
    seen = measured(firmware_build, "broker.byte_ms=600", 150)
    assert seen["tasks"]["network"]["unfed_ms"] < 100
    assert_it_was_left_and_nobody_waited(seen)
