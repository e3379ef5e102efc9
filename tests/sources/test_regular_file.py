"""Whatever stands in a small file's place is told at once: nothing waits for a pipe or reads a device to its end."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gauge_mqtt.app import calibration
from gauge_mqtt.app.memory import Memory
from gauge_mqtt.sources.quota import history, kept
from gauge_mqtt.sources.regular_file import FileTooLargeError, read_regular

IN_ITS_PLACE: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "device without end": lambda path: path.symlink_to("/dev/zero"),
    "link to itself": lambda path: path.symlink_to(path),
    "3 GB": lambda path: (path.touch(), os.truncate(path, 3 << 30)),
}


@pytest.fixture(params=IN_ITS_PLACE.values(), ids=IN_ITS_PLACE)
def put(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    return request.param  # type: ignore[no-any-return]


def test_as_much_as_it_may_have_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(FileTooLargeError):
        read_regular(path, 4)


def test_anything_else_is_an_error(put: Callable[[Path], object], tmp_path: Path) -> None:
    put(tmp_path / "file")
    with pytest.raises(OSError, match=r"\w") as error:
        read_regular(tmp_path / "file", 5)
    assert error.value.strerror


def test_what_is_kept_over_restarts_is_unknown_then(put: Callable[[Path], object], tmp_path: Path) -> None:
    for name in ("memory-lab.json", calibration.NAME, history.NAME, kept.NAME):
        put(tmp_path / name)
    Memory(tmp_path, "lab", "here").load()
    assert kept.KeptSamples(tmp_path).load() == []
    assert history.read_history(tmp_path / history.NAME) == []
    with pytest.raises(calibration.CalibrationError, match="cannot be read"):
        calibration.read_certificates(tmp_path)
