"""What a value of each kind may look like, and what is said of one that cannot be."""

from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import NAMES, SECRETS
from gauge_mqtt.app.settings_loader import load
from gauge_mqtt.core.reading import Limits

HOSTILE: list[Any] = [
    ("state_dir", "", "is empty"),
    ("state_dir", "~nobody-here/x", "there is no user nobody-here"),
    ("state_dir", "a\0b", "control character"),
    ("state_dir", "x" * 5000, "longer than 1,024"),
    ("state_dir", 7, "in quotes"),
    ("mqtt_ca_file", ["a"], "in quotes"),
    ("http_host", "", "is empty"),
    ("http_host", "*", "every address"),
    ("http_host", "127.0.0.1:8080", "http_port"),
    ("http_host", "http://localhost", "http_port"),
    ("http_host", "[::1", "http_port"),
    ("http_host", "[localhost]", "http_port"),
    ("http_host", "two words", "http_port"),
    ("http_allowed_hosts", "http://gauge.example", "without scheme and port"),
    ("http_allowed_hosts", "gauge.example:8080", "without scheme and port"),
    ("http_allowed_hosts", "one two", "without scheme and port"),
    ("http_allowed_hosts", 5, "in quotes"),
    ("http_port", True, "write it as a number"),
    ("http_port", 80.5, "valid integer"),
    ("http_port", "9" * 5000, "integer"),
    ("http_port", {"nested": {"deeper": 1}}, "valid integer"),
    pytest.param("5h_ceiling", 10**400, "less than or equal", id="huge"),
    ("5h_ceiling", "inf", "valid integer"),
    ("5h_ceiling", "histroy", "valid integer"),
    ("7d_ceiling", 0, "greater than 0"),
    ("tach_redline", float("inf"), "finite"),
    ("tach_redline", 10**16, "less than or equal"),
    ("stall_minutes", "nan", "less than or equal"),
    ("stall_minutes", "1e999", "less than or equal"),
    ("cache_warn_below", float("nan"), "equal"),
    ("ccusage_ttl", False, "write it as a number"),
    ("prom_url", "http://", "http://host:port"),
    ("prom_url", "http://:9090", "http://host:port"),
    ("prom_url", "http://[::1", "http://host:port"),
    ("prom_url", "http://host:port", "http://host:port"),
    ("prom_url", "host:9090", "http://host:port"),
    ("prom_url", "http://host:99999", "http://host:port"),
    ("prom_url", "http://host:9090/?a=b", "question mark"),
    ("prom_url", "http://me:word@host", "settings of their own"),
    ("prom_url", 1979, "in quotes"),
    ("ccusage_mcp_url", "ftp://host", "http://host:port"),
    ("prom_selector", "desk", 'host_name="desk"'),
    ("prom_selector", '{host_name="desk"}', "without braces"),
    ("prom_selector", 'host_name="desk', 'host_name="desk"'),
    ("prom_selector", 'host.name="desk"', 'host_name="desk"'),
    ("prom_selector", 'a="b" c="d"', "commas"),
    ("prom_services", "claude code", "commas between"),
    ("prom_selector", 'a="b"} or vector(1) #', "commas"),
    ("mqtt_username", "a\nb", "control character"),
    ("mqtt_username", "ren\udce9", "not UTF-8"),
    ("mqtt_url", "mqtt://ho st", "mqtt://host:port"),
    ("instance", "\udce9", "not UTF-8"),
    ("instance", 5, "in quotes"),
    ("source", "ccusag", "'ccusage'"),
    ("discovery_prefix", "claude_gauge/x", "must differ"),
    ("discovery_prefix", "a//b", "topic levels"),
    ("discovery_prefix", "h+/#", "topic levels"),
    ("discovery_prefix", "x" * 65, "64"),
]


@pytest.mark.parametrize(("name", "value", "words"), HOSTILE)
def test_what_cannot_be_is_refused_with_the_name_of_the_setting(name: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value}, {"CLAUDE_GAUGE_SOURCE": "auto"})
    said = str(caught.value)
    assert words in said
    assert said.startswith(name)
    assert len(said) < 400, "a value is not repeated at any length"


ANYTHING = (None, "", " ", True, -1, 1e308, float("nan"), 10**4400, "\0", "\udcff", "~x/y", [], {"a": {}})


@pytest.mark.parametrize("value", ANYTHING, ids=range(len(ANYTHING)))
def test_no_value_of_any_setting_is_more_than_refused(value: Any) -> None:
    for name in NAMES:
        try:
            assert isinstance(load({name: value}, {}).settings.limits, Limits)
        except SettingsError as error:
            assert name in str(error)  # noqa: PT017, both ways are right


@pytest.mark.parametrize("name", sorted(SECRETS))
@pytest.mark.parametrize("value", ["swordfish\udcff", "sword\0fish", "swordfish" * 20_000, 4711, {"swordfish": "fish"}])
def test_a_secret_that_cannot_be_sent_is_refused_unseen(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value}, {})
    assert "fish" not in str(caught.value)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "gr\u00fcn", "line\nend"])
def test_a_token_that_fits_no_header_is_refused_wherever_it_comes_from(token: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no token has"):
        load({}, {"CLAUDE_GAUGE_PROM_TOKEN": token})
    (tmp_path / "token").write_text(token.replace("\n", " "))
    with pytest.raises(SettingsError, match=r"token file .*no token has"):
        load({}, {"CLAUDE_GAUGE_PROM_TOKEN_FILE": str(tmp_path / "token")}).settings.secret("prom_token")


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("[::1]", "::1"),
        ("::", "::"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        (" localhost ", "localhost"),
        ("10.0.0.7", "10.0.0.7"),
    ],
)
def test_a_host_to_listen_on(typed: str, host: str) -> None:
    assert load({"http_host": typed}, {}).settings.http_host == host


@pytest.mark.parametrize(
    "selector",
    ["", 'host_name="desk"', "host_name=~'desk|lap\\\\d', job!=`x`,", 'a="with \\" and , and }"', ' a = "b" '],
)
def test_a_selector_that_prometheus_understands(selector: str) -> None:
    assert load({"prom_selector": selector}, {}).settings.prom_selector == selector.strip()


def test_a_path_may_be_of_bytes_that_are_no_text() -> None:
    assert load({}, {"CLAUDE_GAUGE_STATE_DIR": "/tmp/ren\udce9"}).settings.state_dir == Path("/tmp/ren\udce9")


def test_the_first_level_of_the_discovery_prefix_may_have_slashes_around() -> None:
    assert load({"discovery_prefix": "/home/assistant/"}, {}).settings.topics.birth == "home/assistant/status"


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [("", ""), (",", ""), ("publisher,", "publisher"), (" Gauge.Example , [::1]", "gauge.example,::1"), ("*", "*")],
)
def test_a_list_of_hosts_is_read_as_it_is_meant(typed: str, hosts: str) -> None:
    assert load({"http_allowed_hosts": typed}, {}).settings.http_allowed_hosts == hosts
