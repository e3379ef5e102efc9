"""The settings: four layers, names that are spelled wrong, and secrets that must not show."""

import socket
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings import NAMES, SECRETS, flag, variable
from gauge_mqtt.app.settings_loader import LoadedSettings, load

SECRET = "hunter2-swordfish"  # noqa: S105, nobody's


def loaded(toml: str | None = None, *, flags: dict[str, Any] | None = None, **environ: str) -> LoadedSettings:
    """`environ` without its prefix; `toml` becomes the file in the default place."""
    if toml is not None:
        place = Path.home() / ".config" / "gauge-mqtt"
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.toml").write_text(toml)
    return load(flags or {}, {f"CLAUDE_GAUGE_{name}": value for name, value in environ.items()})


def refusal(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(*args, **kwargs)
    return str(caught.value)


def test_each_layer_hides_the_one_below_and_says_so() -> None:
    file = "http_port = 1001\nstall_minutes = 7\ninstance = 'filed'"
    current = loaded(file, flags={"http_port": "1003"}, HTTP_PORT="1002", STALL_MINUTES="8")
    settings, origins = current.settings, current.origins
    assert (settings.http_port, origins["http_port"]) == (1003, "flag --http-port")
    assert (settings.stall_minutes, origins["stall_minutes"]) == (8, "environment CLAUDE_GAUGE_STALL_MINUTES")
    assert settings.instance == "filed"
    assert origins["instance"] == f"file {Path.home()}/.config/gauge-mqtt/config.toml"
    assert (settings.http_host, origins["http_host"]) == ("127.0.0.1", "default")


def test_nothing_set_is_all_default() -> None:
    assert set(loaded().origins.values()) == {"default"}


def test_a_flag_that_was_not_given_hides_nothing() -> None:
    assert loaded(flags={"http_port": None}, HTTP_PORT="1002").settings.http_port == 1002


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_known_in_every_layer(name: str) -> None:
    assert variable(name) == f"CLAUDE_GAUGE_{name.upper()}"
    assert flag(name) == f"--{name.replace('_', '-')}"
    assert load({}, {variable(name): ""}).origins[name] == "default"
    assert "is not a setting" not in refusal_or_nothing(f"{name} = '2'")


def refusal_or_nothing(toml: str) -> str:
    try:
        loaded(toml)
    except SettingsError as error:
        return str(error)
    return ""


def test_names_that_begin_with_a_digit_work_everywhere() -> None:
    assert loaded("5h_ceiling = 1000").settings.ceiling_5h == 1000
    assert loaded("", **{"7D_CEILING": "2_000"}).settings.ceiling_7d == 2000
    assert loaded("", flags={"5h_ceiling": "3000"}).settings.limits.ceiling_5h == 3000
    assert loaded('5h_ceiling = "history"').settings.limits.ceiling_5h == "history"
    assert loaded("", **{"7D_CEILING": " History"}).settings.limits.ceiling_7d == "history"


def test_the_name_of_the_field_is_not_a_second_spelling() -> None:
    assert "did you mean 5h_ceiling?" in refusal("ceiling_5h = 1000")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("HTTP_PROT", "HTTP_PORT"),
        ("CEILING_5H", "5H_CEILING"),
        ("5H_CIELING", "5H_CEILING"),
        ("MQTT_PASWORD", "MQTT_PASSWORD"),
        ("CONFG", "CONFIG"),
    ],
)
def test_an_unknown_variable_names_the_nearest_known_one(typed: str, meant: str) -> None:
    said = refusal(**{typed: SECRET})
    assert f"CLAUDE_GAUGE_{typed} is not a setting; did you mean CLAUDE_GAUGE_{meant}?" in said
    assert SECRET not in said


def test_an_unknown_variable_is_refused_even_when_empty() -> None:
    assert "did you mean CLAUDE_GAUGE_HTTP_PORT?" in refusal(HTTP_PROT="")


def test_an_unknown_key_of_the_file_names_file_and_the_nearest_known_one() -> None:
    said = refusal("http_prot = 80")
    assert "config.toml" in said
    assert "http_prot is not a setting; did you mean http_port?" in said


def test_a_table_in_the_file_is_no_setting() -> None:
    assert "did you mean mqtt_url?" in refusal("[mqtt]\nurl = 'mqtt://host'")


def test_an_empty_variable_is_not_set() -> None:
    assert loaded("http_port = 1001", HTTP_PORT="", INSTANCE="", CONFIG="").settings.http_port == 1001


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTP_PORT", "99999", "less than or equal to 65535"),
        ("HTTP_PORT", "web", "valid integer"),
        ("5H_CEILING", "0", "greater than 0"),
        ("STALL_MINUTES", "0", "greater than 0"),
        ("CACHE_WARN_BELOW", "50", "less than or equal to 1"),
        ("SOURCE", "promtheus", "Input should be"),
        ("INSTANCE", "///", "no letter or digit"),
        ("DISCOVERY_PREFIX", "///", "write it as topic levels"),
        ("DISCOVERY_PREFIX", "claude_gauge", "must differ"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str, words: str) -> None:
    assert words in refusal(**{name: value})


def test_a_bad_value_says_which_setting_and_where_it_was_set() -> None:
    assert "http_port = 'web' (environment CLAUDE_GAUGE_HTTP_PORT)" in refusal(HTTP_PORT="web")
    assert "http_port = 'web' (flag --http-port)" in refusal(flags={"http_port": "web"})


def test_all_bad_values_are_told_at_once() -> None:
    assert len(refusal(HTTP_PORT="web", STALL_MINUTES="0").splitlines()) == 2


@pytest.mark.parametrize("host", ["My-Laptop", "My-Laptop.local", "my-laptop.fritz.box"])
def test_the_instance_is_the_host_name_whatever_domain_it_is_in(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert loaded().settings.topics.base == "claude_gauge/my-laptop"


def test_a_tilde_is_the_home_directory() -> None:
    assert loaded(STATE_DIR="~/state").settings.state_dir == Path.home() / "state"


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://broker", "broker", 1883, False),
        ("mqtts://broker", "broker", 8883, True),
        ("mqtt://broker:2883/", "broker", 2883, False),
        ("mqtt://[::1]:1884", "::1", 1884, False),
    ],
)
def test_addresses_of_brokers(url: str, host: str, port: int, tls: bool) -> None:  # noqa: FBT001, a column
    broker = loaded(MQTT_URL=url).settings.broker()
    assert (broker.host, broker.port, broker.tls) == (host, port, tls)


@pytest.mark.parametrize(
    "url",
    ["broker:1883", "http://broker", "mqtt://", "mqtt://broker:abc", "mqtt://broker:70000", "mqtt://broker:0",
     "mqtt://broker/topic", "mqtt://broker?x=1", "mqtt://[::1"],
)  # fmt: skip
def test_what_is_no_address_of_a_broker_is_refused_with_the_form_it_has(url: str) -> None:
    assert "write it as mqtt://host:port or mqtts://host:port" in refusal(MQTT_URL=url)


@pytest.mark.parametrize(
    "url", ["mqtt://me:{}@broker", "mqtt://me:{}@broker:x", "mqtt://me:{}", "mqtt://broker?password={}", "me:{}@broker"]
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    assert SECRET not in refusal(MQTT_URL=url.format(SECRET))


def test_secrets_show_nowhere() -> None:
    settings = loaded(MQTT_PASSWORD=SECRET).settings
    assert settings.broker().password == SECRET
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.broker())):
        assert SECRET not in shown


def test_a_secret_of_the_wrong_type_is_not_repeated() -> None:
    said = refusal("mqtt_password = 123456789")
    assert "mqtt_password" in said
    assert "123456789" not in said


def test_a_broken_file_with_a_secret_does_not_repeat_it() -> None:
    assert SECRET not in refusal(f"mqtt_password = '{SECRET}\n")


def test_no_secret_is_a_flag() -> None:
    assert {"mqtt_password", "prom_password", "prom_token"} == SECRETS


def test_blanks_belong_to_a_password() -> None:
    spaced = " a b "
    assert loaded(MQTT_PASSWORD=spaced).settings.broker().password == spaced


@pytest.mark.parametrize("content", ["secret\n", "secret\r\n", "secret", "secret\nsecond line\n"])
def test_the_first_line_of_the_password_file_is_the_password(content: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())
    assert loaded(MQTT_PASSWORD_FILE=str(file)).settings.broker().password == "secret"  # noqa: S105


def test_a_password_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = loaded(MQTT_PASSWORD_FILE=str(tmp_path / "none")).settings
    with pytest.raises(SettingsError, match=r"password file .*none: No such file"):
        settings.broker()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        loaded(MQTT_PASSWORD_FILE=str(tmp_path / "binary")).settings.broker()


def test_things_that_do_not_go_together(tmp_path: Path) -> None:
    assert "keep one" in refusal(MQTT_PASSWORD="a", MQTT_PASSWORD_FILE="b")  # noqa: S106
    assert "set both" in refusal(MQTT_CERT_FILE="a")
    settings = loaded(MQTT_URL="mqtts://broker", MQTT_CA_FILE=str(tmp_path / "none")).settings
    with pytest.raises(SettingsError, match=r"mqtt_ca_file: .*none cannot be read"):
        settings.broker()


def test_a_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert "missing.toml does not exist" in refusal(CONFIG=str(missing))
    assert "missing.toml does not exist" in refusal(flags={"config": str(missing)})


def test_the_file_of_the_flag_wins_over_that_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("http_port = 1")
    (tmp_path / "b").write_text("http_port = 2")
    assert loaded(flags={"config": str(tmp_path / "b")}, CONFIG=str(tmp_path / "a")).settings.http_port == 2


@pytest.mark.parametrize("content", [b"http_port = ", b"\xff\xfe", b"http_port = 1\nhttp_port = 2"])
def test_a_file_that_is_not_toml_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    assert "x.toml is not " in refusal(CONFIG=str(tmp_path / "x.toml"))


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(CONFIG=str(tmp_path))


def test_a_demo_has_a_device_of_its_own() -> None:
    assert load({"source": "demo"}, {}).settings.instance == "demo"
    assert load({"source": "demo", "instance": "desk"}, {}).settings.instance == "desk"
    assert load({}, {}).settings.instance != "demo"
