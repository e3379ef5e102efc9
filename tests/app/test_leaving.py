"""The second Ctrl-C, however soon after the first."""

import signal
import subprocess
import sys

import pytest

TIMES = 20
PROGRAM = f"""
import asyncio, os, signal, sys
from gauge_mqtt.app import leaving
from gauge_mqtt.app.board import Board
from gauge_mqtt.contract.health import Health
from gauge_mqtt.core.reading import Limits

leaving.LEAVE_S = 600
number = signal.Signals[sys.argv[1]]

class Sink:
    "Says good-bye for as long as it may, as to a broker that does not answer."
    name, health = "sink", Health(ok=True, detail="")

    def show(self, usage, events, *, beat): pass

    async def run(self):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(600)
            raise

def send(turns, between=None):
    "The signal now, and again `between` iterations of the loop later: none is within the same callback."
    if turns:
        asyncio.get_running_loop().call_soon(send, turns - 1, between)
        return
    signal.raise_signal(number)
    if between == 0:
        signal.raise_signal(number)
    elif between is not None:
        asyncio.get_running_loop().call_soon(send, between - 1)

async def publish(between):
    async with leaving.until_signalled() as stop:
        board = asyncio.create_task(Board([], [Sink()], Limits(), "lab").run())
        send(10, between)
        await leaving.run_until(stop, board)

for between in range({TIMES}):
    if not (child := os.fork()):
        signal.alarm(10)
        try:
            asyncio.run(publish(between))
        except KeyboardInterrupt:
            os._exit(130)
        os._exit(0)
    print(between, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_second_signal_of_a_kind_ends_it_however_soon_it_comes(number: signal.Signals, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, number.name], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stdout.splitlines() == [f"{between} {code}" for between in range(TIMES)], done.stderr
    assert done.stderr == ""
