"""The certificates of this machine: kept in the state directory, judged again each minute."""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.core.calibration import Calibration, Pair, pairs
from gauge_mqtt.core.certificate import UNCALIBRATED, Calibrations, Certificate, Verdict, WindowKey, sticker
from gauge_mqtt.core.reading import OfficialSample
from gauge_mqtt.sources.quota.source import QuotaSource
from gauge_mqtt.sources.regular_file import read_regular

log = logging.getLogger(__name__)

NAME = "calibration.json"
VERSION = 1
SIZE_MAX = 1 << 20
LOOK_S = 60.0
"""How often it is judged whether a certificate still holds, and whether there is a new one."""

Samples = Callable[[str, WindowKey], Sequence[OfficialSample]]
"""(account, window) -> its official samples of the last 30 days."""


class CalibrationError(GaugeError):
    """A certificate cannot be written or read, in words for its owner."""


class _File(msgspec.Struct, frozen=True):
    version: int
    certificates: list[Certificate] = []


def read_certificates(state_dir: Path) -> list[Certificate]:
    """Those that are there. Raises `CalibrationError` for a file that is not ours."""
    path = state_dir / NAME
    try:
        found = msgspec.json.decode(read_regular(path, SIZE_MAX), type=_File)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CalibrationError(f"{path} is no certificate of ours ({error}); remove it") from None
    return found.certificates if found.version == VERSION else []


def write_certificates(state_dir: Path, certificates: Sequence[Certificate]) -> None:
    """Replace them all in one step; no file without any. Raises `CalibrationError`."""
    path = state_dir / NAME
    temporary = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        if not certificates:
            path.unlink(missing_ok=True)
            return
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(msgspec.json.encode(_File(VERSION, list(certificates))))
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise CalibrationError(f"{path} cannot be written: {error.strerror}") from None


class Calibrator:
    """The calibrations that hold now, for the board. `account`: whose plan is shown."""

    def __init__(
        self, state_dir: Path | None, account: Callable[[], str | None], samples: Samples,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._state_dir, self._account, self._samples, self._monotonic = state_dir, account, samples, monotonic
        self._standing = Calibrations()
        self._of: str | None = None
        self._looked_at = -LOOK_S
        self._verdicts: dict[WindowKey, Verdict] = {}
        self._failure: str | None = None

    def standing(self, now: datetime) -> Calibrations:
        account = self._account()
        if account != self._of or self._monotonic() >= self._looked_at + LOOK_S:
            self._of, self._looked_at = account, self._monotonic()
            self._standing = self._judged(account, now.timestamp())
        return self._standing

    def _judged(self, account: str | None, now: float) -> Calibrations:
        if self._state_dir is None or account is None:
            return Calibrations()
        try:
            found = {c.window: c for c in read_certificates(self._state_dir) if c.account == account}
        except CalibrationError as error:
            if self._failure != str(error):
                log.warning("%s", error)
            self._failure = str(error)
            return Calibrations(sticker="none: the certificate cannot be read")
        self._failure = None
        known: dict[WindowKey, Calibration] = {}
        for window, certificate in found.items():
            verdict = certificate.verdict(self._pairs(account, window), now)
            if verdict == "valid":
                known[window] = certificate.calibration
            elif self._verdicts.get(window) != verdict:
                log.warning("the calibration of the %s fuel %s: see `gauge-mqtt calibrate`", window, WHY[verdict])
            self._verdicts[window] = verdict
        five_hours = found.get("5h")
        return Calibrations(known.get("5h"), known.get("7d"), sticker(five_hours, self._verdicts.get("5h")))

    def _pairs(self, account: str, window: WindowKey) -> list[Pair]:
        return pairs(self._samples(account, window))


WHY: dict[Verdict, Literal["has expired", "has missed three windows in a row", "holds"]] = {
    "expired": "has expired",
    "missed": "has missed three windows in a row",
    "valid": "holds",
}


def calibrations_of(state_dir: Path | None, quota: QuotaSource | None) -> Callable[[datetime], Calibrations]:
    """What the board asks at each look. Without official percentages there is nothing to calibrate."""
    if quota is None:
        return lambda _now: UNCALIBRATED
    return Calibrator(state_dir, lambda: quota.account, quota.history.samples).standing
