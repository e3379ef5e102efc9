"""One Home Assistant for all tests of what its users paste, with the device `desk` in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support import brokers
from tests.support.automations import Automation, imported, served
from tests.support.desk import IDS, Desk, at_work, eventually
from tests.support.ha_install import LAST_YEAR, NEWEST, CannotInstallError, Installation, Release, installed
from tests.support.homeassistant import HomeAssistant

YAML = """\
automation: !include automations.yaml
counter:
  runs:
input_text:
  message:
    max: 255
"""
"""Where automations are kept, and where a test sees what they did."""


@pytest.fixture(scope="session", params=[NEWEST, LAST_YEAR], ids=lambda release: release.version)
def installation(request: pytest.FixtureRequest) -> Installation:
    release: Release = request.param
    try:
        return installed(release)
    except CannotInstallError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def port(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:  # noqa: ARG001 (one each)
    if not brokers.mosquitto():
        pytest.skip("no mosquitto here")
    broker = brokers.Process(tmp_path_factory.mktemp("broker")).start()
    yield broker.port
    broker.kill()


@pytest.fixture(scope="session")
def house(installation: Installation, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    with HomeAssistant(installation, tmp_path_factory.mktemp("home-assistant"), port) as house:
        house.configure(YAML)
        (house.config / "automations.yaml").write_text("[]\n")
        house.start()
        yield house


@pytest.fixture
def desk(house: HomeAssistant, port: int) -> Iterator[Desk]:
    """At work, and known to Home Assistant."""
    with Desk(port) as desk:
        desk.announce()
        desk.say(at_work())
        eventually(lambda: house.state(IDS["rate_1m"]) == "5200")
        yield desk


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def automation(house: HomeAssistant, address: str) -> Iterator[Callable[..., Automation]]:
    """Makes one of the blueprint of that name, with these inputs."""
    made: list[Automation] = []

    def make(name: str, **inputs: Any) -> Automation:
        imported(house, address, name)
        made.append(Automation(house, name, inputs))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture(autouse=True)
def _no_complaint(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test and its fixtures do, Home Assistant has nothing to say against it."""
    house = request.getfixturevalue("house") if "house" in request.fixturenames else None
    yield
    assert house is None or house.complaints() == []
