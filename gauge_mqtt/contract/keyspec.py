"""What a key means to a reader and to Home Assistant, and the kinds of keys that occur more than once. Pure."""

from dataclasses import dataclass
from typing import Literal

NEEDLE_UNIT = "‰"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One key of the contract. `unit` is the unit of the JSON value; units and state classes are for ever.

    KeySpec(label="Token rate", about="tokens per minute, trailing 60 s", icon="mdi:speedometer", unit="tok/min",
            state_class="measurement", precision=0)
    """

    label: str
    about: str
    icon: str
    first_label: str = ""
    """The label that the entity id is made of, where it has another one since. Ids are for ever."""
    unit: str | None = None
    platform: Literal["sensor", "binary_sensor"] = "sensor"
    device_class: str | None = None
    state_class: Literal["measurement", "total", "total_increasing"] | None = None
    options: tuple[str, ...] = ()
    precision: int | None = None
    """Decimals that Home Assistant shows, of a ratio those of its percent. A ratio is also rounded to them there."""
    diagnostic: bool = False
    enabled_by_default: bool = True
    """Whether its entity is enabled from the start; the others wait in the list for who wants them."""
    when_known: bool = False
    """Some sources never know it: Home Assistant hears of it once it was known for the first time."""


def share(label: str, about: str, *, first_label: str) -> KeySpec:
    """The used part of a plan window."""
    return KeySpec(
        label=label,
        about=about,
        icon="mdi:gauge",
        first_label=first_label,
        unit="ratio",
        state_class="measurement",
        precision=1,
    )


def ratio(label: str, about: str, icon: str, *, first_label: str = "", when_known: bool = False) -> KeySpec:
    return KeySpec(
        label=label,
        about=about,
        icon=icon,
        first_label=first_label,
        unit="ratio",
        state_class="measurement",
        precision=0,
        when_known=when_known,
    )


def error(label: str, about: str) -> KeySpec:
    return KeySpec(
        label=label,
        about=about,
        icon="mdi:plus-minus-variant",
        unit="ratio",
        precision=1,
        diagnostic=True,
        enabled_by_default=False,
        when_known=True,
    )


def tokens(label: str, about: str) -> KeySpec:
    return KeySpec(label=label, about=about, icon="mdi:counter", unit="tok", state_class="measurement", precision=0)


def usd(label: str, about: str) -> KeySpec:
    """An amount that also falls, when a window moves on. Without the class `monetary`: that wants a `total`, and Home
    Assistant would add the falls up to a negative sum.
    """
    return KeySpec(
        label=label, about=about, icon="mdi:cash", unit="USD", state_class="measurement", precision=2, when_known=True
    )


def lamp(label: str, about: str, icon: str) -> KeySpec:
    """Without a device class: `problem` or `heat` would have Home Assistant say more than the lamp does."""
    return KeySpec(label=label, about=about, icon=icon, platform="binary_sensor")


def instant(
    label: str,
    about: str,
    icon: str,
    *,
    diagnostic: bool = True,
    enabled_by_default: bool = True,
    when_known: bool = False,
) -> KeySpec:
    return KeySpec(
        label=label,
        about=about,
        icon=icon,
        device_class="timestamp",
        diagnostic=diagnostic,
        enabled_by_default=enabled_by_default,
        when_known=when_known,
    )


def enum(label: str, about: str, icon: str, *options: str) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, device_class="enum", options=options, diagnostic=True)


def needle(label: str, about: str) -> KeySpec:
    """Where a needle stands. Waits disabled, and has no statistics: both would repeat those of what it shows. The unit
    keeps each of its movements out of Home Assistant's activity.
    """
    return KeySpec(
        label=label,
        about=about,
        icon="mdi:gauge",
        unit=NEEDLE_UNIT,
        precision=0,
        diagnostic=True,
        enabled_by_default=False,
    )


def note(label: str, about: str, icon: str, *, enabled_by_default: bool = True) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, diagnostic=True, enabled_by_default=enabled_by_default)
