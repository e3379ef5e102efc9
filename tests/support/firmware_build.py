"""The host build of the firmware, made once a run: core, tests, fuzzers and simulator, with sanitizers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.cache import made_once

FIRMWARE = Path(__file__).parents[2] / "firmware"
BUILD_WITHIN_S = 3600
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

    def build(folder: Path) -> None:
        _cmake("-S", FIRMWARE, "-B", folder)
        _cmake("--build", folder, "-j2")

    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # what the workers of one run have in common
    return made_once(run / "firmware-build", build)


@pytest.fixture(scope="session")
def gauge_sim(firmware_build: Path) -> Path:
    return firmware_build / "gauge_sim"
