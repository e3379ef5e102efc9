"""What the process that reads ahead tells of the session files: it begins with the newest, the reader itself with the
oldest. It only takes work away: what it has not told, or cannot tell, is read here as ever.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque

import msgspec

from gauge_mqtt.sources.logs import ahead
from gauge_mqtt.sources.logs.ahead import HEADER, PIPE_BYTES, Found, Started, Told
from gauge_mqtt.sources.logs.listing import ListedFile, Listing
from gauge_mqtt.sources.logs.peek import Estimates

log = logging.getLogger(__name__)


class Helper:
    """What a process that was `started` tells. Must be closed, which ends it."""

    def __init__(self, started: Started) -> None:
        self._pid, self._pipe = started
        os.set_blocking(self._pipe, False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard, self._ended, self._is_whole = asyncio.Event(), False, False
        self._received = bytearray()
        self._files = list[ListedFile]()
        self._found: tuple[Listing, Estimates | None] | None = None
        self._told: deque[Told] = deque()
        self._decode_listed = msgspec.msgpack.Decoder(list[ListedFile]).decode
        self._decode_told = msgspec.msgpack.Decoder(Told).decode

    async def found(self) -> tuple[Listing, Estimates | None] | None:
        """What there is to read, and how old the copies among it are unless it only lists. `None`: it died before."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe, self._receive)
        await self._heard.wait()
        return self._found

    @property
    def is_done(self) -> bool:
        """Whether there is and will be nothing more."""
        return self._ended and not self._told

    def told(self) -> Told | None:
        """The next that it has read; `None` if that is not there yet."""
        return self._told.popleft() if self._told else None

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._pipe)
        os.close(self._pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _receive(self) -> None:
        try:
            data = os.read(self._pipe, PIPE_BYTES)
        except BlockingIOError:  # a loop may call once too often
            return
        if not data:
            assert self._loop is not None  # noqa: S101, it calls this
            self._loop.remove_reader(self._pipe)
            self._ended = True
            self._heard.set()
            if not self._is_whole:
                self._complain("was ended from outside")
        received, at = self._received, 0
        received += data
        while at + HEADER.size <= len(received):
            start = at + HEADER.size
            kind, size = HEADER.unpack_from(received, at)
            if start + size > len(received):
                break
            self._take(kind, bytes(received[start : start + size]))
            at = start + size
        del received[:at]

    def _take(self, kind: int, message: bytes) -> None:
        match kind:
            case ahead.LISTED:
                self._files += self._decode_listed(message)
            case ahead.FOUND:
                found = msgspec.msgpack.decode(message, type=Found)
                self._found = found.listing(self._files), found.copies
                self._heard.set()
            case ahead.TOLD:
                self._told.append(self._decode_told(message))
            case ahead.FAULT:
                self._complain(f"has failed: {message.decode()}")
            case ahead.DONE:
                self._is_whole = True

    def _complain(self, why: str) -> None:
        self._is_whole = True
        log.warning("the process that reads the logs ahead %s; the rest is read without it", why)
