"""The kinds of value of the command line's own options, those that are no settings: each refused in words.

Each function makes the value out of the text; `click` names the option in front of what `BadParameter` says.
"""

from math import isfinite
from pathlib import Path

from click import BadParameter

from gauge_mqtt.app import places
from gauge_mqtt.app.setting_types import checked_base_url


def path(text: str) -> Path:
    """As it is, blanks included; but `Path("")` would mean the current directory. `~` is filled in."""
    if not text.strip():
        raise BadParameter("is empty: write a path")
    try:
        return places.expanded(text)
    except ValueError as error:
        raise BadParameter(str(error)) from None


def minutes(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise BadParameter(f"{text!r} is no finite number above 0")
    return number


def base_url(text: str) -> str:
    """Where a publisher serves HTTP."""
    try:
        return checked_base_url(text)
    except ValueError as error:
        raise BadParameter(str(error)) from None
