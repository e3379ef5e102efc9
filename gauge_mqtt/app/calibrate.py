"""`gauge-mqtt calibrate`: what was learned about the plan, shown, signed and revoked. Text in, text out."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gauge_mqtt.app.calibration import CalibrationError, read_certificates, write_certificates
from gauge_mqtt.core.calibration import PAIRS_MIN, WINDOWS_MIN, Calibration, Pair, Refusal, calibrate, pairs
from gauge_mqtt.core.certificate import Certificate, sticker
from gauge_mqtt.sinks.terminal.canvas import DOTS_X, DOTS_Y, Canvas
from gauge_mqtt.sources.quota.history import NAME as HISTORY
from gauge_mqtt.sources.quota.history import Track, read_history

CLASSES = ("input", "output", "cache read", "cache creation")
PLOT = (44, 11)
"""Columns and rows."""
MILLION = 1e6


def learned(state_dir: Path, account: str | None) -> list[tuple[Track, list[Pair], Calibration | Refusal]]:
    """Every track of the account (the one with the newest sample, if none is named), and what can be said of it."""
    tracks = read_history(state_dir / HISTORY)
    newest = max((track for track in tracks if track.samples), key=lambda track: track.samples[-1].at, default=None)
    wanted = account or (newest.account if newest else None)
    found = [(track, pairs(track.samples)) for track in tracks if track.account == wanted]
    return [(track, known, calibrate(known)) for track, known in sorted(found, key=lambda item: item[0].window)]


def shown(track: Track, known: Sequence[Pair], result: Calibration | Refusal) -> Iterator[str]:
    """One window's result in words, with a plot of what was predicted against what was official."""
    name = {"5h": "5 h", "7d": "7 d"}[track.window]
    if isinstance(result, Refusal):
        yield f"{name} fuel: no calibration, {_reason(result)}"
        return
    yield f"{name} fuel: {result.pairs} pairs in {result.windows} windows, {_day(result.first)} to {_day(result.last)}"
    yield f"  mean error on windows it had not seen: {result.error:.0%} of the movement"
    yield f"  moved without local tokens: {result.elsewhere:.0%} of all"
    yield "  percent of the window per million tokens: " + ", ".join(
        f"{name} {100 * MILLION * weight:.3g}" for name, weight in zip(CLASSES, result.weights, strict=True)
    )
    yield from (f"  {line}" for line in _plot(known, result))


def _reason(refusal: Refusal) -> str:
    have = f"{refusal.pairs} pairs in {refusal.windows} windows so far"
    match refusal.reason:
        case "too_few":
            return f"too few data: {have}, it takes {PAIRS_MIN} in {WINDOWS_MIN}; go on working"
        case "elsewhere":
            return f"other devices use this plan too often to tell what a token here is worth ({have})"
        case _:
            return f"too scattered: it would be wrong by {refusal.error or 0:.0%} of the movement ({have})"


def _plot(known: Sequence[Pair], result: Calibration) -> Iterator[str]:
    """Official movement upwards, predicted to the right; on the diagonal both agree."""
    canvas = Canvas(*PLOT)
    points = [(result.moved(pair.tokens), pair.moved) for pair in known]
    most = max(max(point) for point in points) or 1.0
    width, height = PLOT[0] * DOTS_X - 1, PLOT[1] * DOTS_Y - 1
    canvas.line((0, height), (width, 0), "quiet")
    for predicted, official in points:
        canvas.dot(width * predicted / most, height - height * official / most, "needle")
    yield f"official, up to {most:.0%} of the window"
    yield from canvas.lines(coloured=False)
    yield f"{'predicted':>{PLOT[0]}}"


def sign(state_dir: Path, account: str | None) -> list[Certificate]:
    """Certificates for every window that can be calibrated. Raises `CalibrationError` when none can."""
    now = time.time()
    made = [
        Certificate(account=track.account, window=track.window, signed_at=now, calibration=result)
        for track, _, result in learned(state_dir, account)
        if isinstance(result, Calibration)
    ]
    if not made:
        raise CalibrationError("there is nothing to sign: `gauge-mqtt calibrate` says why")
    replaced = {(certificate.account, certificate.window) for certificate in made}
    kept = [c for c in read_certificates(state_dir) if (c.account, c.window) not in replaced]
    write_certificates(state_dir, [*kept, *made])
    return made


def held(state_dir: Path) -> Iterator[str]:
    """One line a certificate: what it says, and whether it still holds."""
    tracks = {(track.account, track.window): track for track in read_history(state_dir / HISTORY)}
    for certificate in read_certificates(state_dir):
        track = tracks.get((certificate.account, certificate.window))
        verdict = certificate.verdict(pairs(track.samples) if track else [], time.time())
        yield f"{certificate.window} fuel of {certificate.account}: {sticker(certificate, verdict)}"


def revoke(state_dir: Path, account: str | None) -> int:
    """How many certificates were removed: of one account, or all."""
    before = read_certificates(state_dir)
    kept = [certificate for certificate in before if account is not None and certificate.account != account]
    write_certificates(state_dir, kept)
    return len(before) - len(kept)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
