"""The certificates and keys that the owner set, looked at before anything connects: a bad one is a wrong setting."""

import os
import ssl
from pathlib import Path

from gauge_mqtt.app.setting_types import SettingsError


def check_authority(name: str, path: Path | None) -> None:
    """`path` holds certificates in PEM form. `name`: its setting. Raises `SettingsError`."""
    _readable(name, path)
    try:
        if path:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise SettingsError(f"{name}: {path} holds no certificate in PEM form") from None


def check_identity(names: tuple[str, str], cert: Path | None, key: Path | None) -> None:
    """`cert` and `key` belong together and are in PEM form. `names`: their settings. Raises `SettingsError`."""
    _readable(names[0], cert)
    _readable(names[1], key)
    if not cert or not key:
        return
    try:  # without a password OpenSSL would ask for one on the terminal, and wait
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(f"{names[1]}: {key} is not the key of the certificate {cert}") from None
        if b"ENCRYPTED" in key.read_bytes():
            raise SettingsError(f"{names[1]}: {key} has a passphrase, and nobody to type it: take it off") from None
        raise SettingsError(f"{' or '.join(names)}: {cert} and {key} are no certificate and key in PEM form") from None


def _readable(name: str, path: Path | None) -> None:
    if path and not (os.access(path, os.R_OK) and os.path.isfile(path)):
        raise SettingsError(f"{name}: {path} cannot be read")
