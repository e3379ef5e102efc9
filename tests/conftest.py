"""What all tests share: a home of their own, a broker, and the firmware built for this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import brokers
from tests.support.firmware_build import firmware_build, gauge_sim

__all__ = ["firmware_build", "gauge_sim"]  # fixtures


# How long an example takes is the machine's matter: other tests run beside it.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """A shell starts what it runs in the background with SIGINT ignored; the programs under test would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    return f"real MQTT broker: {brokers.kind()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those who want a Home Assistant are told apart by what they ask for."""
    for item in items:
        if {"ha", "installation"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("homeassistant")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, log or file of the person who runs the tests; only what was downloaded once is theirs."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    for name in os.environ:
        if name.startswith(("CLAUDE_GAUGE_", "CLAUDE_CONFIG_DIR", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    path = os.environ["PATH"].split(os.pathsep)  # `auto` takes a ccusage that it finds
    monkeypatch.setenv("PATH", os.pathsep.join(folder for folder in path if not Path(folder, "ccusage").exists()))


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[brokers.Mosquitto]:
    """A real broker, not started yet: `mosquitto.start(*lines_of_its_configuration)`."""
    room = tmp_path / "broker"
    room.mkdir()
    if brokers.engine() is not None:
        broker: brokers.Mosquitto = brokers.MosquittoContainer(room)
    elif brokers.mosquitto():
        broker = brokers.MosquittoProcess(room)
    else:
        pytest.skip("neither a Docker engine with eclipse-mosquitto:2 nor a mosquitto here")
    yield broker
    broker.thaw()
    broker.kill()
