"""watchdog's observer in inotify's place: what macOS runs, on this machine's kernel."""

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.sources.announcer import announcer
from gauge_mqtt.sources.inotify import Inotify
from gauge_mqtt.sources.observed import Observed
from tests.support.waiting import until


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Observed]:
    (tmp_path / "old" / "deep").mkdir(parents=True)
    watch = Observed(bytes(tmp_path), tree=True)
    yield watch
    watch.close()


def write(path: Path) -> bytes:
    with path.open("ab", buffering=0) as file:
        file.write(b"x")
    return bytes(path)


def tells(watch: Observed, path: bytes) -> None:
    """Wait until `path` is told."""
    until(lambda: path in (watch.changed() if select.select([watch.fd], [], [], 0.1)[0] else ()))


def test_each_system_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, kind in (("linux", Inotify), ("darwin", Observed)):
        monkeypatch.setattr(sys, "platform", platform)
        watch = announcer(bytes(tmp_path), tree=True)
        assert isinstance(watch, kind)
        watch.close()


def test_writes_are_told_wherever_they_are(tree: Observed, tmp_path: Path) -> None:
    tells(tree, write(tmp_path / "old" / "deep" / "a.jsonl"))
    (tmp_path / "new").mkdir()
    tells(tree, bytes(tmp_path / "new"))
    tells(tree, write(tmp_path / "new" / os.fsdecode(b"\xe9.jsonl")))


def test_between_two_looks_each_path_is_told_once(tree: Observed, tmp_path: Path) -> None:
    path = tmp_path / "old" / "a.jsonl"
    tells(tree, write(path))
    for _ in range(5):
        write(path)
    assert select.select([tree.fd], [], [], 30)[0]
    assert tree.changed() == [bytes(path)]


def test_of_files_only_those_with_the_suffix_are_told(tmp_path: Path) -> None:
    watch = Observed(bytes(tmp_path), tree=True, suffix=b".jsonl")
    write(tmp_path / "notes.txt")
    path = write(tmp_path / "s.jsonl")
    assert select.select([watch.fd], [], [], 30)[0]
    assert bytes(tmp_path / "notes.txt") not in watch.changed()
    tells(watch, write(tmp_path / "t.jsonl"))
    assert path
    watch.close()


def test_with_nothing_to_tell_it_neither_rings_nor_blocks(tree: Observed, tmp_path: Path) -> None:
    tells(tree, path := write(tmp_path / "a.jsonl"))
    until(lambda: tree.changed() == [])
    Path(os.fsdecode(path)).read_bytes()
    assert select.select([tree.fd], [], [], 0.3)[0] == []
    assert tree.changed() == []


def test_a_root_that_is_gone_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    watch = Observed(bytes(root), tree=True)
    assert watch.alive
    root.rename(tmp_path / "other")
    assert not watch.alive
    watch.close()
    watch.close()


def test_a_root_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Observed(bytes(tmp_path / "missing"), tree=True)
