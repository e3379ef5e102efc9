"""`gauge-mqtt-statusline` as Claude Code runs it: a process of its own, JSON on stdin."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

FIXTURE = Path(__file__).parent / "fixtures/quota/statusline.auto.jsonl"
SESSION = "808854e7-f363-4f03-99c5-1c9c19c73470"
COMMAND = [sys.executable, "-m", "gauge_mqtt.statusline"]
PATIENT = [sys.executable, "-c", "from gauge_mqtt import statusline as s; s.ASK_S = 30; raise SystemExit(s.main())"]
NOBODY = "127.0.0.1:1"


def redraw(number: int = -1, **changes: Any) -> dict[str, Any]:
    """A captured redraw whose resets lie ahead; the last one has percentages, the first has none yet."""
    told: dict[str, Any] = json.loads(FIXTURE.read_text().splitlines()[number])["j"]
    for name, window in told.get("rate_limits", {}).items():
        window["resets_at"] = int(time.time()) + {"five_hour": 7_200, "seven_day": 200_000}[name]
    return told | changes


def run(
    stdin: bytes | dict[str, Any], *arguments: str, usage: str = NOBODY, patient: bool = False, **environ: str
) -> "subprocess.CompletedProcess[bytes]":
    """`patient`: waits for the publisher's answer for as long as that takes on a busy machine."""
    text = json.dumps(stdin).encode() if isinstance(stdin, dict) else stdin
    return subprocess.run(
        [*(PATIENT if patient else COMMAND), "--usage", usage, *arguments],
        input=text, env=os.environ | environ, capture_output=True, check=False, timeout=30,
    )  # fmt: skip


def folder() -> Path:
    return Path.home() / ".local/state/gauge-mqtt/quota"


def files() -> list[str]:
    return [path.name for path in folder().iterdir()]


def drop(session: str = SESSION) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder() / f"{session}.json").read_text())
    return found


def test_the_reading_is_dropped_for_its_owner_alone() -> None:
    told, before = redraw(), time.time()
    run(told)
    found = drop()
    assert found["rate_limits"] == told["rate_limits"]
    assert found["config_dir"] == "/home/user/.claude"
    assert before <= found["seen_at"] <= time.time()
    assert (folder() / f"{SESSION}.json").stat().st_mode & 0o777 == 0o600
    assert folder().stat().st_mode & 0o777 == 0o700
    assert files() == [f"{SESSION}.json"], "no temporary file is left"


def test_nothing_of_the_work_is_dropped() -> None:
    run(redraw(transcript_path="/home/user/.claude/projects/-secret-project/x.jsonl"))
    assert "project" not in (folder() / f"{SESSION}.json").read_text()


@pytest.mark.parametrize("where", ["flag", "variable", "xdg"])
def test_the_state_directory_is_that_of_the_publisher(tmp_path: Path, where: str) -> None:
    flags = ["--state-dir", str(tmp_path / "s")] if where == "flag" else []
    environ = {"variable": {"CLAUDE_GAUGE_STATE_DIR": str(tmp_path / "s")}, "xdg": {"XDG_STATE_HOME": str(tmp_path)}}
    run(redraw(), *flags, **environ.get(where, {}))
    assert (tmp_path / ("gauge-mqtt" if where == "xdg" else "s") / "quota" / f"{SESSION}.json").exists()


def test_a_redraw_is_not_a_new_sample_but_an_answer_is() -> None:
    told = redraw()
    run(told)
    first = drop()
    run(told)
    assert drop() == first
    run(told | {"cost": told["cost"] | {"total_api_duration_ms": 9_999}})
    assert drop()["seen_at"] > first["seen_at"]


def test_a_redraw_a_minute_later_tells_that_we_are_still_called() -> None:
    told = redraw()
    run(told)
    path = folder() / f"{SESSION}.json"
    path.write_text(json.dumps(drop() | {"seen_at": time.time() - 70, "called_at": time.time() - 61}))
    run(told)
    assert drop()["called_at"] > time.time() - 30
    assert drop()["seen_at"] < time.time() - 69


@pytest.mark.parametrize("before", [b"", b"{", b"[]", b"\xff", b'{"seen_at": 9e99}', b"[" * 60_000])
def test_a_broken_drop_file_is_replaced(before: bytes) -> None:
    folder().mkdir(parents=True)
    (folder() / f"{SESSION}.json").write_bytes(before)
    run(redraw())
    assert drop()["rate_limits"]["five_hour"]["used_percentage"] == 23.5


def test_a_session_id_is_no_path() -> None:
    run(redraw(session_id="../../../escaped"))
    assert files() == ["escaped.json"]


@pytest.mark.parametrize("limits", [None, [], 7, {"five_hour": 3}, {"five_hour": {"used_percentage": "x"}}])
def test_odd_percentages_are_unknown(limits: Any) -> None:
    done = run(redraw(rate_limits=limits), NO_COLOR="1")
    assert done.stdout.decode().startswith("5h --  7d --")
    assert drop()["session_id"] == SESSION


READING = b'{"session_id":"a","rate_limits":{"five_hour":{"used_percentage":%s}}}'
GARBAGE = {
    "nothing": b"",
    "blank": b" \n",
    "no JSON": b"hello",
    "cut": b'{"session_id": "a',
    "no object": b"[1]",
    "junk": bytes(range(256)) * 4096,
    "deep": b"[" * 100_000,
    "a long number": READING % (b"9" * 5000),
    "NaN": READING % b"NaN",
    "infinite": READING % b"1e999",
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_garbage_costs_nothing_but_the_reading(text: bytes) -> None:
    done = run(text, NO_COLOR="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"5h --  7d --\n", b"")
    chained = run(text, "--then", "cat")
    assert (chained.returncode, chained.stdout, chained.stderr) == (0, text, b"")


def test_closed_stdin_and_closed_stdout() -> None:
    line = " ".join([*COMMAND, "--usage", NOBODY])
    shell = f"{line} <&-; echo $?; {line} --then 'cat; echo here' <&-; {line} >&- </dev/null; echo $?"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, check=False, timeout=30, env=os.environ)
    assert done.stdout.decode().split("\n")[1:] == ["0", "here", "0", ""]
    assert done.stderr == b""


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1 << 20, (1 << 24) - 1])
def test_the_chained_command_reads_the_whole_stdin(size: int) -> None:
    text = os.urandom(size)
    assert run(text, "--then", "cat").stdout == text


def test_a_chained_command_that_reads_nothing_is_not_waited_for() -> None:
    assert run(b"x" * (1 << 20), "--then", "echo mine").stdout == b"mine\n"


def test_the_chained_command_is_itself(tmp_path: Path) -> None:
    """Output with colours and several lines, errors, exit code, directory, and the environment to the byte."""
    told = json.dumps(redraw()).encode()
    script = "printf '\\033[31mred\\033[0m\\ntwo\\n'; echo sorry >&2; pwd; env | sort; exit 7"
    environ = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "LANG": "C", "ODD": "a=b\nc", "COLUMNS": "80"}

    def outcome(command: list[str]) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            command, input=told, env=environ, cwd=tmp_path, capture_output=True, check=False, timeout=30
        )
        return done.returncode, done.stdout, done.stderr

    alone = outcome(["/bin/sh", "-c", script])
    assert b"ODD=a=b\n" in alone[1]
    assert outcome([*COMMAND, "--then", script]) == alone
    assert drop()["session_id"] == SESSION, "and the reading was taken first"


def test_a_command_that_is_missing_fails_as_it_would_alone() -> None:
    done = run(redraw(), "--then", "no-such-program-here")
    assert (done.returncode, b"not found" in done.stderr) == (127, True)


def test_a_broken_pipe_ends_the_chained_command_as_it_would_alone() -> None:
    """Python ignores SIGPIPE; a command that inherited that would complain instead of ending."""
    shell = f"{' '.join(COMMAND)} --then 'yes' </dev/null | head -1"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == (b"y\n", b"")


def test_the_signal_of_claude_code_reaches_the_chained_command(tmp_path: Path) -> None:
    script = f"trap 'echo TERM > {tmp_path}/caught; exit 9' TERM; echo up; while :; do sleep 0.05; done"
    child = subprocess.Popen([*COMMAND, "--then", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert child.stdout
    assert child.stdout.readline() == b"up\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 9
    assert (tmp_path / "caught").read_text() == "TERM\n"
    child.stdout.close()


def test_a_full_disk_costs_nothing_but_the_file() -> None:
    """`ulimit -f 0`: every write to a file fails, as on a full disk; SIGXFSZ is what kills who does not ignore it."""
    told = json.dumps(redraw()).encode()
    for rest, expected in (("", b"5h 23%"), ("--then 'echo mine'", b"mine")):
        shell = f"ulimit -f 0; {' '.join(COMMAND)} --usage {NOBODY} {rest}"
        done = subprocess.run(
            ["bash", "-c", shell], input=told, capture_output=True, check=False, timeout=30,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "40"},
        )  # fmt: skip
        assert (done.returncode, done.stdout[: len(expected)]) == (0, expected)
        assert files() == [], "nothing is left lying"


def test_a_state_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(redraw(), "--state-dir", str(tmp_path / "file/sub"), NO_COLOR="1")
    assert done.stdout.startswith("5h ▰▰▱▱▱▱▱▱ 23%".encode())


def test_the_line_fits_the_terminal_and_is_the_richest_that_does() -> None:
    told = redraw(model={"display_name": "Sonnet 5.5"})
    seen = {}
    for columns in range(1, 101):
        text = run(told, NO_COLOR="1", COLUMNS=str(columns)).stdout.decode().rstrip("\n")
        assert len(text) <= max(columns - 4, 0)
        seen[text] = columns
    forms = list(seen)
    assert forms[:3] == ["", "5h 23%", "5h 23%  7d 41%"]
    assert forms[-1].startswith("5h ▰▰▱▱▱▱▱▱ 23% ↻ ")
    assert forms[-1].endswith("Sonnet 5.5")


def test_colours_unless_they_are_not_wanted() -> None:
    assert b"\x1b[32m" in run(redraw(), NO_COLOR="").stdout
    assert b"\x1b" not in run(redraw(), NO_COLOR="1").stdout
    assert b"\x1b" not in run(redraw(), TERM="dumb").stdout
    limits = {"five_hour": {"used_percentage": 80.5, "resets_at": time.time() + 99}}
    assert b"\x1b[31m" in run(redraw(rate_limits=limits)).stdout


def test_a_name_with_control_characters_draws_nothing_else() -> None:
    assert b"\x1b" not in run(redraw(model={"display_name": "a\x1b[2Jb\n"}), NO_COLOR="1").stdout


@pytest.mark.parametrize(("percent", "ahead"), [(-1, 60), (101, 60), (1_795_866_668, 60), (50, -1), (50, 9e9)])
def test_what_cannot_be_is_unknown_in_the_line(percent: float, ahead: float) -> None:
    limits = {"five_hour": {"used_percentage": percent, "resets_at": time.time() + ahead}}
    assert run(redraw(rate_limits=limits), NO_COLOR="1").stdout.startswith(b"5h --")


def test_a_percentage_is_never_rounded_up() -> None:
    limits = {"five_hour": {"used_percentage": 99.9, "resets_at": time.time() + 99}}
    assert b" 99% " in run(redraw(rate_limits=limits), NO_COLOR="1").stdout


class _Publisher(BaseHTTPRequestHandler):
    body: ClassVar[bytes] = b""
    delay: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        time.sleep(self.delay)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Something that serves `_Publisher.body` as a publisher serves its snapshot."""
    monkeypatch.setattr(_Publisher, "delay", 0.0)
    server = HTTPServer(("127.0.0.1", 0), _Publisher)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def serve(**values: Any) -> None:
    now = time.time()
    _Publisher.body = json.dumps(
        {
            "updated_at": iso(now),
            "source": "jsonl",
            "rate_1m": 12_345.0,
            "window_5h_pct": 0.5,
            "window_5h_source": "official",
            "window_5h_resets_at": iso(now + 7_200),
            "window_5h_asof": iso(now + 5),
            "window_7d_pct": None,
        }
        | values
    ).encode()


def iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def test_a_publisher_adds_the_rate_and_what_other_sessions_know(publisher: str) -> None:
    serve()
    text = run(redraw(), usage=publisher, patient=True, NO_COLOR="1", COLUMNS="120").stdout.decode()
    assert "12.3k tok/min" in text
    assert "50%" in text, "its 5 h share is younger than this session's"
    assert "41%" in text, "and it has none for the week"


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ({"window_5h_asof": iso(0)}, "23%"),
        ({"window_5h_source": "ceiling"}, "23%"),
        ({"window_5h_source": "calibrated"}, "~50%"),
        ({"updated_at": iso(0)}, "23%"),
        ({"source": "demo"}, "23%"),
    ],
)
def test_whose_share_is_shown(publisher: str, values: dict[str, Any], share: str) -> None:
    serve(**values)
    assert f"▱ {share} " in run(redraw(), usage=publisher, patient=True, NO_COLOR="1", COLUMNS="120").stdout.decode()


def test_a_slow_or_odd_publisher_is_not_waited_for(publisher: str) -> None:
    _Publisher.body = b"<html>"
    assert "23%" in run(redraw(), usage=publisher, NO_COLOR="1").stdout.decode()
    serve()
    _Publisher.delay = 6.0
    started = time.monotonic()
    assert "tok/min" not in run(redraw(), usage=publisher, NO_COLOR="1").stdout.decode()
    assert time.monotonic() - started < 6


def test_no_address_is_so_odd_that_the_line_is_missing() -> None:
    for usage in ("nowhere", ":", "[::1]:x", "127.0.0.1:99999", "no.such.host.invalid:80"):
        assert b"23%" in run(redraw(), usage=usage, NO_COLOR="1").stdout


def test_wrong_arguments_are_passed_over() -> None:
    assert b"23%" in run(redraw(), "--colour", "odd", "extra", "--then", NO_COLOR="1").stdout


def test_it_explains_itself() -> None:
    assert b"gauge-mqtt-statusline [--state-dir DIR]" in run(b"", "--help").stdout


def test_it_imports_nothing_but_the_standard_library() -> None:
    script = "import sys; b=set(sys.modules); import gauge_mqtt.statusline; print(*sorted(set(sys.modules)-b))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == ["__future__", "gauge_mqtt", "gauge_mqtt.statusline"]
