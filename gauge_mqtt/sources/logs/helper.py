"""What the process that reads ahead tells of the session files: it begins with the newest, the reader itself with the
oldest. It only takes work away: what it has not told, or cannot tell, is read here as ever.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

import msgspec

from gauge_mqtt.sources.logs.ahead import LENGTH, PIPE_BYTES, Found, Started, Told
from gauge_mqtt.sources.logs.listing import ListedFile


class Helper:
    """What a process that was `started` tells. Must be closed, which ends it."""

    def __init__(self, started: Started) -> None:
        self._pid, self._pipe = started
        os.set_blocking(self._pipe, False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard, self._ended = asyncio.Event(), False
        self._received = bytearray()
        self._found: Found | None = None
        self._told: dict[bytes, list[Told]] = {}
        self._decode = msgspec.msgpack.Decoder(list[Told]).decode

    async def found(self) -> Found | None:
        """What there is to read. `None`: it died before it could say."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe, self._receive)
        await self._heard.wait()
        return self._found

    def told(self, item: ListedFile) -> Sequence[Told] | None:
        """What it has read of a file, up to the end of that; nothing if it cannot tell; `None` if it still may."""
        parts = self._told.get(item.path)
        if parts is None or not parts[-1].last:
            return () if self._ended else None
        del self._told[item.path]
        file = parts[-1].file
        return parts if (file.device, file.inode) == (item.device, item.inode) else ()

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._pipe)
        os.close(self._pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _receive(self) -> None:
        data = os.read(self._pipe, PIPE_BYTES)
        if not data:
            assert self._loop is not None  # noqa: S101, it calls this
            self._loop.remove_reader(self._pipe)
            self._ended = True
            self._heard.set()
        received, at = self._received, 0
        received += data
        while at + LENGTH.size <= len(received):
            start = at + LENGTH.size
            end = start + LENGTH.unpack_from(received, at)[0]
            if end > len(received):
                break
            self._take(bytes(received[start:end]))
            at = end
        del received[:at]

    def _take(self, message: bytes) -> None:
        if self._found is None:
            self._found = msgspec.msgpack.decode(message, type=Found)
            self._heard.set()
            return
        for told in self._decode(message):
            self._told.setdefault(told.file.path, []).append(told)
