"""Long-term statistics: made of everything that is a quantity, in units that stay."""

from typing import Any

from gauge_mqtt.contract.usage import KEYS
from gauge_mqtt.homeassistant import discovery
from tests.support.brokers import RecordingClient
from tests.support.e2e import FakePublisher, PersistentBroker, known
from tests.support.ha_client import becomes
from tests.support.homeassistant import HomeAssistant


def rows(ha: HomeAssistant, ids: dict[str, str]) -> dict[str, Any]:
    """Key -> the newest mean, or the sum's state."""
    newest = {key: ha.statistics(id_)[-1] for key, id_ in ids.items() if ha.statistics(id_)}
    return {key: row["mean"] if row.get("mean") is not None else row["state"] for key, row in newest.items()}


def test_every_quantity_has_statistics_in_its_unit(ha: HomeAssistant, broker: PersistentBroker) -> None:
    with RecordingClient(broker.port, "nothing") as client:
        fake = FakePublisher(client, "statistics")
        fake.describe(discovery.payload(fake.topics, "1"))
        fake.show(known("statistics"))
    becomes(lambda: ha.state("sensor.claude_gauge_statistics_redline"), "8000")
    quantities = {key: spec for key, spec in KEYS.items() if spec.state_class and spec.enabled_by_default}
    ids = {key: entity.id for key, entity in ha.entities(fake.topics.node).items() if key in quantities}
    ha.call("statistics_now", "compile")
    about = {each["statistic_id"]: each for each in ha.ask("recorder/list_statistic_ids")}
    for key, spec in quantities.items():
        unit = "%" if spec.unit == "ratio" else spec.unit
        assert about[ids[key]]["statistics_unit_of_measurement"] == unit, key
        assert about[ids[key]]["has_sum"] == (spec.state_class in {"total", "total_increasing"}), key
    becomes(lambda: rows(ha, ids).keys(), quantities.keys())
    made = rows(ha, ids)
    assert (made["rate_1m"], made["window_5h_pct"], made["cost_7d_usd"]) == (1234.5, 29.0, 99.5)


def test_nothing_needs_repair(ha: HomeAssistant) -> None:
    assert ha.ask("recorder/validate_statistics") == {}
    assert [issue for issue in ha.ask("repairs/list_issues")["issues"] if issue["domain"] in {"mqtt", "sensor"}] == []
