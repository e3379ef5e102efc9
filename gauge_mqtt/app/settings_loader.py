"""The layers of the settings: flag > environment > TOML file > default.

A name that is not known is an error that says the nearest one that is: a typo must not be a silent default.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gauge_mqtt.app.settings import (
    CONFIG,
    ENV_PREFIX,
    NAMES,
    SECRETS,
    Settings,
    SettingsError,
    flag,
    variable,
    xdg_directory,
)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings and, by public name, where each value came from."""

    settings: Settings
    origins: dict[str, str]


def load(flags: Mapping[str, Any], environ: Mapping[str, str]) -> LoadedSettings:
    """Put the layers together. `flags`: public name -> value, `None` for not given. Raises `SettingsError`."""
    values, origins = _from_file(flags, environ)
    names = {variable(name): name for name in (*NAMES, CONFIG)}
    for key in environ:
        if key.startswith(ENV_PREFIX) and key not in names:
            raise SettingsError(f"{key} is not a setting; did you mean {_nearest(key, names)}?")
    for key, name in names.items():
        if name != CONFIG and environ.get(key):
            values[name], origins[name] = environ[key], f"environment {key}"
    for name, value in flags.items():
        if name != CONFIG and value is not None:
            values[name], origins[name] = value, f"flag {flag(name)}"
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_words(e, origins) for e in error.errors())) from None
    return LoadedSettings(settings, {name: origins.get(name, "default") for name in NAMES})


def _from_file(flags: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    asked = flags.get(CONFIG) or environ.get(variable(CONFIG))
    path = Path(asked).expanduser() if asked else xdg_directory("XDG_CONFIG_HOME", ".config") / "config.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if asked:
            raise SettingsError(f"the settings file {path} does not exist") from None
        return {}, {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from None
    for key in values:
        if key not in NAMES:
            raise SettingsError(f"{path}: {key} is not a setting; did you mean {_nearest(key, NAMES)}?")
    return values, dict.fromkeys(values, f"file {path}")


def _nearest(name: str, known: Mapping[str, str]) -> str:
    """The known name most like this one; words in another order do not count as different."""

    def likeness(other: str) -> float:
        pairs = ((name, other), ("_".join(sorted(name.split("_"))), "_".join(sorted(other.split("_")))))
        return max(difflib.SequenceMatcher(None, *pair).ratio() for pair in pairs)

    return max(known, key=likeness)


def _words(error: Any, origins: Mapping[str, str]) -> str:
    """One validation error for a person: which setting, from where, what is wrong. Never the value of a secret."""
    message: str = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    hidden = name in SECRETS or name.endswith("_url")  # into which somebody may have written a password
    value = "" if hidden else f" = {error['input']!r}"
    return f"{name}{value} ({origins.get(name, 'default')}): {message}"
