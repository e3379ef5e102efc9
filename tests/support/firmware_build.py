"""The host build of the firmware, made once: core, tests, fuzzers and simulator, with sanitizers."""

import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
BUILD_WITHIN_S = 600
NEEDED = ("cmake", "g++", "pkg-config")


def _cmake(*arguments: str | Path) -> None:
    done = subprocess.run(["cmake", *arguments], capture_output=True, text=True, timeout=BUILD_WITHIN_S, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def firmware_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with `gauge_tests`, `gauge_sim` and `fuzz_*`."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here; scripts/test installs them")
    folder = tmp_path_factory.mktemp("firmware")
    _cmake("-S", FIRMWARE, "-B", folder)
    _cmake("--build", folder, "-j2")
    return folder


@pytest.fixture(scope="session")
def gauge_sim(firmware_build: Path) -> Path:
    return firmware_build / "gauge_sim"
