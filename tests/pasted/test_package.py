"""The package: the same device by YAML, in a real Home Assistant."""

import asyncio

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.homeassistant.yaml_export import page
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.clear import clear
from tests.support import brokers
from tests.support.brokers import HOST
from tests.support.desk import IDS, TOPICS, DeskPublisher, at_work
from tests.support.homeassistant import HomeAssistant
from tests.support.waiting import until


def test_the_package_makes_the_same_entities_once_discovery_is_gone(
    ha: HomeAssistant, desk: DeskPublisher, port: int
) -> None:
    found = {key: (one.id, one.registry["unique_id"]) for key, one in ha.entities(TOPICS.node).items()}
    desk.clear()
    until(lambda: ha.device(TOPICS.node) is None)
    plain = (ha.config / "configuration.yaml").read_text()
    packages = "homeassistant:\n  packages: !include_dir_named packages\n"
    (ha.config / "packages").mkdir()
    (ha.config / "packages/claude_gauge.yaml").write_text(page("package", TOPICS))
    (ha.config / "configuration.yaml").write_text(plain.replace("homeassistant:\n", packages))
    try:
        assert ha.rest("POST", "/api/config/core/check_config")["result"] == "valid"
        desk.show(at_work())
        ha.restart()
        until(lambda: ha.state(IDS["rate_1m"]) == "5200")
        made = ha.entities(TOPICS.node)
        assert {key: (one.id, one.registry["unique_id"]) for key, one in made.items()} == found
        assert made["window_5h_pct"].state == "62.4"
        assert made["window_5h_pct"].attributes["friendly_name"] == "Claude Gauge desk Fuel 5h used"
        assert made["publisher"].state == "on"
        today = "sensor.claude_gauge_desk_tokens_today"
        until(lambda: ha.state(today) is not None)
        total = at_work().tokens_total or 0
        for more in (100, 250):
            desk.show(at_work(tokens_total=total + more))
            until(lambda more=more: ha.state(IDS["tokens_total"]) == str(total + more))
        until(lambda: ha.state(today) in {"150", "250"})  # it may begin at the first value or at the second
        desk.send_event("hot")
        until(lambda: ha.entities(TOPICS.node)["alert"].attributes.get("event_type") == "hot")
        desk.go_offline()
        until(lambda: ha.state(IDS["rate_1m"]) == "unavailable")
        assert ha.state(IDS["publisher"]) == "off"
        desk.show(at_work())
        until(lambda: ha.state(IDS["rate_1m"]) == "5200")
        elsewhere = Topics("desk", "none").discovery  # as the package's head says
        desk._client.publish(elsewhere, b"{}", retain=True)  # noqa: SLF001
        ha.complaints()
        assert asyncio.run(clear(Broker(host=HOST, port=port), TOPICS)).unseen is None
        until(lambda: ha.state(IDS["rate_1m"]) == "unavailable")
        assert ha.state(IDS["publisher"]) == "off"
        assert brokers.retained_on(port).keys() & set(TOPICS.retained) == set()
        assert ha.complaints() == [], "an empty value is an error to an entity that still listens"
    finally:
        (ha.config / "configuration.yaml").write_text(plain)
        ha.restart()
