"""The real Claude Code, pinned: found in the cache or installed there with npm; and one of it in a pseudo-terminal."""

import contextlib
import fcntl
import json
import os
import platform
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.cache import cached
from tests.support.ccusage import npm_install

VERSION = "2.1.332"
PACKAGE = "@anthropic-ai/claude-code-linux-x64"
RUN_WITHIN_S = 120


@cache
def claude_binary() -> Path:
    """The native program. Raises `RuntimeError` where the package cannot be had."""

    def look(home: Path) -> Path:
        return home / f"node_modules/{PACKAGE}/claude"

    def install(home: Path) -> None:
        said = npm_install(home, "--force", f"{PACKAGE}@{VERSION}")
        if not look(home).exists():
            raise RuntimeError(f"npm brought no Claude Code {VERSION}: {said}")

    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise RuntimeError(f"{PACKAGE} is for another machine than this one")
    found = look(cached(f"npm-claude-code-{VERSION}", install))
    done = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=60)
    if VERSION not in done.stdout:
        raise RuntimeError(f"{found} does not run here: {done.stdout}{done.stderr}")
    return found


def skip_without_claude_code() -> None:
    try:
        claude_binary()
    except RuntimeError as error:
        pytest.skip(f"no Claude Code: {error}")


def print_mode(
    api: str, prompt: str, environ: Mapping[str, str], *, model: str, resume: str | None = None
) -> dict[str, Any]:
    """One run of `claude -p` with `environ` beside what it needs, and what it said of itself at the end."""
    project = Path.home() / "project"
    project.mkdir(exist_ok=True)
    again = ["--resume", resume] if resume else []
    done = subprocess.run(
        [claude_binary(), "-p", prompt, "--model", model, "--output-format", "json", *again],
        env=_environ(api) | environ, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=RUN_WITHIN_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def _environ(api: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "ANTHROPIC_BASE_URL": api,
        "CLAUDE_CODE_OAUTH_TOKEN": "dummy",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody there: nothing leaves this machine
        "NO_PROXY": "127.0.0.1",
    }


class Terminal:
    """Claude Code in a terminal of its own, signed in as a subscriber (by a made-up token), in a project it trusts."""

    def __init__(self, api: str, project: Path) -> None:
        self._api, self._project = api, project
        self.screen = b""

    def __enter__(self) -> Self:
        self._project.mkdir(parents=True, exist_ok=True)
        state = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "numStartups": 5,
            "projects": {str(self._project): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
        }
        (Path.home() / ".claude.json").write_text(json.dumps(state))
        environ = _environ(self._api) | {"TERM": "xterm-256color"}
        self._fd, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._child = subprocess.Popen(
            [claude_binary()], stdin=side, stdout=side, stderr=side, env=environ, cwd=self._project,
            start_new_session=True,
        )  # fmt: skip
        os.close(side)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(5)
        os.close(self._fd)

    def type(self, text: str) -> None:
        """A prompt and, as a key of its own, Enter."""
        os.write(self._fd, text.encode())
        time.sleep(0.3)
        os.write(self._fd, b"\r")

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # its end of the terminal is closed
            while part := os.read(self._fd, 1 << 16):
                self.screen += part
