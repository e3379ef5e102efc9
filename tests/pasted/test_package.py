"""The package: the same device by YAML, in a real Home Assistant."""

from gauge_mqtt.homeassistant.yaml_export import page
from tests.support.desk import IDS, TOPICS, Desk, at_work, eventually
from tests.support.homeassistant import HomeAssistant


def test_the_package_makes_the_same_entities_once_discovery_is_gone(house: HomeAssistant, desk: Desk) -> None:
    found = {key: (one.id, one.registry["unique_id"]) for key, one in house.entities(TOPICS.node).items()}
    desk.forget()
    eventually(lambda: house.device(TOPICS.node) is None)
    plain = (house.config / "configuration.yaml").read_text()
    packages = "homeassistant:\n  packages: !include_dir_named packages\n"
    (house.config / "packages").mkdir()
    (house.config / "packages/claude_gauge.yaml").write_text(page("package", TOPICS))
    (house.config / "configuration.yaml").write_text(plain.replace("homeassistant:\n", packages))
    try:
        assert house.rest("POST", "/api/config/core/check_config")["result"] == "valid"
        desk.say(at_work())
        house.restart()
        eventually(lambda: house.state(IDS["rate_1m"]) == "5200")
        made = house.entities(TOPICS.node)
        assert {key: (one.id, one.registry["unique_id"]) for key, one in made.items()} == found
        assert made["window_5h_pct"].state == "62.4"
        assert made["publisher"].state == "on"
        desk.happens("hot")
        eventually(lambda: house.entities(TOPICS.node)["alert"].attributes.get("event_type") == "hot")
        desk.leave()
        eventually(lambda: house.state(IDS["rate_1m"]) == "unavailable")
        assert house.state(IDS["publisher"]) == "off"
    finally:
        (house.config / "configuration.yaml").write_text(plain)
        house.restart()
