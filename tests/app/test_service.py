"""The service: what is written is what systemd and launchd read, and a real systemd of a user runs it."""

import json
import os
import plistlib
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gauge_mqtt.app import service
from gauge_mqtt.app.settings import SECRETS, variable
from tests.support.brokers import HOST, free_port
from tests.support.program import gauge
from tests.support.waiting import PATIENCE_S, until

AWKWARD = 'a"b\\c %h $HOME'
MANAGER = """
mount -t tmpfs none /run
mkdir -p /run/systemd/system
/lib/systemd/systemd --user --log-target=console &
manager=$!
trap 'systemctl --user exit; wait $manager' EXIT
for _ in $(seq 100); do systemctl --user show --property=Version && break; sleep 0.1; done
"$@"
"""
"""systemd of a user, in a mount namespace in which the machine looks booted by systemd, around a command."""


def under_systemd(home: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    home.joinpath("run").mkdir(mode=0o700, exist_ok=True)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", MANAGER, "bash", *command],
        env=environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def shown(form: str, *flags: str, **environ: str) -> str:
    result = gauge("service", "show", f"--form={form}", *flags, **environ)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_settings_given_are_in_it_and_paths_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"CLAUDE_GAUGE_HTTP_PORT": "8081", "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"), "PATH": "/bin"}
    agent = plistlib.loads(
        shown("launchd", "--quota-account", "work", "--http-allowed-hosts", "a, b", **environ).encode()
    )
    assert agent["ProgramArguments"] == [str(Path(sys.executable).with_name("gauge-mqtt")), "run"]
    said = agent["EnvironmentVariables"]
    assert (
        said
        | {
            "CLAUDE_GAUGE_HTTP_PORT": "8081",
            "CLAUDE_GAUGE_QUOTA_ACCOUNT": str(tmp_path / "work"),
            "CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS": "a, b",
            "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
            "PATH": "/bin",
        }
        == said
    )
    assert variable("source") not in said, "what is not set is left to the settings file"


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_no_secret_gets_into_it(secret: str) -> None:
    result = gauge("service", "show", **{variable(secret): "hunter2"})
    assert result.exit_code == 1
    assert f"set {secret}_file instead" in result.output
    assert "hunter2" not in result.output


def test_where_no_systemd_is_it_says_what_to_do(tmp_path: Path) -> None:
    result = gauge("service", "install", "--yes", HOME=str(tmp_path), XDG_CONFIG_HOME="", PATH=str(tmp_path))
    assert result.exit_code == 1
    assert "service manager you have" in result.output
    assert not tmp_path.joinpath(".config").exists(), "nothing is written"


def test_systemd_finds_no_fault_in_it(tmp_path: Path) -> None:
    unit = tmp_path / service.UNIT
    unit.write_text(shown("systemd", f"--insights-phrases={AWKWARD}"))
    verify = ["systemd-analyze", "--user", "verify", str(unit)]
    environ = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(verify, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_real_systemd_starts_it_again_and_ends_it(tmp_path: Path) -> None:
    if under_systemd(tmp_path, "true").returncode:
        pytest.skip("no systemd of a user can be started here; systemd-analyze has read the unit")
    script = tmp_path / "script.py"
    script.write_text("from tests.app.test_service import life\nlife()\n")
    done = under_systemd(tmp_path, "env", f"PYTHONPATH={Path.cwd()}", sys.executable, str(script))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not tmp_path.joinpath(".config/systemd/user", service.UNIT).exists()


def life() -> None:
    """Run under that systemd: installed, read, killed, installed anew with another setting, uninstalled."""
    program, port = str(Path(sys.executable).with_name("gauge-mqtt")), free_port()

    def verb(*words: str) -> str:
        return subprocess.run([program, "service", *words], capture_output=True, text=True, check=True).stdout

    def main_pid() -> int:
        show = ["systemctl", "--user", "show", "--property=MainPID", "--value", service.UNIT]
        return int(subprocess.run(show, capture_output=True, text=True, check=True).stdout)

    def serves() -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/usage", timeout=1) as answer:
                return json.load(answer)["instance"] == "desk"
        except OSError:
            return False

    settings = ["--source=demo", "--instance=desk", f"--http-port={port}", f"--mqtt-url=mqtt://{HOST}:{free_port()}"]
    assert "journalctl" in verb("install", "--yes", *settings, f"--insights-phrases={AWKWARD}")
    until(serves)
    first = main_pid()
    environ = Path(f"/proc/{first}/environ").read_bytes().split(b"\0")
    assert f"{variable('insights_phrases')}={AWKWARD}".encode() in environ, "read by systemd as it was meant"
    os.kill(first, 9)
    until(lambda: main_pid() not in {0, first} and serves())
    second = main_pid()
    verb("install", "--yes", *settings)
    until(lambda: main_pid() not in {0, second} and serves())
    last = main_pid()
    assert "is removed" in verb("uninstall")
    until(lambda: not Path(f"/proc/{last}").exists())
    assert "not installed" in verb("uninstall")
