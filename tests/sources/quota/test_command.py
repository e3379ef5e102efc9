"""`claude -p "/usage"` as a process: what it is given, and what its answers mean."""

import os
from pathlib import Path

import pytest

from gauge_mqtt.sources.quota.command import PLACES, UsageCommand, UsageError, find
from tests.support.ccusage_fake import script

pytestmark = pytest.mark.anyio
FIXTURES = Path(__file__).parents[2] / "fixtures/quota"
LIMITS, NONE = FIXTURES / "print_slash_usage_limits.txt", FIXTURES / "print_slash_usage.txt"


def claude(folder: Path, does: str) -> UsageCommand:
    return UsageCommand(script(folder / "claude", does), None)


async def test_its_percentages_are_read(tmp_path: Path) -> None:
    samples = await claude(tmp_path, f"cat {LIMITS}").ask()
    assert [(s.window, s.percent, s.model) for s in samples] == [
        ("5h", 23.0, ""), ("7d", 41.0, ""), ("model", 61.0, "Fable"),
    ]  # fmt: skip


async def test_it_is_asked_for_nothing_else_and_told_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_GAUGE_MQTT_PASSWORD", "hunter2")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    asked = tmp_path / "asked"
    program = script(tmp_path / "claude", f'echo "$@" > {asked}; nice >> {asked}; env >> {asked}; cat {LIMITS}')
    await UsageCommand(program, tmp_path / "config").ask()
    arguments, niceness, *environ = asked.read_text().splitlines()
    assert arguments == "-p /usage --no-session-persistence"
    own = os.nice(0)
    assert int(niceness) in {own, own + 10}, "it may have begun before it was made nice"
    assert "hunter2" not in asked.read_text()
    assert {"TZ=UTC", f"CLAUDE_CONFIG_DIR={tmp_path}/config", "HTTPS_PROXY=http://proxy:3128"} <= set(environ)


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (f"cat {NONE}", "told no percentages: is it logged in"),
        ("echo 'Invalid API key · Please run /login' >&2; exit 1", "is not logged in with a subscription"),
        ("echo 'Not logged in · Please run /login'", "is not logged in with a subscription"),
        ("echo 'unknown option' >&2; exit 1", "failed with exit code 1: unknown option"),
        ("exit 3", "failed with exit code 3: it said nothing"),
        ("kill -9 $$", "failed with exit code -9"),
        ("echo Hello, how can I help?", "an answer that is not understood: Hello, how can I help"),
        ("true", "not understood: it said nothing"),
        ("printf '\\377'", "not understood"),
        ("head -c 100000000 /dev/zero", "printed more than"),
    ],
)
async def test_what_an_answer_without_percentages_means(does: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        await claude(tmp_path, does).ask()
    assert not caught.value.for_good


async def test_one_that_costs_is_not_asked_again(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cost something") as caught:
        await claude(tmp_path, f"cat {LIMITS}; echo 'Estimated cost:   $0.0021'").ask()
    assert caught.value.for_good


async def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauge_mqtt.sources.quota.command.TIMEOUT_S", 0.5)
    with pytest.raises(UsageError, match=r"gave no answer within 0\.5 s"):
        await claude(tmp_path, "sleep 1000").ask()


def test_where_it_is_looked_for(tmp_path: Path) -> None:
    on_path, installed = tmp_path / "bin", Path.home() / ".local/bin"
    environ = {"PATH": str(on_path)}
    with pytest.raises(UsageError, match="Claude Code is not found: install"):
        find(None, environ)
    installed.mkdir(parents=True)
    assert str(installed / "claude") in map(os.path.expanduser, PLACES)
    script(installed / "claude", "true")
    assert find(None, environ) == installed / "claude"
    on_path.mkdir()
    script(on_path / "claude", "true")
    assert find(None, environ) == on_path / "claude"
    assert find(installed / "claude", environ) == installed / "claude"
    with pytest.raises(UsageError, match="there is no program /nowhere/claude"):
        find(Path("/nowhere/claude"), environ)
    (on_path / "claude").chmod(0o644)
    with pytest.raises(UsageError, match="is not executable: chmod"):
        find(on_path / "claude", environ)
