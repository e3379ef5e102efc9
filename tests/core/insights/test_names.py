"""Only well-known names leave the machine."""

import pytest

from gauge_mqtt.core.insights.names import (
    EDITS,
    EXECUTABLES,
    READS,
    STOPS,
    SUBAGENTS,
    TOOLS,
    WRITES,
    executable,
    stop,
    tool,
)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("git status", "git"),
        ("cd /x && git status", "git"),
        ("cd /x; FOO=1 BAR='a b' sudo -E git status | head -5", "git"),
        ("/usr/bin/python3 -m pytest", "python3"),
        (".venv/bin/pytest -q", "pytest"),
        ("./node_modules/.bin/tsc", "tsc"),
        ("/home/me/secret/bin/tool", "other"),
        ("/home/me/secret/bin/git", "git"),
        ("./deploy.sh production", "./script"),
        ("scripts/check", "./script"),
        ("../other/run", "./script"),
        ("bin/setup --all", "./script"),
        ("catX", "other"),
        ("my-private-tool --now", "other"),
        ("timeout 60 npm test", "npm"),
        ("env FOO=1 make -j2", "make"),
        ("if grep -q x y; then echo z; fi", "grep"),
        ("for f in *; do wc -l $f; done", "wc"),
        ("(cargo build)", "cargo"),
        ("! curl -s http://x", "curl"),
        ('"git" log', "git"),
        ("cat <<'EOF' | sh\ngit\nEOF", "cat"),
        ("cd /only/here", "other"),
        ("X=1", "other"),
        ("", "other"),
        ("&&", "other"),
        ("'unclosed", "other"),
        ("2>&1 ls", "ls"),
    ],
)
def test_the_program_that_does_the_work(command: str, name: str) -> None:
    assert executable(command) == name


@pytest.mark.parametrize("evil", ['"' * 100_000, "'\\" * 50_000, "a=" * 50_000, "&|;" * 50_000, "(" * 99_999])
def test_a_hostile_command_is_quickly_done_with(evil: str) -> None:
    assert executable(evil) in {"other", "./script"}


def test_tools_and_stops() -> None:
    assert [tool(name) for name in ("Bash", "mcp__secret__do", "MyOwn", "bash")] == ["Bash", "mcp", "other", "other"]
    assert [stop(reason) for reason in ("end_turn", None, "", "new_one")] == ["end_turn", "", "", "other"]


def test_the_lists_hold_names_as_claude_code_and_a_shell_spell_them() -> None:
    assert {"Read", "NotebookRead"} == READS
    assert {"Edit", "MultiEdit", "NotebookEdit"} == EDITS
    assert {"Write"} == WRITES
    assert {"Agent", "Task"} == SUBAGENTS
    assert READS | EDITS | WRITES | SUBAGENTS < TOOLS
    assert {name for name in TOOLS if name.isupper()} == {"LS", "LSP"}
    assert all(name.isalpha() and name[0].isupper() for name in TOOLS)
    assert all(name == name.lower() for name in EXECUTABLES | STOPS)
    assert {"git", "pytest", "python3", "npm", "cargo", "zstd", "ab"} <= EXECUTABLES
