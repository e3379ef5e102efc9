"""What the quad driver's chip sees on its lines: the shell's own sources on the host, timer and all."""

import json
import subprocess
from pathlib import Path

from gauge_mqtt.contract.topics import DIALS

WITHIN_S = 120
FASTEST_US = 1_000_000 / 7200
"""600 degrees a second, twelve steps each: what the motor's maker says it follows."""


def test_steps_of_the_quad_driver_are_evenly_apart(firmware_build: Path) -> None:
    command = [str(firmware_build / "gauge_shell"), "12", "needles=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["steps"]
    assert sorted(lines) == sorted(DIALS)
    for line in lines.values():
        assert line["steps"] > 7000, "it was to find its stop, sweep, and follow its values"
        assert line["apart_us"] >= 1.75 * FASTEST_US
        assert line["high_us"] >= 60
        assert line["led_us"] >= 60
