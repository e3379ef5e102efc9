"""Where this user's files are. A service may run as a user without a home directory: then there is no such place."""

import os
from pathlib import Path


def home() -> Path | None:
    """`$HOME`, else what the user database says; `None` if neither knows one."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def expanded(text: str) -> Path:
    """`text` as a path, with `~` and `~user` filled in. Raises `ValueError` where there is no such home directory."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        who = text.split("/", maxsplit=1)[0]
        known = "this user has no home directory" if who == "~" else f"there is no user {who[1:]} here"
        raise ValueError(f"{known}, so {who} means nothing: write the whole path") from None


def config_dir() -> Path | None:
    """Where `config.toml` is looked for if no file is named."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def state_dir() -> Path | None:
    """Where the index is kept unless another directory is set; `None`: nothing outlives a restart."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def _xdg(variable: str, fallback: str) -> Path | None:
    """The XDG base directory specification: a relative path in such a variable is to be ignored."""
    wanted, at_home = os.environ.get(variable, ""), home()
    if Path(wanted).is_absolute():
        return Path(wanted) / "gauge-mqtt"
    return at_home / fallback / "gauge-mqtt" if at_home else None
