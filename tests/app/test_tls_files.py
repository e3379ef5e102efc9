"""Certificates and keys as they are set: what is none is told by the name of its setting, before anything connects."""

import codecs
import subprocess
from pathlib import Path

import pytest

from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings_loader import load
from tests.support.certificates import authority, certificate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority `ca`, and what it signed for `one` and `two`."""
    folder = tmp_path_factory.mktemp("tls")
    authority(folder, "ca")
    for name in ("one", "two"):
        certificate(folder, name, "ca", "DNS:localhost")
    command = ["openssl", "rsa", "-in", "one.key", "-aes128", "-passout", "pass:hunter2", "-out", "locked.key"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "empty").write_text("")
    (folder / "marked.pem").write_bytes(codecs.BOM_UTF8 + (folder / "ca.pem").read_bytes())
    return folder


def connect(folder: Path, **files: str) -> None:
    load({f"mqtt_{name}_file": str(folder / file) for name, file in files.items()}, {}).settings.broker()


def test_good_files_are_taken(made: Path) -> None:
    connect(made, ca="ca.pem", cert="one.pem", key="one.key")
    connect(made, ca="marked.pem")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca": "empty"}, "mqtt_ca_file: .*empty holds no certificate in PEM form"),
        ({"ca": "one.key"}, "mqtt_ca_file: .*one.key holds no certificate in PEM form"),
        ({"ca": "."}, "mqtt_ca_file: .* cannot be read"),
        ({"cert": "one.pem", "key": "two.key"}, "mqtt_key_file: .*two.key is not the key of the certificate .*one.pem"),
        ({"cert": "one.pem", "key": "locked.key"}, "mqtt_key_file: .*locked.key has a passphrase"),
        ({"cert": "empty", "key": "one.key"}, "mqtt_cert_file or mqtt_key_file: .* are no certificate and key"),
        ({"cert": "one.pem", "key": "gone"}, "mqtt_key_file: .*gone cannot be read"),
    ],
    ids=str,
)
def test_others_are_a_wrong_setting(files: dict[str, str], words: str, made: Path) -> None:
    with pytest.raises(SettingsError, match=words):
        connect(made, **files)
