"""`gauge-mqtt` as a user runs it: a command in this process, or `run` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Self

import httpx
from click.testing import CliRunner, Result

from gauge_mqtt.app.cli import main
from tests.support.brokers import Mosquitto
from tests.support.lines import answer, line
from tests.support.waiting import PATIENCE_S, Stopwatch, until

TOKENS = 43_120


def gauge(*args: str, **environ: str) -> Result:
    return CliRunner().invoke(main, args, env=environ)


def url(broker: Mosquitto) -> str:
    return f"mqtt://127.0.0.1:{broker.port}"


def write_log(*, tokens: int = TOKENS, name: str = "one", age_s: float = 5) -> Path:
    """A session of one answer, by default of this minute, where Claude Code would write it."""
    path = Path.home() / f".claude/projects/-home-user-project/{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(line(answer(time.time() - age_s, tokens)))
    return path


class Daemon:
    """`gauge-mqtt run` in a process of its own. `log`: what it has written so far. `changed`: Python that runs before,
    to change a constant in there.
    """

    def __init__(
        self,
        *args: str,
        stderr: IO[bytes] | int | None = None,
        verbose: bool = False,
        changed: str = "",
        **environ: str,
    ) -> None:
        self._log_file = Path.home() / f"gauge-{time.monotonic_ns()}.log"
        self._args = [*(["-v"] if verbose else []), "run", "--http-port", "0", "--instance", "lab", *args]
        self._stderr, self._environ = stderr, environ
        self._program = (
            ["-c", f"{changed}\nfrom gauge_mqtt.__main__ import main\nmain()"] if changed else ["-m", "gauge_mqtt"]
        )

    def __enter__(self) -> Self:
        with self._log_file.open("wb") as log:
            self.child = subprocess.Popen(
                [sys.executable, *self._program, *self._args],
                env=os.environ | self._environ,
                stdout=log,
                stderr=log if self._stderr is None else self._stderr,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    def wait_for_log(self, words: str) -> None:
        try:
            until(lambda: words in self.log)
        except AssertionError as error:
            raise AssertionError(f"never said {words!r}, but:\n{self.log}") from error

    def address(self) -> str:
        """Where it serves HTTP."""
        return str(until(lambda: re.search(r"HTTP: (http://\S+)/usage", self.log))[1])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address() + path)

    def usage(self) -> dict[str, Any]:
        return dict(self.get("/usage").json() or {})

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; the exit code, and the seconds until the end that were its own."""
        watch = Stopwatch(self.child.pid)
        self.child.send_signal(number)
        until(lambda: os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
        seconds = watch.seconds
        return self.wait(), seconds

    def wait(self) -> int:
        return self.child.wait(PATIENCE_S)
