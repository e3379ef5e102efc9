"""Home Assistant restarts: everything is as it was, and nothing happens that did not happen."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.brokers import RecordingClient
from tests.support.e2e import PersistentBroker, Publisher
from tests.support.ha_client import Entity, becomes
from tests.support.homeassistant import HomeAssistant

CEILING = 10_000_000
BIRTH = "homeassistant/status"
BIRTH_S = 30.0
"""Home Assistant says that it is there ten seconds after its start, and the publisher takes a second to answer."""


@dataclass
class Restart:
    """What there was before it: a publisher at work, and one that had left."""

    working: Publisher
    gone: Publisher
    before: dict[str, Entity]
    alert: str
    client: RecordingClient


@pytest.fixture(scope="module")
def restart(ha: HomeAssistant, broker: PersistentBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restart]:
    limits = {"CLAUDE_GAUGE_5H_CEILING": str(CEILING), "CLAUDE_GAUGE_TACH_REDLINE": "9000"}
    working, gone = (
        Publisher(tmp_path_factory.mktemp(name), broker.port, name, **limits) for name in ("restart", "restart-gone")
    )
    for one in (working, gone):
        one.work(tokens=CEILING // 2, ago_s=600)
        one.start()
        becomes(lambda one=one: ha.state(one.entity("Fuel 5h")), "50.0")  # type: ignore[misc]
    gone.end()
    working.work(tokens=CEILING // 2, ago_s=300)
    alert = working.entity("Alert", "event")
    becomes(lambda: ha.states()[alert]["attributes"].get("event_type"), "warn")
    becomes(lambda: ha.state("counter.alerts"), "1")
    ha.ask("config/entity_registry/update", entity_id=working.entity("Redline"), new_entity_id="sensor.your_redline")
    becomes(lambda: ha.state("sensor.your_redline"), "9000")
    before = ha.entities(working.node)
    ha.stop()
    with RecordingClient(broker.port, working.discovery, BIRTH) as client:
        ha.start()
        yield Restart(working, gone, before, alert, client)
    working.end()


def test_all_values_are_there_again(ha: HomeAssistant, restart: Restart) -> None:
    wanted = {key: entity.state for key, entity in restart.before.items()}
    becomes(lambda: {key: entity.state for key, entity in ha.entities(restart.working.node).items()}, wanted)


def test_no_entity_is_new_or_doubled_and_an_id_that_its_user_chose_stays(ha: HomeAssistant, restart: Restart) -> None:
    after = ha.entities(restart.working.node)
    assert after["redline"].id == "sensor.your_redline"
    for key, entity in restart.before.items():
        assert (after[key].id, after[key].registry["id"]) == (entity.id, entity.registry["id"])
    unique = [entity["unique_id"] for entity in ha.ask("config/entity_registry/list") if entity["platform"] == "mqtt"]
    assert len(unique) == len(set(unique))


def test_who_was_gone_is_gone(ha: HomeAssistant, restart: Restart) -> None:
    becomes(lambda: ha.state(restart.gone.entity("Publisher", "binary_sensor")), "off")
    assert ha.state(restart.gone.entity("Fuel 5h")) == "unavailable"


def test_the_publisher_introduces_itself_when_home_assistant_says_that_it_is_there(restart: Restart) -> None:
    def heard() -> list[tuple[str, bool]]:
        return [(message.topic, message.retain) for message in restart.client.messages if message.payload != b"offline"]

    introduction = restart.working.discovery
    becomes(heard, [(introduction, True), (BIRTH, False), (introduction, False)], within=BIRTH_S)


def test_the_alert_before_the_restart_is_not_heard_again_but_the_next_one_is(
    ha: HomeAssistant, restart: Restart
) -> None:
    becomes(lambda: ha.state(restart.alert), restart.before["alert"].state)
    assert ha.state("counter.alerts") == "1"
    restart.working.work(tokens=90_000, ago_s=0)
    becomes(lambda: ha.states()[restart.alert]["attributes"]["event_type"], "hot")
    becomes(lambda: ha.state("counter.alerts"), "2")
