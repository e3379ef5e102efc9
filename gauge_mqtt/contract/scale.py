"""From a value to the 0..1000 of a dial. Pure."""

from gauge_mqtt.contract.usage import NEEDLE_MAX

WARN_ABOVE = 0.80
"""The share of a plan window above which WARN lights."""
REDLINE_MARK = 800
"""Where the tach's red zone starts: the dial ends at 1.25 redlines."""


def fuel_needle(share: float | None) -> int | None:
    """A share 0..1 on a fuel dial: 1000 is 100 %."""
    if share is None:
        return None
    return round(min(max(share, 0.0), 1.0) * NEEDLE_MAX)


def tach_needle(rate: float | None, redline: int | None) -> int | None:
    """Tokens a minute on the tach: 800 is the redline, 1000 is 1.25 redlines and everything above."""
    if rate is None or not redline:
        return None
    return min(round(rate / redline * REDLINE_MARK), NEEDLE_MAX)
