"""Wi-Fi settings over USB: the device's Improv against the library that the installing page sends them with."""

import json
import subprocess
from pathlib import Path

from tests.support.npm import installed

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "firmware/docs/web"
WITHIN_S = 90


def test_the_page_sets_up_wifi_over_the_serial_line(firmware_build: Path) -> None:
    sdk = installed(WEB, "esp-web-tools") / "improv-wifi-serial-sdk"
    command = ["node", HERE / "improv_client.mjs", sdk, firmware_build / "gauge_improv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said.pop("info") == {
        "firmware": "claude-gauge",
        "version": "1.2.3",
        "chipFamily": "ESP32",
        "name": "claude-gauge-d4e5f6",
        "osName": None,
        "osVersion": None,
    }
    ready, provisioned = 2, 4
    assert said == {
        "before": ready,
        "networks": [
            {"name": "Café", "rssi": -80, "secured": False},
            {"name": "My net", "rssi": -61, "secured": True},
        ],
        "refused": "UNABLE_TO_CONNECT",
        "after_refusal": ready,
        "after": provisioned,
        "url": "http://10.0.0.7/",
        "asked_again": [provisioned, "http://10.0.0.7/"],
        "unknown": "UNKNOWN_RPC_COMMAND",
        "complaints": [],
    }
