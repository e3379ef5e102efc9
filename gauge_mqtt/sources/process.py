"""One run of a program, with limits: how long it may take, how much it may print, and what is left of it afterwards."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Self, cast

from gauge_mqtt.contract.errors import GaugeError

OUTPUT_MAX = 1 << 24
"""Bytes; the longest answer we ask for, a year of blocks, is about one MB."""
NICENESS = 10
QUOTED = 200
"""Characters of an answer that is none which are shown to the owner."""


class ProgramError(GaugeError):
    """Why a program gave no answer, in words."""


class SlowProgramError(ProgramError):
    """Its time was over."""


async def ask(path: Path, arguments: Sequence[str], env: Mapping[str, str], timeout_s: float) -> tuple[int, bytes, str]:
    """Its exit code, standard output, and the start of what it complains about. Raises `ProgramError`."""
    asked = asking(path, arguments)
    run = await Run.start(path, arguments, env)
    try:
        async with asyncio.timeout(timeout_s):
            return await run.collect(asked)
    except TimeoutError:
        raise SlowProgramError(f"{asked} gave no answer within {timeout_s:g} s") from None
    finally:
        await run.stop()


def asking(path: Path, arguments: Sequence[str]) -> str:
    """The command, as it is named in a message."""
    return f"`{' '.join([path.name, *arguments])}`"


class Run:
    """One run of a program: `start` it, `collect` what it prints, and `stop` it, whatever has happened."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, protocol: asyncio.subprocess.SubprocessStreamProtocol
    ) -> None:
        self._transport = transport
        self._process = asyncio.subprocess.Process(transport, protocol, asyncio.get_running_loop())
        self._complaints = asyncio.create_task(_start_of(cast("asyncio.StreamReader", self._process.stderr)))
        self._over = False

    @classmethod
    async def start(cls, path: Path, arguments: Sequence[str], env: Mapping[str, str]) -> Self:
        """Raises `ProgramError` if it does not start. Cancelled, it leaves nothing behind."""
        loop = asyncio.get_running_loop()
        starting = asyncio.create_task(
            loop.subprocess_exec(
                lambda: asyncio.subprocess.SubprocessStreamProtocol(1 << 16, loop),
                path,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",  # neutral: a `.ccusage` in the working directory changes defaults
                env=env,
                start_new_session=True,  # a process group of its own, so that its children can be ended, too
            )
        )
        cancelled = None
        try:
            await asyncio.wait({starting})
        except asyncio.CancelledError as error:  # asyncio itself would end it without its children, and wait for them
            cancelled = error
            await asyncio.wait({starting})
        try:
            run = cls(*starting.result())
        except OSError as error:
            raise cancelled or ProgramError(f"{path} does not start: {error.strerror}") from None
        if cancelled:
            await run.stop()
            raise cancelled
        with contextlib.suppress(OSError):  # it is over already
            os.setpriority(os.PRIO_PROCESS, run._process.pid, NICENESS)
        return run

    async def lines(self) -> AsyncIterator[bytes]:
        """What it prints, a line at a time, until it prints no more."""
        stream = cast("asyncio.StreamReader", self._process.stdout)
        while line := await stream.readline():
            yield line

    async def collect(self, asked: str) -> tuple[int, bytes, str]:
        """Its exit code, standard output, and the start of what it complains about. Raises `ProgramError` if it prints
        too much; `asked`: what it was asked, in words.
        """
        output = await _all_of(cast("asyncio.StreamReader", self._process.stdout), asked)
        said = " ".join((await self._complaints).decode("utf-8", "replace").split())
        code = await self._process.wait()
        self._over = True
        return code, output, said

    async def stop(self) -> None:
        """End it and its children, unless all of it is over."""
        if self._over:
            return
        self._complaints.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.wait({self._complaints})
        for pipe in (1, 2):  # a child that has left the group may hold it open
            cast("asyncio.BaseTransport", self._transport.get_pipe_transport(pipe)).close()
        await self._process.wait()


async def _all_of(stream: asyncio.StreamReader, asked: str) -> bytes:
    output = bytearray()
    while part := await stream.read(1 << 16):
        output += part
        if len(output) > OUTPUT_MAX:
            raise ProgramError(f"{asked} printed more than {OUTPUT_MAX >> 20} MB: {bytes(output[:QUOTED])!r}")
    return bytes(output)


async def _start_of(stream: asyncio.StreamReader) -> bytes:
    """The first bytes; the rest is read, too, so that the program is not held up."""
    start = b""
    while part := await stream.read(1 << 16):
        start = (start + part)[: 8 * QUOTED]
    return start
