"""Which files are known, and whose turns are followed: whatever is asked for at each showing stays small."""

import time

import pytest

from gauge_mqtt.core.turns import Turn
from gauge_mqtt.sources.logs.known_files import KnownFiles
from gauge_mqtt.sources.logs.listing import ListedFile, Listing
from gauge_mqtt.sources.logs.log_file import LogFile

DEVICE = 7


def listed(number: int, name: str = "") -> ListedFile:
    return ListedFile(name.encode() or b"/logs/%d.jsonl" % number, DEVICE, number, 10, 1, 1)


def followed(file: LogFile, age_s: float = 0.0) -> LogFile:
    file.turn = Turn(newest_at=time.time() - age_s)
    return file


@pytest.fixture
def files() -> KnownFiles:
    """Three, of which the first has a turn."""
    known = KnownFiles()
    for number in range(3):
        known.of(listed(number))
    known.note(followed(known[DEVICE, 0]))
    return known


def test_only_what_is_followed_is_looked_at(files: KnownFiles) -> None:
    assert files.turns() == [files[DEVICE, 0].turn]
    assert len(KnownFiles(files.values()).turns()) == 1, "as from an index"
    files[DEVICE, 0].reset()
    assert files.turns() == []


def test_a_file_keeps_its_turn_under_another_name(files: KnownFiles) -> None:
    assert files.of(listed(0, "/logs/renamed.jsonl")).turn
    assert files[DEVICE, 0].path == b"/logs/renamed.jsonl"


def test_what_is_gone_has_no_turn(files: KnownFiles) -> None:
    del files[DEVICE, 0]
    assert files.turns() == []
    files.of(listed(0))
    assert files.turns() == [], "another file with its inode"


@pytest.mark.parametrize(("unreadable", "left"), [(set[bytes](), 2), ({b"/logs"}, 3), ({b"/elsewhere"}, 2)])
def test_what_lies_below_an_unreadable_directory_may_still_be_there(
    files: KnownFiles, unreadable: set[bytes], left: int
) -> None:
    files.keep_only(Listing([listed(1), listed(2)], []), 0, unreadable)
    assert len(files) == left
    assert len(files.turns()) == left - 2


def test_what_is_new_is_no_reason_to_drop_another(files: KnownFiles) -> None:
    files.keep_only(Listing([listed(number) for number in range(5)], []), 2, set())
    assert len(files) == 3
    files.keep_only(Listing([listed(number) for number in range(1, 5)], []), 2, set())
    assert sorted(number for _, number in files) == [1, 2]


def test_an_old_turn_is_forgotten(files: KnownFiles) -> None:
    files.note(followed(files[DEVICE, 1], age_s=6 * 3600))
    assert len(files.turns()) == 2
    files.keep_only(Listing([listed(number) for number in range(3)], []), 0, set())
    assert files.turns() == [files[DEVICE, 0].turn]
    assert files[DEVICE, 1].turn is None
