"""Names that may leave the machine: those on these lists. The rest is `other`. Pure."""

import re

from gauge_mqtt.contract.insights import OTHER

READS = frozenset({"Read", "NotebookRead"})
EDITS = frozenset({"Edit", "MultiEdit", "NotebookEdit"})
WRITES = frozenset({"Write"})
SUBAGENTS = frozenset({"Agent", "Task"})
_TOOLS = """
AskUserQuestion Bash BashOutput CronCreate CronDelete CronList EnterPlanMode EnterWorktree ExitPlanMode ExitWorktree
Glob Grep KillBash KillShell LS LSP ListMcpResourcesTool Monitor PowerShell ReadMcpResourceTool SendMessage Skill
SlashCommand StructuredOutput TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TeamCreate TeamDelete
TodoRead TodoWrite ToolSearch WebFetch WebSearch
"""
TOOLS = READS | EDITS | WRITES | SUBAGENTS | frozenset(_TOOLS.split())  # fmt: skip
MCP, MCP_PREFIX = "mcp", "mcp__"

_EXECUTABLES = """
ab act alembic ansible ansible-playbook apk apt apt-cache apt-get ar as awk aws az base64 basename bash bat bazel bc
black brew bun bundle bunx bzip2 cargo cat ccache chmod chown clang clang-format clang-tidy cloc cmake cmp code column
comm composer conda corepack cp cpan cpio crontab ctest curl cut cypress dart date dd deno df diff dig dirname dlv
dmesg dnf docker docker-compose doctl dotnet du echo ed egrep eslint esptool expr expect fd fdfind ffmpeg ffprobe
fgrep file find firebase fish flake8 flask flutter flyctl fmt free fzf g++ gcc gcloud gdb gem gh git glab go gofmt
golangci-lint gpg gradle grep gunzip gzip head helm heroku hexdump history hostname htop hugo iconv id ip isort jar
java javac jest jobs journalctl jq julia just kill killall kubectl ld ldd less lint-imports ln locate ls lsof ltrace
lua m4 make man md5sum meson minikube mkdir mktemp mocha mosquitto_pub mosquitto_sub mount mv mvn mypy mysql nano nc
netlify netstat next nginx ninja nl nm node nodemon npm npx nslookup nvim nvm objdump od openssl pandoc parallel
paste patch perl pg_dump pgrep php phpunit pidof ping pio pip pip3 pipenv pipx pkg-config pkill platformio playwright
pnpm podman poetry pre-commit prettier printenv printf prisma ps psql pushd pwd pylint pyright pytest python python2
python3 pyenv rails rake rbenv readelf readlink realpath redis-cli rg rm rmdir rsync rspec rubocop ruby ruff rustc
rustup rustfmt sass sbt scala scp screen sed seq serve set sh sha256sum shellcheck shuf sleep sort source split
sqlite3 ss ssh ssh-keygen stat strace strings strip supabase svn swift systemctl tac tail tar tee terraform test tig
tmux top touch tox tr tree true false tsc tsx ts-node turbo type ulimit uname uniq unzip uptime uv uvicorn uvx vercel
vi vim vite vitest wait watch wc webpack wget whereis which whoami wrangler wrk xargs xcodebuild xxd xz yarn yes yq
zig zip zsh zstd
"""
EXECUTABLES = frozenset(_EXECUTABLES.split())  # fmt: skip
SCRIPT = "./script"
"""A program named by a path of the user's own."""
_SYSTEM = re.compile(
    r"(?:/usr)?(?:/local)?/s?bin/([\w.+-]+)$|(?:\./)?\.?venv/bin/([\w.+-]+)$|(?:\./)?node_modules/\.bin/([\w.+-]+)$"
)
_VERSION = (re.compile(r"\.\d+$|\.exe$"), re.compile(r"-?\d+(?:\.\d+)*$"))
"""What may stand behind a name: `python3.11`, `git.exe`; `clang-15`."""
_TOKEN = re.compile(
    r"""\#[^\n]*  # a comment
    | (?P<end>[;|&\n()`]+)
    | \d*[<>]+&?\s*[^\s;|&()`<>]*  # a redirection, with where it goes
    | (?P<word>(?:[^\s;|&()`<>"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)""",
    re.VERBOSE,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_FRONT = frozenset({
    "builtin", "command", "do", "doas", "elif", "else", "env", "exec", "if", "nice", "nohup", "sudo", "then", "time",
    "timeout", "while", "until", "stdbuf", "!", "{", "$",
})  # fmt: skip
"""What stands before the program that is meant."""
_TAKES_ONE = {
    "sudo": frozenset(
        {"-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group", "--host", "--prompt"}
    ),
    "doas": frozenset({"-u", "-C"}),
    "env": frozenset({"-u", "-C", "--unset", "--chdir"}),
    "exec": frozenset({"-a"}),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}),
}
"""Options of these that are followed by a word of their own; numbers need none of this."""
_PASSED = frozenset({
    ".", ":", "[", "[[", "alias", "break", "case", "cd", "continue", "declare", "eval", "exit", "export", "for", "let",
    "local", "popd", "pushd", "read", "readonly", "return", "set", "shopt", "source", "test", "trap", "typeset",
    "ulimit", "umask", "unalias", "unset",
})  # fmt: skip
"""Parts of a command line that prepare the next one."""
COMMAND_MAX = 1024
"""Characters of a command that are looked at."""


def tool(name: str) -> str:
    """A tool's name as it may be published."""
    if name in TOOLS:
        return name
    return MCP if name.startswith(MCP_PREFIX) else OTHER


def executable(command: str) -> str:
    """The first program of a shell command line that does its work, by a well-known name.

    `cd x && FOO=1 sudo git status | head` => `git`; `/usr/bin/python3 -m x` => `python3`; `./build.sh` => `./script`.
    """
    last, front, valued, passed = OTHER, "", False, False
    for found in _TOKEN.finditer(command, 0, COMMAND_MAX):
        word = found["word"]
        if found["end"]:
            front, valued, passed = "", False, False
        elif not word or passed:
            continue
        elif valued:  # what an option takes
            valued = False
        elif word.startswith("-"):
            valued = word in _TAKES_ONE.get(front, ())
        elif _ASSIGNMENT.match(word) or word[0].isdigit():
            continue
        elif word in _FRONT:
            front = word
        elif word in _PASSED:
            passed = True
            last = word if word in EXECUTABLES else OTHER
        else:
            return _known(word)
    return last


def _known(word: str) -> str:
    plain = word.strip("\"'").removeprefix("\\")
    found = _SYSTEM.search(plain)
    name = next(filter(None, found.groups())) if found else plain
    for versions in (None, *_VERSION):
        name = versions.sub("", name) if versions else name
        if name in EXECUTABLES:
            return name
    if found:
        return OTHER
    return SCRIPT if plain.startswith(("./", "../", "scripts/", "bin/")) else OTHER


STOPS = frozenset({"end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", "pause_turn"})


def stop(reason: object) -> str:
    """Why a response ended; empty where it says nothing."""
    return "" if not reason else reason if isinstance(reason, str) and reason in STOPS else OTHER
