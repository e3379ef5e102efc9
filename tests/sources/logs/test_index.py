"""The index on disks that are full, in places that are taken, and with contents that nobody wrote."""

import math
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gauge_mqtt.sources.logs.place import INDEX
from gauge_mqtt.sources.logs.source import JsonlSource
from tests.support.lines import answer, line, lines, prompt
from tests.support.permissions import unprivileged

FULL = 43_120
pytestmark = pytest.mark.anyio


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "projects"
    path.mkdir()
    now = time.time()
    (path / "s.jsonl").write_bytes(lines(answer(now - 7000), answer(now - 100), prompt(now - 90)))
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def look(root: Path, state: Path) -> JsonlSource:
    source = JsonlSource([root], state)
    await source.load()
    window = source.read(datetime.now(UTC)).window_7d
    assert window
    assert window.tokens == 2 * FULL
    return source


def put_directory(path: Path) -> None:
    path.mkdir()


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def put_link(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [put_directory, os.mkfifo, put_socket, put_link])
async def test_an_index_that_is_no_file(
    root: Path, state: Path, put: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    place = state / INDEX.name
    put(place)
    for _ in range(2):
        source = await look(root, state)
    assert names(state) == [INDEX.name]
    assert "not usable" in caplog.text
    if put is put_directory:
        assert "the index was not saved (Is a directory)" in caplog.text
        place.rmdir()
        source.book.save()
    assert place.is_file()
    assert not place.is_symlink()
    assert (await look(root, state)).book.tail.counters.records == 0


async def test_a_full_disk_leaves_no_litter_and_is_tried_again(
    root: Path, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        source = await look(root, state)
        with pytest.raises(OSError, match="File too large"):
            source.book.save()
        assert names(state) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "the index was not saved (File too large)" in caplog.text
    source.book.save()
    assert (await look(root, state)).book.tail.counters.records == 0


async def test_a_state_directory_without_permission_is_tried_again() -> None:
    with unprivileged() as home:
        root, state = home / "projects", home / "state"
        root.mkdir()
        state.mkdir(mode=0o500)
        (root / "s.jsonl").write_bytes(line(answer(time.time())))
        source = JsonlSource([root], state)
        await source.load()
        assert names(state) == []
        state.chmod(0o700)
        source.book.save()
        assert names(state) == [INDEX.name]


HOLD = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"


def test_what_killed_publishers_left_is_removed_and_nobody_elses(root: Path, state: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    living, us = os.getppid(), os.getpid()
    names = {
        f".{INDEX.name}.{dead.pid}": False,  # as earlier versions called them
        f".{INDEX.name}.{dead.pid}.0123abcd": False,
        f".{INDEX.name}.{us}.0123abcd": False,  # in a container every publisher has the same number
        f".{INDEX.name}.{living}.0123abcd": True,
        f".{INDEX.name}.{living}.4567cdef": False,  # an hour old
        f".{INDEX.name}.{dead.pid}.ffffffff": True,  # locked, by one in another container
        f".{INDEX.name}.4999999999999999999999.00": False,
        f".{INDEX.name}.old": True,
        f"{INDEX.name}.{dead.pid}": True,
    }
    for name in names:
        (state / name).write_bytes(b"x")
    (state / f".{INDEX.name}.{dead.pid}.00").mkdir()
    os.utime(state / f".{INDEX.name}.{living}.4567cdef", (1, 1))
    held = state / f".{INDEX.name}.{dead.pid}.ffffffff"
    with subprocess.Popen([sys.executable, "-c", HOLD, held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        JsonlSource([root], state).book.restore()
        assert {name: (state / name).exists() for name in names} == names
        assert holder.stdin
        holder.stdin.close()
    JsonlSource([root], state).book.restore()
    assert not held.exists()


def flipped(place: float) -> Callable[[bytes], bytes]:
    """One bit of it, at that part of its length."""

    def change(saved: bytes) -> bytes:
        changed = bytearray(saved)
        changed[int(place * (len(saved) - 1))] ^= 1
        return bytes(changed)

    return change


def written_anew(change: Callable[[list[Any]], None]) -> Callable[[bytes], bytes]:
    """By somebody who knows the format, but for its digest."""

    def rewrite(saved: bytes) -> bytes:
        version, digest, index = msgspec.msgpack.decode(saved)
        told = msgspec.msgpack.decode(index)
        change(told)
        return msgspec.msgpack.encode([version, digest, msgspec.msgpack.encode(told)])

    return rewrite


def first_record(told: list[Any]) -> list[Any]:
    minutes = next(part for part in told if isinstance(part, dict))
    entries = next(part for part in next(iter(minutes.values())) if isinstance(part, dict))
    return next(iter(entries.values()))


def other_time(told: list[Any]) -> None:
    first_record(told)[0] = math.inf


def other_count(told: list[Any]) -> None:
    first_record(told)[1] += 1


def other_offset(told: list[Any]) -> None:
    next(part for part in told if isinstance(part, list) and part and isinstance(part[0], list))[0][3] = -1


@pytest.mark.parametrize(
    "change",
    [
        *(flipped(step / 16) for step in range(1, 17)),
        lambda saved: saved[:-1],
        lambda saved: saved + b"\0",
        *map(written_anew, (other_time, other_count, other_offset)),
    ],
)
async def test_an_index_that_is_not_as_it_was_written_is_read_anew(
    root: Path, state: Path, change: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    await look(root, state)
    place = state / INDEX.name
    place.write_bytes(change(place.read_bytes()))
    source = await look(root, state)
    assert source.book.tail.counters.records == 2
    assert "not usable" in caplog.text
    caplog.clear()
    assert (await look(root, state)).book.tail.counters.records == 0
    assert not caplog.text


async def test_no_name_is_kept(root: Path, state: Path) -> None:
    """Neither a directory's nor a file's, nor the session's that a gateway's responses are told apart by."""
    told = answer(time.time() - 50)
    del told["requestId"]
    (root / "secretproject").mkdir()
    (root / "secretproject" / "secretsession.jsonl").write_bytes(lines(told | {"sessionId": "secretsession"}))
    source = JsonlSource([root], state)
    await source.load()
    data = (state / INDEX.name).read_bytes()
    assert source.book.tail.counters.records == 3
    assert not [word for word in (b"secret", os.fsencode(root), b"projects") if word in data]
    assert (await look_again(root, state)).book.tail.counters.records == 0


async def look_again(root: Path, state: Path) -> JsonlSource:
    source = JsonlSource([root], state)
    await source.load()
    return source


async def test_names_that_are_not_utf8(root: Path, state: Path) -> None:
    folder = root / os.fsdecode(b"ren\xe9")
    folder.mkdir()
    (root / "s.jsonl").rename(folder / os.fsdecode(b"\xff.jsonl"))
    await look(root, state)
    assert (await look(root, state)).book.tail.counters.records == 0
