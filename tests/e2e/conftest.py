"""One Home Assistant and one broker for all tests of a release, which run in the order of their files."""

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import brokers
from tests.support.cluster_card import CARD
from tests.support.e2e import BrokerLoss, NewPublisher, PersistentBroker, Publisher
from tests.support.ha_client import becomes
from tests.support.ha_install import LAST_YEAR, NEWEST, Release, installed
from tests.support.homeassistant import HomeAssistant

HERE = Path(__file__).parent


@pytest.fixture(scope="session", params=[NEWEST, LAST_YEAR], ids=lambda release: release.version)
def release(request: pytest.FixtureRequest) -> Release:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def newest(release: Release) -> None:
    """For what takes long and is not up to the release."""
    if release is not NEWEST:
        pytest.skip(f"seen on {NEWEST.version}")


@pytest.fixture(scope="session")
def broker(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PersistentBroker]:  # noqa: ARG001 (one each)
    if not brokers.mosquitto():
        pytest.skip("no mosquitto here")
    broker = PersistentBroker(tmp_path_factory.mktemp("broker")).start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def ha(release: Release, broker: PersistentBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    with HomeAssistant(installed(release), tmp_path_factory.mktemp("home-assistant"), broker.port) as ha:
        ha.configure((HERE / "house.yaml").read_text())
        shutil.copytree(HERE / "custom_components", ha.config / "custom_components")
        (ha.config / "www").mkdir()  # seen at the start only
        shutil.copy(CARD, ha.config / "www")
        ha.start()
        yield ha


@pytest.fixture(scope="session")
def broker_loss(
    ha: HomeAssistant, broker: PersistentBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerLoss]:
    """The broker died and came back empty: it had not written anything down yet. A publisher died meanwhile. Home
    Assistant is connected again.
    """
    lost, survivor = (Publisher(tmp_path_factory.mktemp(name), broker.port, name) for name in ("lost", "survivor"))
    for one in (lost, survivor):
        one.work(ago_s=600)
        one.start()
        becomes(lambda one=one: ha.state(one.entity("Tokens 7d")), "43120", within=25)  # type: ignore[misc]
    lost.send(signal.SIGSTOP)
    at = time.monotonic()
    broker.kill()
    lost.end(signal.SIGKILL)
    becomes(lambda: ha.state(lost.entity("Tokens 7d")), "unavailable")
    broker.start()
    becomes(lambda: ha.state(survivor.entity("Tokens 7d")), "43120", within=25)
    yield BrokerLoss(lost, survivor, at)
    survivor.end()


@pytest.fixture
def publisher(broker: PersistentBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewPublisher]:
    """Makes publishers, each with an instance name that no other test uses, unless it is given one."""
    made: list[Publisher] = []

    def make(instance: str = "", **environ: str) -> Publisher:
        name = instance or f"{request.node.originalname[5:25].rstrip('_')}-{len(made)}"
        made.append(Publisher(tmp_path / f"publisher{len(made)}", broker.port, name, **environ))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture(autouse=True)
def _no_complaint(ha: HomeAssistant) -> Iterator[None]:
    """Whatever a test and its fixtures do, Home Assistant has nothing to say against it."""
    yield
    assert ha.complaints() == []
