"""The ledger and the read positions on disk, so that a restart reads only what is new. Losing it costs time."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gauge_mqtt.core.blocks import Block
from gauge_mqtt.core.ledger import Ledger, Minute
from gauge_mqtt.core.turns import Turn
from gauge_mqtt.sources.logs.tail import LogFile

log = logging.getLogger(__name__)

VERSION = 3
NAME = "jsonl-index.msgpack"
INDEX_MAX = 512 << 20


class _Stamp(msgspec.Struct, array_like=True, frozen=True):
    """How every version of the index begins."""

    version: int


class _File(msgspec.Struct, array_like=True, frozen=True):
    path: str
    device: int
    inode: int
    offset: int
    head_size: int
    head_crc: int
    skipping: bool
    turn: Turn | None


class _Index(msgspec.Struct, array_like=True, frozen=True):
    version: int
    roots: list[str]
    complete_since: float
    evicted_before: float
    evicted_block: Block | None
    files: list[_File]
    minutes: dict[int, Minute]


def encode(ledger: Ledger, files: Iterable[LogFile], roots: Iterable[Path]) -> bytes:
    horizon, block = ledger.evicted
    return msgspec.msgpack.encode(
        _Index(
            VERSION, [str(root) for root in roots], ledger.complete_since, horizon, block,
            [
                _File(f.path, f.device, f.inode, f.offset, f.head_size, f.head_crc, f.skipping, f.turn)
                for f in files
                if f.offset
            ],
            ledger.minutes,
        )
    )  # fmt: skip


def write(directory: Path, data: bytes) -> None:
    """Replace the index in one step. Raises `OSError`. Readable by its owner only: it names the user's projects."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = directory / f".{NAME}.{os.getpid()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    temporary.replace(directory / NAME)


def load(directory: Path, roots: Iterable[Path]) -> tuple[Ledger, list[LogFile]] | None:
    """What was saved for these roots; `None` if there is nothing usable, which is said in the log when it is odd."""
    path = directory / NAME
    try:
        if path.stat().st_size > INDEX_MAX:
            raise msgspec.ValidationError("larger than any index we write")
        data = path.read_bytes()
        if msgspec.msgpack.decode(data, type=_Stamp).version != VERSION:
            return None
        index = msgspec.msgpack.decode(data, type=_Index)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("index %s is not usable, reading the logs anew: %s", path, error)
        return None
    if index.roots != [str(root) for root in roots]:
        return None
    ledger = Ledger()
    ledger.restore(index.minutes, (index.evicted_before, index.evicted_block))
    ledger.complete_since = index.complete_since
    return ledger, [
        LogFile(f.path, f.device, f.inode, f.offset, f.head_size, f.head_crc, f.skipping, f.turn) for f in index.files
    ]
