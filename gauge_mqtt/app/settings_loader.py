"""The layers of the settings: flag > environment > TOML file > default.

A name that is not known is an error that says the nearest one that is: a typo must not be a silent default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gauge_mqtt.app import places
from gauge_mqtt.app.setting_types import EMPTY, SettingsError
from gauge_mqtt.app.settings import CONFIG, ENV_PREFIX, NAMES, SECRETS, Settings, flag, variable
from gauge_mqtt.app.text_files import read_text

QUOTED = 60
"""Characters of a value that are repeated to who set it."""


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
    asked = flags.get(CONFIG)
    if asked == "":
        raise SettingsError(f"{CONFIG} (flag {flag(CONFIG)}): {EMPTY}")
    asked = asked or environ.get(variable(CONFIG))
    try:
        folder = places.config_dir()
        path = places.expanded(asked) if asked else folder / "config.toml" if folder else None
    except ValueError as error:
        raise SettingsError(f"{CONFIG} = {asked!r}: {error}") from None
    if path is None:
        return {}, {}
    try:
        text = read_text(path, "the settings file")
    except FileNotFoundError:
        if asked:
            raise SettingsError(f"the settings file {path} does not exist") from None
        return {}, {}
    import tomllib  # noqa: PLC0415, there may be nothing to read

    try:
        values = tomllib.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # also of numbers with thousands of digits, and of brackets in brackets
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from None
    for key, value in values.items():
        if key not in NAMES:
            table = "; settings are not in tables" if isinstance(value, dict) else ""
            raise SettingsError(f"{path}: {key} is not a setting{table}; did you mean {_nearest(key, NAMES)}?")
    return values, dict.fromkeys(values, f"file {path}")


def _nearest(name: str, known: Mapping[str, str]) -> str:
    """The known name most like this one; words in another order do not count as different."""
    import difflib  # noqa: PLC0415, mostly every name is known

    typed = name[:QUOTED]

    def likeness(other: str) -> float:
        pairs = ((typed, other), ("_".join(sorted(typed.split("_"))), "_".join(sorted(other.split("_")))))
        return max(difflib.SequenceMatcher(None, *pair).ratio() for pair in pairs)

    return max(known, key=likeness)


def _words(error: Any, origins: Mapping[str, str]) -> str:
    """One validation error for a person: which setting, from where, what is wrong. Never the value of a secret."""
    message: str = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    hidden = name in SECRETS or name.endswith("_url")  # into which somebody may have written a password
    value = "" if hidden else f" = {_quoted(error['input'])}"
    return f"{name}{value} ({origins.get(name, 'default')}): {message}"


def _quoted(value: Any) -> str:
    """A value as it was written, cut where it grows long."""
    try:
        text = repr(value)
    except ValueError:  # a number with thousands of digits
        return "a huge number"
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."
