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
from hashlib import blake2b
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


def entries_of(minute: list[Any]) -> dict[str, list[Any]]:
    return next(part for part in minute if isinstance(part, dict))


def first_minute(saved: list[Any]) -> tuple[int, list[Any], list[Any]]:
    """Its number, its list and its first record, in a decoded index."""
    minutes = next(part for part in saved if isinstance(part, dict))
    number, minute = next(iter(minutes.items()))
    return number, minute, next(iter(entries_of(minute).values()))


def set_time(at: float) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        _, _, record = first_minute(saved)
        record[0] = at

    return poison


def set_count(count: int) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        _, minute, record = first_minute(saved)
        minute[0] += count - record[1]  # so that the sum does not give it away
        record[1] = count

    return poison


def another_minute(saved: list[Any]) -> None:
    minutes = next(part for part in saved if isinstance(part, dict))
    number = next(iter(minutes))
    minutes[10**17] = minutes.pop(number)


def twice(saved: list[Any]) -> None:
    minutes = next(part for part in saved if isinstance(part, dict))
    first, second = minutes.values()
    key, record = next(iter(entries_of(second).items()))
    entries_of(first)[key] = [*next(iter(entries_of(first).values()))[:1], *record[1:]]


def turn(at: float) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        files = next(part for part in saved if isinstance(part, list) and part and isinstance(part[0], list))
        place = next(i for i, value in enumerate(files[0]) if isinstance(value, dict))
        files[0][place]["newest_at"] = files[0][place]["waiting_since"] = at

    return poison


def offset(at: int) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        files = next(part for part in saved if isinstance(part, list) and part and isinstance(part[0], list))
        files[0][3] = at

    return poison


def estimate(at: float) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        files = next(part for part in saved if isinstance(part, list) and part and isinstance(part[0], list))
        files[0][8] = [1, at]

    return poison


def evicted(at: float) -> Callable[[list[Any]], None]:
    def poison(saved: list[Any]) -> None:
        saved[2], saved[3] = at, [at, at, at]

    return poison


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


@pytest.mark.parametrize(
    "change",
    [
        *(flipped(step / 16) for step in range(1, 17)),
        lambda saved: saved[:-1],
        lambda saved: saved + b"\0",
        *map(written_anew, (set_time(0.0), set_count(101), offset(1))),
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


@pytest.mark.parametrize(
    "poison",
    [
        *map(set_time, (math.nan, math.inf, -math.inf, 1e300, -62e9, 2.5e11, 0.0)),
        *map(set_count, (-1, 10**18, 2**63)),
        another_minute, twice,
        *map(turn, (math.nan, math.inf, 1e300, -1e300)),
        *map(offset, (-1, 2**63)),
        *map(estimate, (math.nan, math.inf, -1.0)),
        *map(evicted, (math.nan, math.inf, 1e300)),
    ],
)  # fmt: skip
async def test_no_poison_outlives_a_restart(
    root: Path, state: Path, poison: Callable[[list[Any]], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Not even under its digest."""
    await look(root, state)
    place = state / INDEX.name
    version, _, index = msgspec.msgpack.decode(place.read_bytes())
    told = msgspec.msgpack.decode(index)
    poison(told)
    index = msgspec.msgpack.encode(told)
    place.write_bytes(msgspec.msgpack.encode([version, blake2b(index, digest_size=16).digest(), index]))
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
