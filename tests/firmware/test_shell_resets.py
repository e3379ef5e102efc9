"""After a reset by which a needle may have moved it looks for its stop: the shell's own sources, reset and started."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from gauge_mqtt.contract.topics import DIALS

WITHIN_S = 120
STUB = Path(__file__).parents[2] / "firmware/test/stubs/esp_system.h"
REASONS = re.findall(r"^  (ESP_RST_\w+),", STUB.read_text(), re.MULTILINE)
DRIVEN = {"ESP_RST_SW", "ESP_RST_PANIC"}
"""The processors start anew and the pins go on as they were driven (ESP-IDF, `esp_restart`)."""
FLOATING = sorted(set(REASONS) - DRIVEN - {"ESP_RST_BROWNOUT"})
HALF_DEG, STEPS_PER_DEG = 144, 12
SECONDS = "9"

Steps = dict[str, dict[str, int]]


def start(build: Path, memory: Path, reason: str) -> Steps:
    """Steps of each dial, and when the first came, in a start with `reason`; the needles show half a scale."""
    words = ["needles=still", f"chip.rtc={memory}", f"chip.reset={REASONS.index(reason)}"]
    command = [str(build / "gauge_shell"), SECONDS, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    steps: Steps = json.loads(done.stdout)["steps"]
    return steps


@pytest.fixture(scope="module")
def left(firmware_build: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What memory keeps of needles that were found after power-on and stand at half a scale."""
    memory = tmp_path_factory.mktemp("chip") / "rtc"
    steps = start(firmware_build, memory, "ESP_RST_POWERON")
    assert sorted(steps) == sorted(DIALS)
    assert all(line["steps"] > 3780 for line in steps.values()), "more than a whole scale: nobody knew where they stood"
    return memory.read_bytes()


@pytest.fixture
def memory(left: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "rtc"
    path.write_bytes(left)
    return path


@pytest.mark.parametrize("reason", sorted(DRIVEN))
def test_after_a_reset_that_left_the_lines_driven_nothing_moves(
    firmware_build: Path, memory: Path, reason: str
) -> None:
    steps = start(firmware_build, memory, reason)
    assert {dial: line["steps"] for dial, line in steps.items()} == dict.fromkeys(DIALS, 0)


@pytest.mark.parametrize("reason", FLOATING)
def test_after_a_reset_that_let_the_lines_float_all_needles_look_for_their_stops(
    firmware_build: Path, memory: Path, reason: str
) -> None:
    steps = start(firmware_build, memory, reason)
    assert sorted(steps) == sorted(DIALS)
    assert all(line["steps"] > 2 * HALF_DEG * STEPS_PER_DEG for line in steps.values()), "down to the stop and back"
    first = [line["first_us"] for line in steps.values()]
    assert max(first) - min(first) < 100_000


def test_after_a_brown_out_they_do_so_one_by_one(firmware_build: Path, memory: Path) -> None:
    steps = start(firmware_build, memory, "ESP_RST_BROWNOUT")
    assert all(line["steps"] > 2 * HALF_DEG * STEPS_PER_DEG for line in steps.values())
    first = [steps[dial]["first_us"] for dial in DIALS]
    assert first[1] - first[0] > 400_000
    assert first[2] - first[1] > 400_000
