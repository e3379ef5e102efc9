"""The ledger and the read positions on disk, so that a restart reads only what is new. Losing it costs time."""

import fcntl
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from math import inf
from pathlib import Path

import msgspec

from gauge_mqtt.core.blocks import Block
from gauge_mqtt.core.entries import EARLIEST, LATEST, Minute
from gauge_mqtt.core.ledger import MINUTE, Ledger
from gauge_mqtt.core.responses import Group, Records
from gauge_mqtt.sources.logs.listing import printable
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.place import INDEX

log = logging.getLogger(__name__)

VERSION = 8
INDEX_MAX = 512 << 20
ABANDONED_S = 3600.0
"""No save takes that long: a temporary file so old is nobody's, whatever its process number."""
TEMPORARY = re.compile(rf"\.{re.escape(INDEX.name)}\.(\d+)(\.[0-9a-f]+)?")


class _Stamp(msgspec.Struct, array_like=True, frozen=True):
    """How every version of the index begins."""

    version: int


class _Sealed(_Stamp, array_like=True, frozen=True):
    """An `_Index` as it was written: what a disk or a hand has changed since does not have this digest."""

    digest: bytes
    index: bytes


class _Index(msgspec.Struct, array_like=True, frozen=True):
    """`roots`: the log directories, each as a hash by `key`. `files`: found again by device and inode, not by name."""

    key: bytes
    roots: list[bytes]
    evicted_before: float
    evicted_block: Block | None
    files: list[LogFile]
    minutes: dict[int, Minute]
    week_from: float
    groups: dict[str, tuple[Records, bool]]


def encode(ledger: Ledger, files: Iterable[LogFile], roots: Iterable[Path]) -> bytes:
    horizon, block = ledger.evicted
    known, key = [file.unnamed() for file in files if file.offset or file.estimate[0]], secrets.token_bytes(32)
    index = msgspec.msgpack.encode(_Index(
        key, _hashed(roots, key), horizon, block, known, ledger.minutes,
        ledger.week_from, {message: (group.records, group.reused) for message, group in ledger.groups.items()},
    ))  # fmt: skip
    return msgspec.msgpack.encode(_Sealed(VERSION, _digest(index), index))


def write(directory: Path, data: bytes) -> None:
    """Replace the index in one step, for its owner only. Raises `OSError` and leaves nothing behind then."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    remove_abandoned(directory)
    temporary = directory / f".{INDEX.name}.{os.getpid()}.{secrets.token_hex(4)}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            _lock(file.fileno())
            file.write(data)
            file.flush()
            temporary.replace(INDEX.path_in(directory))
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def remove_abandoned(directory: Path) -> None:
    """Remove what killed publishers left behind, never what another one is writing now.

    A process number says little where several containers share a directory: what is being written is also locked.
    """
    with suppress(OSError):
        for entry in os.scandir(directory):
            match = TEMPORARY.fullmatch(entry.name)
            if match and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_abandoned(entry, int(match[1]))


def _remove_if_abandoned(entry: "os.DirEntry[str]", pid: int) -> None:
    fd = os.open(entry.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        old = entry.stat(follow_symlinks=False).st_mtime < time.time() - ABANDONED_S
        if _lock(fd) and (old or pid == os.getpid() or not _lives(pid)):
            Path(entry.path).unlink()
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    """False if somebody else has it. A file system without locks has none to respect."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def load(directory: Path, roots: Iterable[Path]) -> tuple[Ledger, list[LogFile]] | None:
    """What was saved for these roots; `None` if there is nothing usable, which is said in the log when it is odd."""
    path = INDEX.path_in(directory)
    try:
        data = _content(path)
        if msgspec.msgpack.decode(data, type=_Stamp).version != VERSION:
            return None
        sealed = msgspec.msgpack.decode(data, type=_Sealed)
        if sealed.digest != _digest(sealed.index):
            raise msgspec.ValidationError("not as it was written")
        index = msgspec.msgpack.decode(sealed.index, type=_Index)
        _check(index)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("index %s is not usable, reading the logs anew: %s", printable(path), error)
        return None
    if index.roots != _hashed(roots, index.key):
        return None
    ledger = Ledger()
    ledger.restore(index.minutes, index.groups, (index.evicted_before, index.evicted_block), index.week_from)
    return ledger, index.files


def _check(index: _Index) -> None:
    """Raises `msgspec.ValidationError` for what no log line can have brought in: a restart must not carry it on. The
    bounds of records are those of their type. Sums are not added up again, which was half of a restart: the digest
    says that they are what they were.
    """
    times = [index.evicted_before] if index.evicted_before != -inf else []
    times += index.evicted_block or ()
    times += [file.estimate[1] for file in index.files]
    times += [at for file in index.files if file.turn for at in (file.turn.waiting_since, file.turn.newest_at) if at]
    if not all(EARLIEST <= at < LATEST for at in times):
        raise msgspec.ValidationError("a time that no clock has")
    for number, minute in index.minutes.items():
        low, high = number * MINUTE, (number + 1) * MINUTE
        instants = [entry.at for entry in minute.entries.values()]
        if not low <= min(instants, default=-1.0) <= max(instants) < high:
            raise msgspec.ValidationError("a record at another time than its minute")
    if len({key for minute in index.minutes.values() for key in minute.entries}) != sum(
        len(minute.entries) for minute in index.minutes.values()
    ):
        raise msgspec.ValidationError("a record in two minutes")
    _check_groups(index)


def _check_groups(index: _Index) -> None:
    for records, reused in index.groups.values():
        if not all(records.values()):
            raise msgspec.ValidationError("a response without a record")
        for key, entry in Group(records, reused=reused, week_from=index.week_from).counted.items():
            minute = index.minutes.get(int(entry.at // MINUTE))
            if minute is None or minute.entries.get(key) != entry:
                raise msgspec.ValidationError("a record that counts and is in no minute")


def _digest(index: bytes) -> bytes:
    return blake2b(index, digest_size=16).digest()


def _content(path: Path) -> bytes:
    """Raises `OSError` or `msgspec.ValidationError`."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # so that a pipe in its place does not block
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise msgspec.ValidationError("not a regular file")
        if status.st_size > INDEX_MAX:
            raise msgspec.ValidationError("larger than any index we write")
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(fd)


def _hashed(roots: Iterable[Path], key: bytes) -> list[bytes]:
    """The names of the directories, which nobody can read back, nor try without the key."""
    return [blake2b(os.fsencode(root), key=key, digest_size=16).digest() for root in roots]
