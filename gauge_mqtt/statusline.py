"""The command `gauge-mqtt-statusline`, which Claude Code runs each time it draws its status line.

    gauge-mqtt-statusline [--state-dir DIR] [--usage HOST:PORT] [--then COMMAND]

Claude Code writes a JSON object on stdin. The plan percentages in it (`rate_limits`) go to `DIR/quota/<session>.json`,
where `gauge-mqtt run` reads them. Then COMMAND, the status line command that was set before, replaces this process: its
output, exit code and signals are its own. Without a COMMAND one line is printed, with what a publisher at HOST:PORT
(default 127.0.0.1:8080) adds. Nothing of the project is imported and little of the standard library, since this starts
at each redraw. Whatever goes wrong with the reading, the line appears.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` takes 4 ms to import
    from typing import Any

STDIN_MAX = 1 << 24
DROP_MAX = 1 << 16
"""Bytes of a drop file; a real one has 400."""
ANSWER_MAX = 1 << 16
REWRITE_S = 60.0
"""A drop file whose reading is the same is written again after that long, to tell that we are still called."""
ASK_S = 0.04
"""Seconds in which a running publisher must answer."""
STALE_S = 90.0
"""A snapshot older than this is not shown: its publisher hangs."""
WINDOWS = {"5h": "five_hour", "7d": "seven_day"}
WINDOWS_MAX = 8
"""Windows kept of one reading; Claude Code knows three."""
NAME_MAX = 64
SHELL = "/bin/sh"
MARGIN = 4
"""Columns of the terminal that Claude Code keeps for itself."""
BAR = 8
"""Cells of a fuel's bar."""
FORMS = (
    (True, True, True, True),
    (False, True, True, True),
    (False, True, True, False),
    (False, False, True, False),
    (False, False, False, False),
)
"""Forms of our own line, from the richest: with bars, with resets, with tokens a minute, with the model."""


def main() -> int:
    options = _options(sys.argv[1:])
    if "--help" in options:
        _write(1, (__doc__ or "").encode())
        return 0
    text = _stdin()
    told: dict[str, Any] = {}
    reading: dict[str, Any] = {}
    now = time.time()
    try:
        told = _parsed(text)
        reading = reading_of(told, now)
        _drop(reading, options.get("--state-dir") or _state_dir(), now)
    except Exception:  # noqa: BLE001, S110 (the user's line matters more; `doctor` notices that the file is missing)
        pass
    if options.get("--then"):
        return _replaced_by(options["--then"], text)
    try:
        usage = _usage(options.get("--usage") or f"127.0.0.1:{os.environ.get('CLAUDE_GAUGE_HTTP_PORT', '8080')}")
        line = line_of(told, reading, usage, now, dict(os.environ))
    except Exception:  # noqa: BLE001 (as above)
        line = "gauge-mqtt: no reading"
    _write(1, line.encode("utf-8", "replace") + b"\n")
    return 0


def _options(arguments: list[str]) -> dict[str, str]:
    """The pairs of `--name value`. What is not understood is passed over: an error would empty the user's line."""
    found, rest = {}, list(arguments)
    while rest:
        name = rest.pop(0)
        if name in {"-h", "--help"}:
            found["--help"] = ""
        elif name.startswith("--") and rest:
            found[name] = rest.pop(0)
    return found


def _state_dir() -> str:
    """As the publisher finds its own (`app/places.py`): what is set, the XDG directory, else the default."""
    xdg = os.environ.get("XDG_STATE_HOME", "")
    base = xdg if xdg.startswith("/") else os.path.expanduser("~/.local/state")  # noqa: PTH111 (pathlib: 6 ms)
    return os.environ.get("CLAUDE_GAUGE_STATE_DIR") or f"{base}/gauge-mqtt"


def _stdin() -> bytes:
    """All of stdin; nothing if it is closed or a terminal."""
    text = bytearray()
    try:
        if not os.isatty(0):
            while len(text) < STDIN_MAX and (part := os.read(0, 1 << 16)):
                text += part
    except OSError:
        pass
    return bytes(text)


def _write(fd: int, data: bytes) -> None:
    """All of it, or nothing more once the reader is gone."""
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        pass


# ---- the reading


def _parsed(text: bytes) -> dict[str, Any]:
    import json  # noqa: PLC0415 (a third of our time; not needed without input)

    told = json.loads(text) if text.strip() else {}
    return told if isinstance(told, dict) else {}


def reading_of(told: dict[str, Any], now: float) -> dict[str, Any]:
    """What is kept of Claude Code's object: no path but that of its configuration directory. Empty without session."""
    session, cost = told.get("session_id"), told.get("cost")
    if not isinstance(session, str):
        return {}
    return {
        "version": 1,
        "session_id": "".join(c for c in session if c.isascii() and (c.isalnum() or c in "-_"))[:NAME_MAX] or "unnamed",
        "config_dir": _config_dir(told),
        "claude_code": _short(told.get("version")),
        "api_ms": _number(cost.get("total_api_duration_ms")) if isinstance(cost, dict) else None,
        "rate_limits": _windows(told.get("rate_limits")),
        "seen_at": now,
        "called_at": now,
    }


def _drop(reading: dict[str, Any], state_dir: str, now: float) -> None:
    """Write the reading to its file unless it is there already. Raises `OSError`.

    A redraw is not a new sample: `seen_at` stays what it was while neither the percentages nor the time spent in
    requests (`cost.total_api_duration_ms`, which moves with each answer) changed.
    """
    if not reading:
        return
    import json  # noqa: PLC0415 (as above)

    folder = f"{os.path.expanduser(state_dir)}/quota"  # noqa: PTH111
    path = f"{folder}/{reading['session_id']}.json"
    before = _read(path)
    if before and all(before.get(key) == reading[key] for key in reading if key not in {"seen_at", "called_at"}):
        seen_at, called_at = _number(before.get("seen_at")), _number(before.get("called_at"))
        if seen_at is not None and called_at is not None and seen_at <= called_at <= now:
            reading["seen_at"] = seen_at
            if now - called_at < REWRITE_S:
                return
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    _replace(path, f"{folder}/.{reading['session_id']}.{os.getpid()}", json.dumps(reading).encode())


def _replace(path: str, temporary: str, data: bytes) -> None:
    """Never a half-written file under the name that is read."""
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            if os.write(fd, data) < len(data):
                raise OSError("the disk is full")
        finally:
            os.close(fd)
        os.rename(temporary, path)  # noqa: PTH104
    except OSError:
        os.unlink(temporary)  # noqa: PTH108
        raise


def _read(path: str) -> dict[str, Any]:
    import json  # noqa: PLC0415

    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            before = json.loads(os.read(fd, DROP_MAX))
        finally:
            os.close(fd)
    except (OSError, ValueError, RecursionError):
        return {}  # there is none, or it is broken: the new one takes its place
    return before if isinstance(before, dict) else {}


def _config_dir(told: dict[str, Any]) -> str:
    """The configuration directory, which stands for the account: logs are `<it>/projects/<project>/<session>.jsonl`."""
    transcript = told.get("transcript_path")
    if isinstance(transcript, str) and transcript.startswith("/"):
        projects = os.path.dirname(os.path.dirname(transcript))  # noqa: PTH120
        if os.path.basename(projects) == "projects":  # noqa: PTH119
            return os.path.dirname(projects)  # noqa: PTH120
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")  # noqa: PTH111


def _windows(limits: Any) -> dict[str, dict[str, float | None]] | None:
    """The numbers as they were told, however odd: whether they are to be believed is decided where they are read."""
    if not isinstance(limits, dict):
        return None
    found = [(_short(name), window) for name, window in limits.items() if isinstance(window, dict)]
    return {
        name or "": {key: _number(window.get(key)) for key in ("used_percentage", "resets_at")}
        for name, window in found[:WINDOWS_MAX]
    }


def _number(value: Any) -> float | None:
    """A finite number of JSON; Python reads NaN and Infinity there, too."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 else None  # noqa: PLR2004


def _short(value: Any) -> str | None:
    return "".join(c for c in value if c.isprintable())[:NAME_MAX] if isinstance(value, str) else None


# ---- the user's own command


def _replaced_by(command: str, text: bytes) -> int:
    """Become `command`, run as Claude Code itself would, with `text` to read. Returns only if there is no shell."""
    import signal  # noqa: PLC0415

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    rest = text
    try:
        while rest:
            rest = rest[os.write(writer, rest) :]
    except BlockingIOError:
        _feed(writer, rest)
    os.close(writer)
    os.dup2(reader, 0)
    os.set_inheritable(0, True)  # noqa: FBT003 (it is not if stdin was closed and the pipe itself is number 0)
    for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores, and its children would inherit that
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(SHELL, [SHELL, "-c", command], _environment())  # noqa: S606 (it is the shell)
    except OSError:
        return 127


def _feed(writer: int, rest: bytes) -> None:
    """What does not fit into the pipe is written by a grandchild, which the command never has to wait for."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork() == 0:
        os.closerange(0, writer)  # its output must not stay open on our account
        os.set_blocking(writer, True)
        _write(writer, rest)
    os._exit(0)


def _environment() -> dict[bytes, bytes]:
    """The environment we were given. Python adds LC_CTYPE to its own where the locale is C."""
    try:
        fd = os.open("/proc/self/environ", os.O_RDONLY)
        try:
            block = b"".join(iter(lambda: os.read(fd, 1 << 16), b""))
        finally:
            os.close(fd)
    except OSError:
        return dict(os.environb)
    return dict(pair.split(b"=", 1) for pair in block.split(b"\0") if b"=" in pair)


# ---- the line of our own


def _usage(where: str) -> dict[str, Any]:
    """The snapshot of a publisher on this machine; empty if there is none, it is slow, or shows no real numbers."""
    import json  # noqa: PLC0415
    import socket  # noqa: PLC0415

    host, _, port = where.rpartition(":")
    until, answer = time.monotonic() + ASK_S, b""
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ASK_S) as connection:
            connection.sendall(f"GET /usage HTTP/1.0\r\nHost: {where}\r\n\r\n".encode())
            while len(answer) < ANSWER_MAX:
                connection.settimeout(max(until - time.monotonic(), 0.001))
                if not (part := connection.recv(1 << 14)):
                    break
                answer += part
        usage = json.loads(answer.partition(b"\r\n\r\n")[2])
        fresh = isinstance(usage, dict) and _instant(usage["updated_at"]) > time.time() - STALE_S
        return usage if fresh and usage["source"] not in {"demo", "replay"} else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _instant(text: str | None) -> float:
    from datetime import datetime  # noqa: PLC0415

    return datetime.fromisoformat(text).timestamp() if text else 0.0


def line_of(
    told: dict[str, Any], reading: dict[str, Any], usage: dict[str, Any], now: float, environ: dict[str, str]
) -> str:
    """The richest form that fits: both fuels with bar and reset, tokens a minute, model. Unknown is `--`."""
    fuels = {name: _fuel(name, reading, usage, now) for name in WINDOWS}
    rate, model, columns = usage.get("rate_1m"), told.get("model"), environ.get("COLUMNS", "")
    tach = f"{_thousands(rate)} tok/min" if isinstance(rate, int | float) else ""
    family = (_short(model.get("display_name")) or "") if isinstance(model, dict) else ""
    width = int(columns) - MARGIN if columns.isdecimal() else 80 - MARGIN
    colours = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    for bar, reset, with_tach, with_model in FORMS:
        parts = [_styled(name, *fuels[name], now, bar=bar, reset=reset) for name in WINDOWS]
        parts += [[(tach, "31" if usage.get("hot") is True else "")]] if tach and with_tach else []
        parts += [[(family, "2")]] if family and with_model else []
        if sum(len(text) for part in parts for text, _ in part) + 2 * len(parts) - 2 <= width:
            break
    else:
        parts = parts[:1] if sum(len(text) for text, _ in parts[0]) <= width else []
    return "  ".join(
        "".join(f"\x1b[{code}m{text}\x1b[0m" if colours and code else text for text, code in part) for part in parts
    )


def _fuel(name: str, reading: dict[str, Any], usage: dict[str, Any], now: float) -> tuple[float | None, float, str]:
    """Share in percent, unix time of its reset (0: unknown), and `~` if it is no official number.

    This session's own reading, unless the publisher has a newer official one, or this one is none.
    """
    window = (reading.get("rate_limits") or {}).get(WINDOWS[name]) or {}
    used: float | None = window.get("used_percentage")
    resets_at: float | None = window.get("resets_at")
    own = used is not None and resets_at is not None and 0 <= used <= 100 and now < resets_at < now + 32 * 86400  # noqa: PLR2004
    share, basis = usage.get(f"window_{name}_pct"), usage.get(f"window_{name}_source")
    if isinstance(share, int | float):
        measured = basis in {"official", "calibrated"}
        if not own or (measured and _instant(usage.get(f"window_{name}_asof")) >= reading["seen_at"]):
            return share * 100, _instant(usage.get(f"window_{name}_resets_at")), "" if basis == "official" else "~"
    return (used, resets_at or 0.0, "") if own else (None, 0.0, "")


def _styled(
    name: str, used: float | None, resets_at: float, mark: str, now: float, *, bar: bool, reset: bool
) -> list[tuple[str, str]]:
    """One fuel as pieces of text with their colour (a number of SGR, empty for none)."""
    if used is None:
        return [(f"{name} --", "2")]
    colour = "31" if used > 80 else "33" if used > 50 else "32"  # noqa: PLR2004
    full = min(int(used * BAR / 100 + 0.5), BAR)
    cells = f"{'▰' * full}{'▱' * (BAR - full)} " if bar else ""
    pieces = [(f"{name} ", ""), (f"{cells}{mark}{int(used + 1e-9)}%", colour)]
    if reset and resets_at > now:
        form = "%H:%M" if time.localtime(resets_at)[:3] == time.localtime(now)[:3] else "%a %H:%M"
        pieces.append((f" ↻ {time.strftime(form, time.localtime(resets_at))}", "2"))
    return pieces


def _thousands(rate: float) -> str:
    if rate < 1000:  # noqa: PLR2004
        return f"{rate:.0f}"
    return f"{rate / 1000:.1f}k" if rate < 100_000 else f"{rate / 1000:.0f}k"  # noqa: PLR2004


if __name__ == "__main__":
    sys.exit(main())
