"""Settings and password files as editors leave them, and files that are none."""

import codecs
import os
import threading
from pathlib import Path

import pytest

from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings_loader import load
from gauge_mqtt.app.text_files import read_secret, read_text

MARKED = {"UTF-16": (codecs.BOM_UTF16_LE, "utf-16-le"), "UTF-32": (codecs.BOM_UTF32_BE, "utf-32-be")}


def test_the_mark_that_windows_editors_put_first_is_no_part_of_the_text(tmp_path: Path) -> None:
    config, password = tmp_path / "g.toml", tmp_path / "password"
    config.write_bytes(codecs.BOM_UTF8 + b"mqtt_url = 'mqtt://broker'\r\n")
    password.write_bytes(codecs.BOM_UTF8 + b"secret\r\n")
    environ = {"CLAUDE_GAUGE_CONFIG": str(config), "CLAUDE_GAUGE_MQTT_PASSWORD_FILE": str(password)}
    broker = load({}, environ).settings.broker()
    assert (broker.host, broker.password) == ("broker", "secret")


@pytest.mark.parametrize("name", ["prom_password", "prom_token"])
def test_neither_is_it_one_of_any_other_secret(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(codecs.BOM_UTF8 + b"secret")
    assert load({f"{name}_file": str(tmp_path / "x")}, {}).settings.secret(name) == "secret"


@pytest.mark.parametrize("coding", MARKED)
def test_what_powershell_writes_is_named(coding: str, tmp_path: Path) -> None:
    mark, codec = MARKED[coding]
    (tmp_path / "x").write_bytes(mark + "http_port = 1\n".encode(codec))
    with pytest.raises(SettingsError, match=f"the settings file .* is not UTF-8 text but {coding}: save it as UTF-8"):
        load({"config": str(tmp_path / "x")}, {})


def test_the_line_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"one\ntwo\nthr\xe9e\n")
    with pytest.raises(SettingsError, match=r"is not UTF-8 text \(line 3\)"):
        read_text(tmp_path / "x", "the file")


def test_a_device_without_end_is_not_read_for_ever() -> None:
    with pytest.raises(SettingsError, match="/dev/zero has more than 1 MB"):
        read_secret(Path("/dev/zero"), "the password file")


def test_a_pipe_is_a_file_like_any_other(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("secret\n",))
    writer.start()
    assert read_secret(tmp_path / "pipe", "the password file") == "secret"
    writer.join()


@pytest.mark.parametrize("content", [b"", b"\n", codecs.BOM_UTF8, b"\r\nsecret"])
def test_an_empty_password_file_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(tmp_path / "x", "the password file")


@pytest.mark.parametrize("toml", ["a = " + "[" * 5000, "http_port = " + "9" * 5000, "x = 1979-99-99", "[[http_port]]"])
def test_toml_beyond_all_measure_is_refused_in_words(toml: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(toml)
    with pytest.raises(SettingsError):
        load({"config": str(tmp_path / "x")}, {})


def test_a_table_is_told_how_settings_are_written(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("[mqtt]\nurl = 'mqtt://host'")
    with pytest.raises(SettingsError, match="settings are not in tables; did you mean mqtt_url"):
        load({"config": str(tmp_path / "x")}, {})


def test_where_a_file_cannot_be_there_is_none() -> None:
    """`~/.config` is a file: nobody asked for settings there."""
    (Path.home() / ".config").write_text("")
    assert load({}, {}).settings.http_port == 8080
