"""inotify, on the real kernel: what was written is told, wherever it is, whatever happened to its directory."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.sources.inotify import Inotify


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Inotify]:
    (tmp_path / "old" / "deep").mkdir(parents=True)
    watch = Inotify(bytes(tmp_path), tree=True)
    yield watch
    watch.close()


def told(watch: Inotify) -> list[bytes]:
    """All that there is to tell now."""
    found: list[bytes] = []
    while select.select([watch.fd], [], [], 0)[0]:
        found += watch.changed()
    return found


def descriptors() -> int:
    """How many of this process are inotify's."""
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [str(link.readlink()) for link in links].count("anon_inode:inotify")


def write(path: Path) -> bytes:
    with path.open("ab", buffering=0) as file:
        file.write(b"x")
    return bytes(path)


def test_a_write_is_told_once_and_reading_is_not(tree: Inotify, tmp_path: Path) -> None:
    path = write(tmp_path / "old" / "deep" / "a.jsonl")
    assert tree.changed() == [path]
    Path(os.fsdecode(path)).read_bytes()
    assert tree.changed() == []


def test_of_files_only_those_with_the_suffix_are_told_and_of_directories_all(tmp_path: Path) -> None:
    watch = Inotify(bytes(tmp_path), tree=True, suffix=b".jsonl")
    write(tmp_path / "notes.txt")
    (tmp_path / "new").mkdir()
    path = write(tmp_path / "s.jsonl")
    assert told(watch) == [bytes(tmp_path / "new"), path]
    watch.close()


def test_a_name_that_is_not_utf8(tree: Inotify, tmp_path: Path) -> None:
    path = bytes(tmp_path) + b"/old/\xe9.jsonl"
    write(Path(os.fsdecode(path)))
    assert told(tree) == [path]


def test_what_is_made_with_its_directories_is_below_one_that_is_told(tree: Inotify, tmp_path: Path) -> None:
    (tmp_path / "new" / "a" / "b").mkdir(parents=True)
    write(tmp_path / "new" / "a" / "b" / "first.jsonl")
    assert bytes(tmp_path / "new") in told(tree)
    path = write(tmp_path / "new" / "a" / "b" / "first.jsonl")
    assert told(tree) == [path]


def test_what_happens_in_a_directory_that_has_another_name_now_has_that_name(tree: Inotify, tmp_path: Path) -> None:
    (tmp_path / "old").rename(tmp_path / "moved")
    assert set(told(tree)) == {bytes(tmp_path / "old"), bytes(tmp_path / "moved")}
    path = write(tmp_path / "moved" / "deep" / "a.jsonl")
    assert told(tree) == [path]


def test_a_directory_that_has_left_is_not_listened_to(
    tree: Inotify, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / "old").rename(elsewhere / "old")
    told(tree)
    write(elsewhere / "old" / "deep" / "a.jsonl")
    assert told(tree) == []
    (elsewhere / "old").rename(tmp_path / "back")
    assert bytes(tmp_path / "back") in told(tree)
    path = write(tmp_path / "back" / "deep" / "a.jsonl")
    assert told(tree) == [path]


def test_links_are_not_followed(tree: Inotify, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / "link").symlink_to(elsewhere)
    told(tree)
    write(elsewhere / "a.jsonl")
    assert told(tree) == []


def test_after_a_queue_that_overflowed_nothing_stays_unwatched(tree: Inotify, tmp_path: Path) -> None:
    files = [tmp_path / "old" / name for name in ("a.jsonl", "b.jsonl")]
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for path in files:
        path.touch()
    for number in range(most + 1):  # alike events in a row are one to the kernel
        files[number % 2].chmod(0o600)
    (tmp_path / "new").mkdir()
    assert bytes(tmp_path) in told(tree)
    path = write(tmp_path / "new" / "a.jsonl")
    assert told(tree) == [path]


@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_a_root_that_is_gone_is_told(tmp_path: Path, how: str) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    watch = Inotify(bytes(root), tree=True)
    assert watch.alive
    if how == "removed":
        (root / "a").rmdir()
        root.rmdir()
    else:
        root.rename(tmp_path / "other")
    assert bytes(root) in told(watch)
    assert not watch.alive
    watch.close()


def test_a_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    watch = Inotify(bytes(tmp_path), tree=False)
    write(tmp_path / "below" / "a.json")
    path = write(tmp_path / "a.json")
    assert told(watch) == [path]
    watch.close()


def test_a_root_that_is_missing_or_not_a_directory_is_refused(tmp_path: Path) -> None:
    before = descriptors()
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        with pytest.raises(OSError, match="directory"):
            Inotify(bytes(tmp_path / name), tree=True)
    assert descriptors() == before
