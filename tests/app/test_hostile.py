"""The real program where nothing is as it should be: no traceback, an exit code that is documented, words that help."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from tests.support.program import write_log
from tests.support.waiting import until

DOCUMENTED = {0, 1, 2, 3}
VERBS = ["once", "once --json", "once --explain", "doctor", "show-config", "discovery show", "homeassistant card"]


class Hostile(NamedTuple):
    """`verb` with `environ` (`None`: not there at all), started by a shell with `redirection`, as the user `uid`."""

    verb: str
    environ: dict[str, str | None] = {}  # noqa: RUF012, nobody changes it
    redirection: str = ""
    uid: int = 0
    words: str = ""
    codes: frozenset[int] = frozenset(DOCUMENTED)


def setting(name: str, value: str, words: str | None = None) -> Hostile:
    """A setting that cannot be: exit code 2, and its name."""
    return Hostile("once", {f"CLAUDE_GAUGE_{name}": value}, words=words or f"{name.lower()} = ", codes=frozenset({2}))


ASCII: dict[str, str | None] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOGS: dict[str, str | None] = {"CLAUDE_CONFIG_DIR": "{home}/.claude"}
FINE = frozenset({0})
CASES = {
    "no home, no name": Hostile("once", LOGS | {"HOME": None}, uid=54_321, codes=FINE),
    "no home, nothing set": Hostile(
        "once", {"HOME": None}, uid=54_321, words="home directory, which this user has not"
    ),
    "no home, show": Hostile("show-config", {"HOME": None}, uid=54_321, words="not set", codes=FINE),
    "no home, doctor": Hostile("doctor", {"HOME": None}, uid=54_321, words="no home directory to look in"),
    "home of somebody else": Hostile("once", {"HOME": "/root"}, uid=54_321),
    "home of somebody else, logs not": Hostile(
        "once", LOGS | {"HOME": "/root", "XDG_CONFIG_HOME": "{home}"}, uid=54_321, codes=FINE
    ),
    "logs of somebody else": Hostile("once", {"HOME": "/root", "XDG_CONFIG_HOME": "{home}"}, uid=54_321),
    "logs of somebody else, doctor": Hostile(
        "doctor",
        {"HOME": "/root", "XDG_CONFIG_HOME": "{home}"},
        uid=54_321,
        words="/root/.claude/projects cannot be read",
    ),
    "status line of somebody else": Hostile(
        "statusline status", {"HOME": "/root", "XDG_CONFIG_HOME": "{home}"}, uid=54_321
    ),
    "list of somebody else's": Hostile("once", {"CLAUDE_CONFIG_DIR": "/root/a,/root/b"}, uid=54_321),
    "home is nowhere": Hostile("doctor", {"HOME": "/nowhere/at/all"}, words="/nowhere/at/all"),
    "home is empty": Hostile("once", {"HOME": ""}),
    "home is relative": Hostile("once", {"HOME": "here"}),
    "home is not utf-8": Hostile("doctor", {"HOME": "/tmp/ren\udce9"}, words="/tmp/ren"),
    "no environment": Hostile("once", {"HOME": None, "PATH": None, "LANG": None}),
    "logs not utf-8": Hostile("doctor", {"CLAUDE_CONFIG_DIR": "/tmp/ren\udce9,/x"}, words="/tmp/ren"),
    "state is not utf-8": Hostile("once", {"CLAUDE_GAUGE_STATE_DIR": "{home}/ren\udce9"}, codes=FINE),
    "state is a file": Hostile("once", {"CLAUDE_GAUGE_STATE_DIR": "{home}/file"}),
    "state is a device": Hostile("once", {"CLAUDE_GAUGE_STATE_DIR": "/dev/null/x"}),
    "state is not ours": Hostile("once", {"CLAUDE_GAUGE_STATE_DIR": "/proc/1"}),
    "setting not utf-8": setting("INSTANCE", "ren\udce9"),
    "variable not utf-8": Hostile("once", {"CLAUDE_GAUGE_\udce9": "1"}, words="did you mean", codes=frozenset({2})),
    "flag is empty": Hostile("once --state-dir ''", words="state_dir = ''", codes=frozenset({2})),
    "config is empty": Hostile("once --config ''", words="config", codes=frozenset({2})),
    "config is nowhere": setting("CONFIG", "/nowhere.toml", "/nowhere.toml"),
    "config is a directory": setting("CONFIG", "/tmp", "/tmp cannot be read: Is a directory"),
    "config has no end": setting("CONFIG", "/dev/zero", "/dev/zero has more than 1 MB"),
    "config of nobody": setting("CONFIG", "~nobody-here/x.toml", "no user nobody-here"),
    "no user": setting("MQTT_CA_FILE", "~nobody-here/x"),
    "no host": setting("PROM_URL", "http://", "prom_url"),
    "bad selector": setting("PROM_SELECTOR", '{host_name="desk"}'),
    "huge number": setting("5H_CEILING", "9" * 5000),
    "not a number": setting("STALL_MINUTES", "nan"),
    "every address": setting("HTTP_HOST", "*"),
    "host in brackets": Hostile("show-config", {"CLAUDE_GAUGE_HTTP_HOST": "[::1]"}, words="::1", codes=FINE),
    "far time zone": Hostile("once", {"TZ": "UTC+99"}, words="UTC", codes=FINE),
    "no time zone": Hostile("once", {"TZ": "Nowhere/At_All"}, codes=FINE),
    "narrow terminal": Hostile("doctor", {"COLUMNS": "40"}),
    "no terminal": Hostile("run --help", {"COLUMNS": "-7", "TERM": "nonsense"}, words="--http-port", codes=FINE),
    "wrong verb": Hostile("onec", words="No such command", codes=frozenset({2})),
    "wrong port": Hostile("run --http-port web", words="http_port", codes=frozenset({2})),
    "unknown host": Hostile("doctor --mqtt-url mqtt://homeassistant..local", words="no such host"),
    "host of one huge label": Hostile(f"doctor --mqtt-url mqtt://{'x' * 64}", words="no such host"),
    "directory is gone": Hostile("once", redirection="cd {home}/gone && rmdir {home}/gone &&"),
    "watch without a terminal": Hostile("watch", words="wants a terminal", codes=frozenset({1})),
    "tape without end": Hostile("once --source replay --tape /dev/zero", words="/dev/zero is larger"),
    "tape that is none": Hostile("once --source replay --tape /bin/sh", words="the tape /bin/sh: not a tape"),
    "a tape over another": Hostile("record {home}/file", words="name a file that is not", codes=frozenset({1})),
    "a dump to nowhere": Hostile("dump {home}/none/x", words="there is no directory", codes=frozenset({1})),
    "nobody to ask": Hostile("statusline install", words="--yes goes on without asking", codes=frozenset({1})),
    "no home, status line": Hostile("statusline status", {"HOME": None}, uid=54_321, words="--config-dir"),
    "early end of the reader": Hostile("show-config", redirection="| head -c 1"),
}
CASES |= {f"{verb}, ascii": Hostile(verb, ASCII) for verb in VERBS}
for stream in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1"):
    CASES |= {
        f"{verb} {stream}": Hostile(verb, redirection=stream) for verb in ("once --json", "doctor", "--help", "onec")
    }


def as_somebody(uid: int) -> list[str]:
    """What starts a command as a user whom no database knows."""
    prefix = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can be somebody else")
    probe = [*prefix, sys.executable, "-c", "import gauge_mqtt, pydantic"]
    if subprocess.run(probe, check=False, capture_output=True, timeout=20).returncode:
        pytest.skip("nobody else may read this checkout, or run its Python")
    return prefix


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One that every user may enter; those of pytest are its own user's."""
    with TemporaryDirectory(prefix="gauge-") as folder:
        path = Path(folder) / "home"
        monkeypatch.setenv("HOME", str(path))
        write_log()
        (path / "file").write_text("")
        (path / "gone").mkdir()
        for each in (Path(folder), *Path(folder).rglob("*")):
            each.chmod(0o755)
        yield path


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_environment_gets_a_traceback(case: Hostile, home: Path) -> None:
    program = f"{sys.executable} -m gauge_mqtt {case.verb}"
    if case.redirection.startswith("cd "):
        script = f"{case.redirection} {program}"
    elif case.redirection.startswith("|"):
        script = f"{program} {case.redirection}; exit ${{PIPESTATUS[0]}}"
    else:
        script = f"exec {program} {case.redirection}"
    changes = {name: value and value.replace("{home}", str(home)) for name, value in case.environ.items()}
    kept = {"CLAUDE_GAUGE_INSTANCE": "lab", "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    environ = {name: value for name, value in (os.environ | kept | changes).items() if value is not None}
    command = ["/bin/bash", "-c", script.replace("{home}", str(home))]
    if case.uid:
        command = [*as_somebody(case.uid), *program.split()]
    result = subprocess.run(
        command, env=environ, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL
    )  # fmt: skip
    said = (result.stdout + result.stderr).decode(errors="replace")
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert result.returncode in case.codes, said
    assert case.words in said
    rows = result.stdout.decode(errors="replace").splitlines()
    for row, below in pairwise([*rows, ""]):
        assert not row.startswith(("note ", "fault ")) or below.startswith("      fix: "), "one thing to do"


def catches(child: int, number: signal.Signals) -> bool:
    """Whether the process has a handler of its own, as the kernel has it."""
    mask = re.search(r"SigCgt:\s+(\w+)", Path(f"/proc/{child}/status").read_text())
    return mask is not None and bool(int(mask[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize("after", [0.0, 0.07, 0.15, 0.3, 0.45])
@pytest.mark.parametrize("verb", ["once", "run"])
def test_an_early_end_is_silent(verb: str, after: float, number: signal.Signals) -> None:
    """At any time from the program's first line on: the start of Python itself, which catches SIGINT, is not ours."""
    write_log()
    child = subprocess.Popen(
        [sys.executable, "-m", "gauge_mqtt", verb, "--http-port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    for caught in (True, False):
        until(lambda caught=caught: catches(child.pid, signal.SIGINT) is caught, 20)  # type: ignore[misc]
    time.sleep(after)
    child.send_signal(number)
    said = child.communicate(timeout=20)[0].decode()
    assert "Traceback" not in said
    assert child.returncode in {0, 1, -number}, said


def test_a_reader_that_has_seen_enough_gets_no_complaint() -> None:
    shell = f"set -o pipefail; {sys.executable} -m gauge_mqtt show-config | head -1"
    result = subprocess.run(["/bin/bash", "-c", shell], capture_output=True, check=False, timeout=60, text=True)
    assert result.stdout.startswith("source")
    assert result.stderr == ""
