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
        ("# Run them\n#all\npytest -x", "pytest"),
        ("#!/bin/bash\nset -e\nmake", "make"),
        ("sudo -u postgres -E psql -c x", "psql"),
        ("env -u A -i python3 x", "python3"),
        ("timeout -s KILL -k 5 30s cargo test", "cargo"),
        ("nohup python3 x.py > log &", "python3"),
        ("FOO='a|b' BAR=\"c && d\" git status", "git"),
        ("[ -f x ] && git status", "git"),
        ("test -f x || make", "make"),
        ("[[ -d y ]]", "other"),
        ("test -f x", "test"),
        ("if [ -f x ]; then make; fi", "make"),
        ("while read -r l; do echo $l; done < x", "echo"),
        ("cd x || exit 1; git status", "git"),
        ("trap 'rm -f x' EXIT; pytest", "pytest"),
        ("X=$(git rev-parse HEAD) && echo $X", "git"),
        ("X=`git log`; echo", "git"),
        ("$(which python) -m x", "which"),
        ("FOO=1 \\\n  git status", "git"),
        ("python3 - <<'EOF'\nimport git\nEOF", "python3"),
        ("> out.txt git log", "git"),
        ("python3.11 -m pytest", "python3"),
        ("/usr/bin/pip3.12 install x", "pip3"),
        ("clang-15 x.c", "clang"),
        ("git.exe status", "git"),
        ("\\git status", "git"),
        ('"$HOME/.cargo/bin/cargo" test', "cargo"),
        ("${TOOLS}/bin/mine-12", "other"),
        ("secret3.11 x", "other"),
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
