"""The needle side on an emulated ESP32: each angle, lamp and pin write is the host's, each vector is shown.

GAUGE_EMULATED_WALK_MS=60000 walks for a minute of the device's time, from power-on; that takes several minutes.
"""

import json
import os
from pathlib import Path

import pytest

from gauge_mqtt.contract.dials import STEPS_PER_DEGREE
from gauge_mqtt.contract.topics import DIALS
from gauge_mqtt.contract.usage import LAMPS
from tests.support.emulated_esp32 import (
    DRIVERS,
    for_the_chip,
    frames,
    on_the_chip,
    on_the_host,
    vectors,
    write_messages,
)

WALK_MS = int(os.environ.get("GAUGE_EMULATED_WALK_MS", "700"))
SHORT_MS = 5000


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_emulated_chip_does_what_the_host_does(tmp_path: Path, driver: str) -> None:
    write_messages(tmp_path, WALK_MS, from_power_on=WALK_MS > SHORT_MS)
    here, there = on_the_host(tmp_path, driver), on_the_chip(for_the_chip(tmp_path, driver))
    first, *said = there.splitlines()
    assert first == "char 255 long 4"
    assert said == here.splitlines()[1:]
    assert said[-2:] == ["not driven 0", "DONE"]
    walked = [line for line in said if line.startswith("walk ")]
    assert len(walked) == WALK_MS // 100
    assert len(set(walked)) == len(walked), "it was to move"

    lost = [line.split()[1:] for line in said if line.startswith("lost ")]
    counted = [["no_wifi", "1"], ["no_broker", "2"], ["publisher_offline", "3"], ["stale", "3"], ["live", "3"]]
    assert lost == counted
    diag = json.loads(next(line for line in said if line.startswith("diag ")).removeprefix("diag "))
    assert (diag["no_wifi_s"], diag["no_broker_s"], diag["live_s"], diag["dropped"]) == (61, 1000, 45, 4_000_000_000)
    assert diag["heap_min"] is None, "it has no heap"

    shown = {frame.what: frame for frame in frames(there)}
    assert shown.keys() == vectors().keys()
    for name, vector in vectors().items():
        frame = vector["frame"]
        for dial, angle in zip(DIALS, shown[name].angles, strict=True):
            assert angle / 1000 == pytest.approx(frame["motor_deg"][dial], abs=1 / STEPS_PER_DEGREE + 0.001), name
        assert [bool(shown[name].mask >> bit & 1) for bit in range(len(LAMPS))] == [
            frame["lamps"][lamp] for lamp in LAMPS
        ], name
