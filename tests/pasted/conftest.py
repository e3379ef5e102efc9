"""One Home Assistant for all tests of what its users paste, with the device `desk` in it."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support import brokers
from tests.support.automations import Automation, imported, served
from tests.support.cluster_card import CARD
from tests.support.desk import IDS, DeskPublisher, at_work
from tests.support.ha_install import LAST_YEAR, NEWEST, CannotInstallError, Installation, Release, installed
from tests.support.homeassistant import HomeAssistant
from tests.support.waiting import until

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
    broker = brokers.MosquittoProcess(tmp_path_factory.mktemp("broker")).start()
    yield broker.port
    broker.kill()


@pytest.fixture(scope="session")
def ha(installation: Installation, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    with HomeAssistant(installation, tmp_path_factory.mktemp("home-assistant"), port) as ha:
        ha.configure(YAML)
        (ha.config / "automations.yaml").write_text("[]\n")
        (ha.config / "www").mkdir()  # seen at the start only
        shutil.copy(CARD, ha.config / "www")
        ha.start()
        yield ha


@pytest.fixture
def desk(ha: HomeAssistant, port: int) -> Iterator[DeskPublisher]:
    """At work, and known to Home Assistant."""
    with DeskPublisher(port) as desk:
        desk.announce()
        desk.show(at_work())
        until(lambda: ha.state(IDS["rate_1m"]) == "5200")
        yield desk


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def automation(ha: HomeAssistant, address: str) -> Iterator[Callable[..., Automation]]:
    """Makes one of the blueprint of that name, with these inputs."""
    made: list[Automation] = []

    def make(name: str, **inputs: Any) -> Automation:
        imported(ha, address, name)
        made.append(Automation(ha, name, inputs))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture(autouse=True)
def _no_complaint(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test and its fixtures do, Home Assistant has nothing to say against it."""
    ha = request.getfixturevalue("ha") if "ha" in request.fixturenames else None
    yield
    assert ha is None or ha.complaints() == []
