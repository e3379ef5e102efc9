"""The broker restarts, without and with its memory. These come first: `test_old_values` waits for what they leave."""

from tests.support.e2e import BrokerLoss, NewPublisher, PersistentBroker, Publisher
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant

RECONNECT_S = 25.0
"""Home Assistant tries every ten seconds."""


def ids(ha: HomeAssistant, one: Publisher) -> dict[str, tuple[str, str]]:
    return {key: (entity.id, entity.registry["id"]) for key, entity in ha.entities(one.node).items()}


def test_after_a_restart_of_a_broker_that_forgets_all_is_as_before(ha: HomeAssistant, broker_loss: BrokerLoss) -> None:
    survivor = broker_loss.survivor
    survivor.work(tokens=1_000, ago_s=500)
    becomes(lambda: ha.state(survivor.entity("Tokens 7d")), "44120")
    states = {key: entity.state for key, entity in ha.entities(survivor.node).items()}
    assert states["publisher"] == "on"
    assert "unavailable" not in states.values()


def test_values_of_a_publisher_that_died_with_a_forgetful_broker_are_shown_once_more(
    ha: HomeAssistant, broker_loss: BrokerLoss
) -> None:
    """For a while: see `test_old_values`."""
    assert ha.state(broker_loss.killed.entity("Tokens 7d")) == "43120"


def test_after_a_restart_of_a_broker_that_remembers_all_is_as_before(
    ha: HomeAssistant, broker: PersistentBroker, publisher: NewPublisher
) -> None:
    living, dead = publisher(), publisher()
    for one in (living, dead):
        one.work(ago_s=600)
        one.start()
    tokens, of_the_dead = living.entity("Tokens 7d"), dead.entity("Tokens 7d")
    becomes(lambda: (ha.state(tokens), ha.state(of_the_dead)), ("43120", "43120"))
    dead.end()
    before = ids(ha, living)
    broker.shut_down()
    becomes(lambda: ha.state(tokens), "unavailable")
    broker.start()
    becomes(lambda: ha.state(tokens), "43120", within=RECONNECT_S)
    assert ha.state(of_the_dead) == "unavailable"
    living.work(tokens=1_000, ago_s=500)
    becomes(lambda: ha.state(tokens), "44120")
    assert ids(ha, living) == before
