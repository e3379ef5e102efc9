"""The publisher goes, in every way it can, and comes back."""

import signal

import pytest

from tests.support.e2e import NewPublisher, Publisher
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

WILL_S = 45.0
"""A broker gives a silent client up after one and a half keepalives, and looks only now and then."""


@pytest.fixture
def one(ha: HomeAssistant, publisher: NewPublisher) -> Publisher:
    one = publisher()
    one.work(ago_s=600)
    one.start()
    becomes(lambda: seen(ha, one), ("43120", "on"))
    return one


def seen(ha: HomeAssistant, one: Publisher) -> tuple[str | None, str | None]:
    return ha.state(one.entity("Tokens 7d")), ha.state(one.entity("Publisher", "binary_sensor"))


def unavailable(ha: HomeAssistant, one: Publisher) -> set[str]:
    """The keys that say so."""
    return {key for key, entity in ha.entities(one.node).items() if entity.state == "unavailable"}


def test_a_publisher_that_leaves_is_unavailable_at_once_and_back_at_once(ha: HomeAssistant, one: Publisher) -> None:
    enabled = {key for key, entity in ha.entities(one.node).items() if entity.state is not None}
    one.end(signal.SIGTERM)
    becomes(lambda: seen(ha, one), ("unavailable", "off"))
    assert unavailable(ha, one) == enabled - {"publisher"}
    one.start()
    becomes(lambda: seen(ha, one), ("43120", "on"))
    becomes(lambda: unavailable(ha, one), set())


def test_a_publisher_that_is_killed_is_unavailable_by_its_will(ha: HomeAssistant, one: Publisher) -> None:
    one.end(signal.SIGKILL)
    becomes(lambda: seen(ha, one), ("unavailable", "off"))


@pytest.mark.usefixtures("newest")
def test_a_publisher_that_hangs_is_unavailable_and_recovers(ha: HomeAssistant, one: Publisher) -> None:
    one.send(signal.SIGSTOP)
    becomes(lambda: seen(ha, one), ("unavailable", "off"), within=WILL_S)
    one.send(signal.SIGCONT)
    becomes(lambda: seen(ha, one), ("43120", "on"))
