"""The bar on a terminal while a large history is read, and its absence everywhere else."""

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from tests.support.brokers import Mosquitto
from tests.support.program import Daemon, url, write_log
from tests.support.waiting import PATIENCE_S, until

BigHistory = Callable[[int, int], int]


class Terminal:
    """A terminal of a test: `shown` is everything written to it."""

    def __init__(self) -> None:
        ours, self.theirs = pty.openpty()
        self.shown = b""
        threading.Thread(target=self._read, args=(ours,), daemon=True).start()

    def _read(self, ours: int) -> None:
        while True:
            try:
                self.shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                os.close(ours)
                return


@pytest.mark.parametrize("verb", ["run", "once"])
def test_a_large_history_shows_its_progress_on_a_terminal(
    mosquitto: Mosquitto, big_history: BigHistory, verb: str
) -> None:
    mosquitto.start()
    total, terminal = big_history(40, 10), Terminal()
    command = [sys.executable, "-m", "gauge_mqtt", verb, "--mqtt-url", url(mosquitto), "--http-port", "0"]
    child = subprocess.Popen(command, env=os.environ | {"TERM": "xterm", "COLUMNS": "100"}, stderr=terminal.theirs,
                             stdout=subprocess.PIPE)  # fmt: skip
    os.close(terminal.theirs)
    try:
        until(lambda: b"reading history" in terminal.shown)
        if verb == "run":
            until(lambda: terminal.shown.count(b"\x1b[?25h") == 1, 20)  # the cursor is back: the bar is gone
            child.terminate()
        out, _ = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 0
        assert b"MB" in terminal.shown
        assert terminal.shown.count(b"\x1b[?25l") == terminal.shown.count(b"\x1b[?25h") == 1
        assert verb == "run" or f"{total:,} tokens" in out.decode()
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize("verb", ["run", "once"])
def test_whatever_ends_the_reading_the_cursor_is_back(
    mosquitto: Mosquitto, big_history: BigHistory, verb: str, number: signal.Signals
) -> None:
    mosquitto.start()
    big_history(200, 1)
    terminal = Terminal()
    command = [sys.executable, "-m", "gauge_mqtt", verb, "--mqtt-url", url(mosquitto), "--http-port", "0"]
    child = subprocess.Popen(
        command, env=os.environ | {"TERM": "xterm"}, stderr=terminal.theirs, stdout=terminal.theirs
    )
    os.close(terminal.theirs)
    until(lambda: b"reading history" in terminal.shown, 10)
    child.send_signal(number)
    assert child.wait(20) == (0 if verb == "run" else -number)
    until(lambda: terminal.shown.count(b"\x1b[?25l") == terminal.shown.count(b"\x1b[?25h") == 1)
    assert b"Traceback" not in terminal.shown


def test_a_small_history_or_no_terminal_shows_no_progress(mosquitto: Mosquitto, big_history: BigHistory) -> None:
    mosquitto.start()
    write_log()
    terminal = Terminal()
    with Daemon("--mqtt-url", url(mosquitto), stderr=terminal.theirs) as daemon:
        until(lambda: b"HTTP: http" in terminal.shown)
        daemon.end()
    os.close(terminal.theirs)
    assert b"reading history" not in terminal.shown
    assert b"\x1b" not in terminal.shown, "not a single control sequence"
    big_history(40, 10)
    with Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: daemon.usage().get("window_7d_tokens"))
        daemon.end()
        assert "reading history" not in daemon.log
