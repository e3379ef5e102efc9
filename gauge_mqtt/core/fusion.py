"""The fuel needle between two official samples: moved by the tokens counted since, as far as calibrated. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from gauge_mqtt.core.calibration import ROUNDING, Calibration
from gauge_mqtt.core.reading import OfficialSample, TokenCounts


class Fused(NamedTuple):
    """A share of a window, 0..1, and half of its 90 % interval. `calibrated`: moved by tokens since the last sample."""

    share: float
    error: float
    calibrated: bool


def fused(
    samples: Sequence[OfficialSample], since: TokenCounts | None, calibration: Calibration | None, now: float
) -> Fused | None:
    """Where the share stands at `now` (unix seconds). `samples`: those of the window under way, ascending; `since`: the
    local tokens after the last of them, `None` if not all are known.

    Each sample corrects the estimate only as far as its rounding demands: what the tokens said within that half percent
    is kept, so the needle does not jump back to a whole percent. Between two samples it never falls.
    """
    if not samples:
        return None
    last = samples[-1]
    if calibration is None or since is None or last.share >= 1:
        return Fused(last.share, ROUNDING, calibrated=False)
    estimate = samples[0].share
    for sample in samples[1:]:
        if sample.tokens is not None:
            estimate += calibration.moved(sample.tokens)
        estimate = min(max(estimate, sample.share - ROUNDING), sample.share + ROUNDING)
    moved = calibration.moved(since)
    share = min(1.0, max(0.0, estimate) + moved)
    return Fused(share, calibration.half_width(moved, max(0.0, now - last.at) / 3600), calibrated=True)
