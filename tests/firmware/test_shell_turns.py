"""What the ESP32's own sources do when something changes under way, on the host and in a time of their own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

WITHIN_S = 120
OK, UNAUTHORIZED = 200, 401


def after(firmware_build: Path, seconds: int, *words: str) -> dict[str, Any]:
    command = [str(firmware_build / "gauge_shell"), str(seconds), *words]
    done = subprocess.run(command, capture_output=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr  # the serial line, which is not text alone
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def typed(second: int, line: str) -> str:
    return f"serial.{second}={line.encode().hex()}0a"


def network_wanted(second: int, name: bytes, password: bytes) -> str:
    """Improv's packet with a network."""
    texts = bytes([len(name)]) + name + bytes([len(password)]) + password
    command = b"\x01" + bytes([len(texts)]) + texts
    packet = b"IMPROV\x01\x03" + bytes([len(command)]) + command
    return f"serial.{second}={packet.hex()}{sum(packet) % 256:02x}"


def test_a_network_that_was_saved_on_trial_is_not_kept(firmware_build: Path) -> None:
    """The radio of this world never leaves its network, so the trial fails."""
    words = ["wifi_password=correct horse", network_wanted(2, b"wrong", b"secret77"), typed(5, "set brightness 77")]
    on_trial = after(firmware_build, 20, *words)["kept"]
    assert on_trial == {"wifi_ssid": "wrong", "wifi_password": "secret77", "brightness": 77}
    kept = after(firmware_build, 60, *words)["kept"]
    assert kept == {"wifi_ssid": "home", "wifi_password": "correct horse", "brightness": 77}


def test_a_search_that_cannot_begin_is_tried_each_second_until_it_does(firmware_build: Path) -> None:
    assert after(firmware_build, 30)["searches"] == {"asked": 1, "begun": 1}
    late = after(firmware_build, 30, "radio.busy_ms=5500")["searches"]
    assert late["begun"] == 1
    assert 5 <= late["asked"] <= 7


def test_another_address_of_the_publisher_counts_at_once(firmware_build: Path) -> None:
    first = "http_url=http://desk:8080/usage"
    usage = after(firmware_build, 60, first)["usage"]
    assert (usage["lookups"], usage["calls"]) == (1, 1)
    usage = after(firmware_build, 60, first, typed(20, "set http_url http://other:8080/usage"))["usage"]
    assert (usage["lookups"], usage["calls"]) == (2, 2)


MONTH_MS, BEFORE_THE_WRAP_MS = 30 * 86_400_000, 2**32 - 20_000


@pytest.mark.parametrize("clock_ms", [MONTH_MS, BEFORE_THE_WRAP_MS])
@pytest.mark.parametrize(
    ("words", "link"),
    [(["http_url=http://desk:8080/usage"], "live"), (["broker_host=broker", "instance=desk"], "publisher_offline")],
)
def test_how_long_it_has_been_on_is_no_matter(firmware_build: Path, clock_ms: int, words: list[str], link: str) -> None:
    """The clock of the chip is signed after 24.8 days, so to speak, and begins anew after 49.7."""
    assert after(firmware_build, 60, *words, f"chip.clock_ms={clock_ms}")["link"] == link


def test_once_the_set_up_network_is_closed_nobody_passes_for_one_on_it(firmware_build: Path) -> None:
    """A connection that is broken off has no address any more, and the network that is closed has none either."""
    assert after(firmware_build, 60)["stranger_got"] == OK
    assert after(firmware_build, 16 * 60)["stranger_got"] == UNAUTHORIZED
