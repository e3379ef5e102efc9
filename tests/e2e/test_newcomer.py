"""Who has nothing yet: a Home Assistant that knows no broker, and the small one that `gauge-mqtt run` brings."""

from pathlib import Path
from typing import Any

from tests.support import brokers
from tests.support.brokers import HOST
from tests.support.e2e import Publisher
from tests.support.ha_client import becomes
from tests.support.ha_install import Release, installed
from tests.support.homeassistant import HomeAssistant

FLOW = "/api/config/config_entries/flow"
UNTOUCHED = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp", "keepalive": 60}
"""What a form that has `other_settings` sends if nobody opens them."""


def added(ha: HomeAssistant, port: int) -> list[Any]:
    """Add MQTT by Home Assistant's own form, with what it offers and then with 3.1.1 if it asks for a protocol: what it
    says each time.
    """
    flow = ha.rest("POST", FLOW, json={"handler": "mqtt"})
    offered = {field["name"]: field.get("default") for field in flow["data_schema"]}
    form: dict[str, Any] = {"broker": HOST, "port": port}
    if "protocol" not in offered:
        forms = [form]
    else:
        forms = [form | {"protocol": p, "other_settings": UNTOUCHED} for p in (offered["protocol"], "3.1.1")]
    done = [ha.rest("POST", f"{FLOW}/{flow['flow_id']}", json=form) for form in forms]
    return [answer.get("errors") or answer["type"] for answer in done]


def test_the_form_finds_the_embedded_broker_and_the_device_is_there(release: Release, tmp_path: Path) -> None:
    """As the README has it: since 2026 the form offers MQTT 5, which that broker does not speak."""
    with brokers.embedded() as (port, _), HomeAssistant(installed(release), tmp_path / "house") as ha:
        one = Publisher(tmp_path / "newcomer", port, "newcomer")
        one.work(ago_s=600)
        one.start()
        try:
            ha.start()
            asks = release.year_month >= (2026, 1)
            assert added(ha, port) == [*([{"base": "cannot_connect"}] if asks else []), "create_entry"]
            becomes(lambda: ha.state(one.entity("Tokens 7d")), "43120")
            assert ha.device(one.node)
            assert ha.complaints() == []
        finally:
            one.end()
