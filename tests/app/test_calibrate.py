"""`gauge-mqtt calibrate` on the history of a plan whose weights are hidden: shown, signed, used, revoked."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gauge_mqtt.app.calibration import NAME, Calibrator, read_certificates
from gauge_mqtt.core.reading import OfficialSample
from gauge_mqtt.sources.quota.history import NAME as HISTORY
from gauge_mqtt.sources.quota.history import VERSION
from tests.support.plan import hidden, lived
from tests.support.program import gauge

ACCOUNT = "/home/me/.claude"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def samples(windows: int, start: float) -> list[OfficialSample]:
    rng = random.Random(3)
    past = lived(rng, hidden(rng), windows=windows, sampled=(1, 10), start=start)
    return [moment.sample for moment in past if moment.sample]


def keep(state: Path, known: list[OfficialSample]) -> None:
    track = {"account": ACCOUNT, "window": "5h", "samples": [tuple(sample) for sample in known]}
    (state / HISTORY).write_bytes(msgspec.json.encode({"version": VERSION, "tracks": [track]}))


def test_before_any_percentage_it_says_what_to_do(state: Path) -> None:
    done = gauge("calibrate", "--state-dir", str(state))
    assert (done.exit_code, "statusline install" in done.output) == (0, True)


def test_too_few_data_are_refused_in_words_and_cannot_be_signed(state: Path) -> None:
    keep(state, samples(2, time.time() - 90_000))
    done = gauge("calibrate", "--state-dir", str(state))
    assert "no calibration, too few data" in done.output
    signed = gauge("calibrate", "--sign", "--state-dir", str(state))
    assert signed.exit_code == 1
    assert "there is nothing to sign" in signed.output
    assert not (state / NAME).exists()


def test_what_was_learned_is_shown_signed_and_revoked(state: Path) -> None:
    keep(state, samples(20, time.time() - 500_000))
    done = gauge("calibrate", "--state-dir", str(state))
    assert done.exit_code == 0, done.output
    for words in ("pairs in", "mean error on windows it had not seen", "per million tokens: input", "predicted"):
        assert words in done.output
    assert not (state / NAME).exists(), "showing signs nothing"
    assert "signed: the 5h fuel moves" in gauge("calibrate", "--sign", "--state-dir", str(state)).output
    assert (state / NAME).stat().st_mode & 0o777 == 0o600
    held = gauge("calibrate", "show", "--state-dir", str(state)).output
    assert held.startswith(f"5h fuel of {ACCOUNT}: CAL {datetime.now(UTC).date().isoformat()} ±")
    assert gauge("calibrate", "revoke", "--state-dir", str(state)).output == "1 revoked\n"
    assert "none is signed" in gauge("calibrate", "show", "--state-dir", str(state)).output
    assert not (state / NAME).exists()


def test_the_board_takes_a_certificate_up_and_lets_go_of_it(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = samples(20, time.time() - 500_000)
    keep(state, known)
    gauge("calibrate", "--sign", "--state-dir", str(state))
    clock = [0.0]
    calibrator = Calibrator(state, lambda: ACCOUNT, lambda _account, _window: known, lambda: clock[0])
    now = datetime.now(UTC)
    standing = calibrator.standing(now)
    assert standing.five_hours == read_certificates(state)[0].calibration
    assert standing.week is None
    assert (standing.sticker or "").startswith("CAL ")
    late = datetime.fromtimestamp(now.timestamp() + 31 * 86_400, UTC)
    assert calibrator.standing(late).five_hours, "it is judged once a minute"
    clock[0] += 61
    assert calibrator.standing(late).five_hours is None
    assert (calibrator.standing(late).sticker or "").startswith("none: expired")
    clock[0] += 61
    calibrator.standing(late)
    assert caplog.text.count("the calibration of the 5h fuel has expired") == 1
    assert Calibrator(state, lambda: "/home/other", lambda _a, _w: []).standing(now).sticker == "none: not signed"


def test_a_broken_certificate_is_told_and_moves_nothing(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    (state / NAME).write_text("{")
    standing = Calibrator(state, lambda: ACCOUNT, lambda _a, _w: []).standing(datetime.now(UTC))
    assert (standing.five_hours, standing.sticker) == (None, "none: the certificate cannot be read")
    assert "is no certificate of ours" in caplog.text
    done = gauge("calibrate", "show", "--state-dir", str(state))
    assert (done.exit_code, "is no certificate of ours" in done.output) == (1, True)
