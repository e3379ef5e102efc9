"""`gauge-mqtt statusline`: somebody else's settings.json, changed in one place and restored to the byte."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result

from gauge_mqtt.app import statusline_install
from gauge_mqtt.app.claude_settings import writable
from tests.support.permissions import unprivileged
from tests.support.program import gauge

PROGRAM = str(Path(sys.executable).with_name("gauge-mqtt-statusline"))
OWN = r'"~/.claude/my \u00e9\/line.sh \"a b\" | cat"'
FILES = {
    "nothing of a status line": '{\n  "model": "opus",\n  "env": {"A": "b"}\n}\n',
    "an empty object": "{}",
    "an empty object on two lines": "{\n}\n",
    "one line": '{"model":"opus"}',
    "tabs and Windows' line ends": '{\r\n\t"model": "opus"\r\n}\r\n',
    "a byte-order mark": '\ufeff{\n  "model": "opus"\n}\n',
    "a command of its own": '{\n "statusLine": {"command": '
    + OWN
    + ', "type": "command", "padding": 2},\n "x": [1e5, 0.10]}',
    "an empty command": '{"statusLine": {"type": "command", "command": ""}}',
    "null": '{"statusLine": null, "z": 1}',
    "no newline at the end, odd blanks": '  {  "a" :1 ,\n\n"b": 2  }',
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whatever rules the machine of the tests has."""
    managed = tmp_path / "managed-settings.json"
    monkeypatch.setattr(statusline_install, "MANAGED", (managed,))
    return managed


@pytest.fixture
def settings() -> Path:
    path = Path.home() / ".claude/settings.json"
    path.parent.mkdir()
    return path


def install(*arguments: str) -> Result:
    return gauge("statusline", "install", "--yes", *arguments)


def uninstall(*arguments: str) -> Result:
    return gauge("statusline", "uninstall", "--yes", *arguments)


def command(path: Path) -> list[str]:
    return shlex.split(json.loads(path.read_text(encoding="utf-8-sig"))["statusLine"]["command"])


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_there_and_back_to_the_byte(settings: Path, text: str) -> None:
    settings.write_bytes(text.encode())
    settings.chmod(0o640)
    before = json.loads(text.removeprefix("\ufeff"))
    assert install().exit_code == 0
    now = json.loads(settings.read_text(encoding="utf-8-sig"))
    assert command(settings)[0] == PROGRAM
    assert {key: now[key] for key in now if key != "statusLine"} == {
        key: before[key] for key in before if key != "statusLine"
    }
    assert settings.stat().st_mode & 0o777 == 0o640
    once = settings.read_bytes()
    assert "installed already" in install().output
    assert settings.read_bytes() == once
    assert install("--http-port", "8099").exit_code == 0, "with another publisher it is written anew"
    assert "127.0.0.1:8099" in command(settings)
    assert uninstall().exit_code == 0
    assert settings.read_bytes() == text.encode()
    assert "not installed" in uninstall().output


def test_the_own_command_goes_on_and_its_other_keys_stay(settings: Path) -> None:
    settings.write_text(FILES["a command of its own"])
    install()
    assert command(settings) == [PROGRAM, "--then", '~/.claude/my é/line.sh "a b" | cat']
    assert json.loads(settings.read_text())["statusLine"]["padding"] == 2
    assert settings.read_text().endswith(' "x": [1e5, 0.10]}')


def test_without_a_settings_file_one_is_made_and_goes_again(settings: Path) -> None:
    assert install().exit_code == 0
    assert list(json.loads(settings.read_text())) == ["statusLine"]
    assert uninstall().exit_code == 0
    assert not settings.exists()


def test_a_file_of_ours_with_more_in_it_stays(settings: Path) -> None:
    install()
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"model": "opus"}))
    uninstall()
    assert json.loads(settings.read_text()) == {"model": "opus"}


@pytest.mark.parametrize("name", ["nothing of a status line", "a command of its own"])
def test_without_our_record_the_command_itself_tells_what_it_runs(settings: Path, name: str) -> None:
    settings.write_text(FILES[name])
    install()
    for record in (Path.home() / ".local/state/gauge-mqtt/statusline").iterdir():
        record.write_text("{")
    uninstall()
    assert json.loads(settings.read_text()) == json.loads(FILES[name])


def test_what_was_changed_meanwhile_elsewhere_in_the_file_stays(settings: Path) -> None:
    settings.write_text(FILES["a command of its own"])
    install()
    settings.write_text(settings.read_text().replace("0.10", "7"))
    uninstall()
    assert settings.read_text() == FILES["a command of its own"].replace("0.10", "7")


def test_another_command_set_since_then_is_none_of_our_business(settings: Path) -> None:
    install()
    settings.write_text('{"statusLine": {"type": "command", "command": "mine"}}')
    assert "not installed" in uninstall().output
    assert "mine" in settings.read_text()


def test_no_secret_of_the_settings_is_kept_or_shown(settings: Path) -> None:
    settings.write_text('{\n  "env": {"ANTHROPIC_API_KEY": "sk-secret"},\n  "model": "opus"\n}\n')
    assert "sk-secret" not in install().output
    state = Path.home() / ".local/state/gauge-mqtt"
    for record in (state / "statusline").iterdir():
        assert "sk-secret" not in record.read_text()
        assert record.stat().st_mode & 0o777 == 0o600


def test_it_shows_the_change_and_asks(settings: Path) -> None:
    settings.write_text(FILES["a command of its own"])
    no = gauge("statusline", "install")
    assert f'+ "statusLine": {{"command": "{PROGRAM} --then' in no.output
    assert '- "statusLine": {"command": "~/.claude' in no.output
    assert settings.read_text() == FILES["a command of its own"]


REFUSED = {
    "is not JSON": '{"model": "opus",}',
    "is not JSON (not an object)": "[]",
    "has disableAllHooks": '{"disableAllHooks": true}',
    "without a command": '{"statusLine": {"type": "static"}}',
    "within another command": '{"statusLine": {"type": "command", "command": "sh -c gauge-mqtt-statusline"}}',
}


@pytest.mark.parametrize(("why", "text"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_understood_is_left_alone(settings: Path, why: str, text: str) -> None:
    settings.write_text(text)
    refused = install()
    assert refused.exit_code == 1
    assert why in refused.output
    assert settings.read_text() == text
    assert [path.name for path in settings.parent.iterdir()] == ["settings.json"]


def test_bytes_that_are_no_text(settings: Path) -> None:
    settings.write_bytes(b'{"a": "\xff"}')
    assert "is not UTF-8 text" in install().output


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"statusLine": {"type": "command", "command": "x"}}, "sets the status line for everybody here"),
        ({"disableAllHooks": True}, "forbids every status line"),
        (None, "cannot be read"),
    ],
)
@pytest.mark.parametrize("place", ["managed-settings.json", "managed-settings.d/10.json", "remote"])
def test_an_administrator_wins(settings: Path, no_policy: Path, rules: object, why: str, place: str) -> None:
    settings.write_text("{}")
    source = settings.parent / "remote-settings.json" if place == "remote" else no_policy.parent / place
    source.parent.mkdir(exist_ok=True)
    source.write_text("{" if rules is None else json.dumps(rules))
    refused = install()
    assert (refused.exit_code, why in refused.output) == (1, True)
    assert str(source) in refused.output
    assert settings.read_text() == "{}"
    assert why in gauge("statusline", "status").output
    assert why in gauge("doctor").output


def test_managed_settings_about_other_things_do_not_matter(settings: Path, no_policy: Path) -> None:
    no_policy.write_text('{"model": "opus", "disableAllHooks": false}')
    settings.write_text("{}")
    assert install().exit_code == 0


def test_a_link_is_followed_and_stays_one(settings: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    settings.symlink_to(real)
    install()
    assert settings.is_symlink()
    assert command(real)[0] == PROGRAM
    uninstall()
    assert real.read_text() == "{}"


def test_a_link_to_nothing(settings: Path) -> None:
    settings.symlink_to("/nowhere/at/all")
    assert "is a link to /nowhere/at/all, which is not there" in install().output


@pytest.mark.parametrize("closed", ["store", "store/settings.json"])
def test_a_link_that_may_not_be_written(closed: str) -> None:
    with unprivileged() as home:
        (home / "store").mkdir()
        real, link = home / "store/settings.json", home / "settings.json"
        real.write_text("{}")
        link.symlink_to(real)
        assert writable(link) == real
        (home / closed).chmod(0o500)
        output = gauge("statusline", "install", "--yes", "--config-dir", str(home), HOME=str(home)).output
        assert f"{link} is a link to {real}, which may not be written by you" in output.replace("\n", " ")


def test_a_directory_in_its_place(settings: Path) -> None:
    settings.mkdir()
    assert "is not a file" in install().output


def test_every_directory_or_the_one_that_is_named(settings: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    environ = {"CLAUDE_CONFIG_DIR": f"{settings.parent},{other}"}
    assert gauge("statusline", "install", "--yes", "--config-dir", str(other), **environ).exit_code == 0
    assert [settings.exists(), (other / "settings.json").exists()] == [False, True]
    gauge("statusline", "install", "--yes", **environ)
    assert settings.exists()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert "no configuration directory of Claude Code: looked for" in install().output
    assert "is not there" in install("--config-dir", str(tmp_path / "no")).output


def test_a_program_that_is_not_there(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    refused = install()
    assert "gauge-mqtt-statusline is not beside /nowhere/python" in refused.output
    assert not settings.exists()


def test_the_state_directory_is_told_only_where_it_is_another(settings: Path, tmp_path: Path) -> None:
    install("--state-dir", str(tmp_path / "state"))
    assert command(settings) == [PROGRAM, "--state-dir", str(tmp_path / "state")]
    install()
    assert command(settings) == [PROGRAM]


def call(settings: Path, session: str = "a", **told: object) -> None:
    """As Claude Code would call what is set."""
    line = {
        "session_id": session,
        "version": "2.1.332",
        "transcript_path": f"{settings.parent}/projects/p/{session}.jsonl",
    }
    subprocess.run(
        ["sh", "-c", json.loads(settings.read_text())["statusLine"]["command"]],
        input=json.dumps(line | told).encode(), check=True, capture_output=True, timeout=30,
    )  # fmt: skip


def test_status_and_doctor_know_whether_it_is_called(settings: Path) -> None:
    settings.write_text('{"statusLine": {"type": "command", "command": "true"}}')
    assert "not installed; your own command is 'true'" in gauge("statusline", "status").output
    assert "note  status line of" in gauge("doctor").output
    install()
    assert "installed, then runs 'true'" in gauge("statusline", "status").output
    assert "never called yet" in gauge("doctor").output
    call(settings)
    assert "told no percentages" in gauge("statusline", "status").output
    call(settings, "b", rate_limits={"five_hour": {"used_percentage": 5, "resets_at": time.time() + 99}})
    said = gauge("statusline", "status").output
    assert "last called just now by Claude Code 2.1.332, which told the percentages" in said
    assert f"ok    status line of {settings.parent}: installed, last called just now" in gauge("doctor").output


def test_doctor_finds_a_command_that_is_gone(settings: Path) -> None:
    gone = json.dumps("/nowhere/gauge-mqtt-statusline")
    settings.write_text(f'{{"statusLine": {{"type": "command", "command": {gone}}}}}')
    result = gauge("doctor")
    assert "fault status line of" in result.output
    assert "/nowhere/gauge-mqtt-statusline is not there any more" in result.output


def test_status_of_a_directory_with_junk(settings: Path) -> None:
    settings.write_text("{}")
    install()
    folder = Path.home() / ".local/state/gauge-mqtt/quota"
    folder.mkdir(parents=True)
    for number, junk in enumerate([b"", b"{", b"\xff", b"[]", b'{"session_id": 1}', b"[" * 60_000, b"x" * 99_999]):
        (folder / f"{number}.json").write_bytes(junk)
    os.mkfifo(folder / "fifo.json")
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to("/dev/zero")
    assert "never called yet" in gauge("statusline", "status").output
