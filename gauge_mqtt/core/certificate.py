"""A calibration that its owner has signed, and whether it still holds. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from gauge_mqtt.core.calibration import MISSES_MAX, VALID_S, Calibration, Pair, misses

WindowKey = Literal["5h", "7d"]
Verdict = Literal["valid", "expired", "missed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`account`: the configuration directory whose plan was learned. `signed_at`: unix seconds."""

    account: str
    window: WindowKey
    signed_at: float
    calibration: Calibration

    def verdict(self, known: Iterable[Pair], now: float) -> Verdict:
        """Valid for 30 days, unless three windows in a row since it was made moved otherwise than it says."""
        if not -VALID_S <= now - self.signed_at < VALID_S:
            return "expired"
        later = [pair for pair in known if pair.ended > self.calibration.last]
        return "missed" if misses(self.calibration, later) >= MISSES_MAX else "valid"


class Calibrations(NamedTuple):
    """What moves the fuel needles between two official samples, and one line for a sticker on the instrument."""

    five_hours: Calibration | None = None
    week: Calibration | None = None
    sticker: str | None = None


UNCALIBRATED = Calibrations()


def sticker(certificate: Certificate | None, verdict: Verdict | None) -> str:
    """`CAL 2026-11-28 ±4 %`, or why there is none; at most 64 characters."""
    if certificate is None:
        return "none: not signed"
    day = datetime.fromtimestamp(certificate.signed_at, UTC).date().isoformat()
    match verdict:
        case "expired":
            return f"none: expired, signed {day}"
        case "missed":
            return f"none: it missed three windows in a row, signed {day}"
        case _:
            return f"CAL {day} ±{100 * certificate.calibration.error:.0f} %"
