"""The ccusage command as a real process: good ones, bad ones, and the real one."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_mqtt.sources import process
from gauge_mqtt.sources.ccusage import program as ccusage_program
from gauge_mqtt.sources.ccusage.program import Program
from gauge_mqtt.sources.ccusage.report import CcusageError, blocks
from gauge_mqtt.sources.process import QUOTED
from tests.support.ccusage import VERSION, ccusage_binary
from tests.support.ccusage_fake import script
from tests.support.waiting import PATIENCE_S, eventually

pytestmark = pytest.mark.anyio
EMPTY = """echo '{"blocks": []}'"""


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    """A process or a pipe that was not closed is an error when it is collected."""
    yield
    gc.collect()


def program(path: Path, timeout_s: float = 30) -> Program:
    return Program(path, [path.parent / ".claude" / "projects"], timeout_s)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def pids(folder: Path) -> list[int]:
    written = folder / "pids"
    return [int(pid) for pid in written.read_text().split()] if written.exists() else []


async def test_the_real_one_is_recognised() -> None:
    real = program(ccusage_binary())
    assert (real.version, real.exact) == (None, False)
    await real.identify()
    assert (real.version, real.exact) == (tuple(map(int, VERSION.split("."))), True)
    assert str(real) == f"ccusage {VERSION} ({ccusage_binary()})"


@pytest.mark.parametrize(
    "says",
    [
        "ccusage 0.4.4",
        "0.4.4",
        "ccusage 14.2.0",
        "",
        "usage: ccusage [-h]",
        "ccstat for ccusage 20.0.24",
        "ccusage 20.0.24 is not me",
        "ccusage 20",
        "x" * 999,
    ],
)
async def test_another_program_of_that_name_is_refused_and_what_it_said_quoted(says: str, tmp_path: Path) -> None:
    """PyPI has a ccusage of its own, which reads something else."""
    other = program(script(tmp_path / "ccusage", EMPTY, says))
    with pytest.raises(CcusageError) as error:
        await other.report("blocks")
    assert f"calls itself {says[:QUOTED]!r}. npm install" in str(error.value)
    assert other.version is None


@pytest.mark.parametrize(
    ("says", "asked"),
    [
        ("15.10.0", "{} --json --offline"),
        ("ccusage v18.0.11", "{} --json --offline"),
        ("19.0.3", "claude {} --config /dev/null --json --offline"),
        ("ccusage 20.0.24", "claude {} --config /dev/null --json --offline"),
    ],
)
async def test_each_release_is_asked_for_claude_alone_and_never_for_prices_online(
    says: str, asked: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    echo = program(script(tmp_path / "ccusage", 'echo "$*"', says))
    for report in ("blocks", "daily"):
        assert (await echo.report(report)).decode().strip() == asked.format(report)
    assert echo.exact == ("20." in says)
    assert caplog.text.count("counts a streamed response by its first line") == (not echo.exact)


async def test_a_program_that_is_replaced_is_asked_anew_who_it_is(tmp_path: Path) -> None:
    path = script(tmp_path / "ccusage", EMPTY, f"$(echo >> {tmp_path}/asked)ccusage 20.0.23")
    replaced = program(path)
    await replaced.report("blocks")
    await replaced.report("daily")
    assert len((tmp_path / "asked").read_text()) == 1
    script(path, EMPTY, "ccusage 20.0.24")
    await replaced.report("blocks")
    assert replaced.version == (20, 0, 24)
    script(path, EMPTY, "ccusage 0.4.4")
    with pytest.raises(CcusageError, match="another program"):
        await replaced.report("blocks")
    assert str(replaced) == str(path)
    path.unlink()
    with pytest.raises(CcusageError, match="there is no program"):
        await replaced.report("blocks")
    script(path, EMPTY, "ccusage 20.0.24")
    await replaced.report("blocks")


async def test_it_inherits_no_secret_and_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_GAUGE_MQTT_PASSWORD", "hunter2")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "elsewhere")
    monkeypatch.chdir(tmp_path)
    path = script(tmp_path / "ccusage", "env; echo cwd=$(pwd)")
    roots = [tmp_path / "a" / "projects", Path("b/projects"), tmp_path / "linked"]
    said = (await Program(path, roots, 30).report("blocks")).decode()
    seen = dict(line.split("=", 1) for line in said.splitlines())
    assert "hunter2" not in said
    assert {*seen} <= {
        *ccusage_program.PASSED_ON,
        "CLAUDE_CONFIG_DIR",
        "NO_COLOR",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "cwd",
    }
    assert seen["cwd"] == "/"
    assert seen["CLAUDE_CONFIG_DIR"] == f"{tmp_path}/a,{tmp_path}/b,{tmp_path}/linked"


async def test_it_stands_back_for_everything_else(tmp_path: Path) -> None:
    nice = 'until [ "$(nice)" -ge 10 ]; do sleep 0.01; done; nice'
    assert int(await program(script(tmp_path / "ccusage", nice)).report("blocks")) == 10


async def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    hang = f"sleep 1000 & echo $! $$ >> {tmp_path}/pids; wait"
    hanging = program(script(tmp_path / "ccusage", hang), timeout_s=3)
    with pytest.raises(CcusageError, match=r"^`ccusage claude blocks .*` gave no answer within 3 s$"):
        await hanging.report("blocks")
    assert len(pids(tmp_path)) == 2
    await eventually(lambda: not any(map(running, pids(tmp_path))))


async def test_one_that_is_cancelled_is_ended_with_its_children(tmp_path: Path) -> None:
    hang = f"sleep 1000 & echo $! $$ >> {tmp_path}/pids; wait"
    task = asyncio.create_task(program(script(tmp_path / "ccusage", hang)).report("blocks"))
    await eventually(lambda: len(pids(tmp_path)) == 2)
    assert all(map(running, pids(tmp_path)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not any(map(running, pids(tmp_path))))


@pytest.mark.parametrize("turns", range(10))
async def test_cancelled_at_any_turn_of_its_start_it_is_ended(turns: int, tmp_path: Path) -> None:
    hanging = program(script(tmp_path / "ccusage", f"sleep 1000 & echo $! $$ >> {tmp_path}/pids; wait"))
    await hanging.identify()
    async with asyncio.timeout(2 * PATIENCE_S):
        task = asyncio.create_task(hanging.report("blocks"))
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251, it starts, and we are not told yet
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await eventually(lambda: not any(map(running, pids(tmp_path))))


async def test_a_child_that_left_the_group_cannot_hold_us_up(tmp_path: Path) -> None:
    leave = f"setsid sleep 1000 & echo $! >> {tmp_path}/pids; {EMPTY}"
    leaving = program(script(tmp_path / "ccusage", leave), timeout_s=1)
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            with pytest.raises(CcusageError, match="no answer within"):
                await leaving.report("blocks")
    finally:
        for pid in pids(tmp_path):
            os.kill(pid, signal.SIGKILL)


async def test_the_version_has_its_own_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccusage_program, "VERSION_S", 0.3)
    with pytest.raises(CcusageError, match="`ccusage --version` gave no answer within"):
        await program(script(tmp_path / "ccusage", EMPTY, "$(sleep 1000)")).report("blocks")


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("echo first >&2; echo second >&2; exit 1", "failed with exit code 1: first second$"),
        (f"printf '%0{QUOTED}d' 7 >&2; echo BEYOND >&2; exit 2", f"exit code 2: 0{{{QUOTED - 1}}}7$"),
        ("echo '{\"blocks\": []}'; exit 3", "exit code 3: it said nothing$"),
        ("printf '\\377' >&2; exit 1", "exit code 1: \ufffd$"),
        ("kill -9 $$", "exit code -9: it said nothing$"),
    ],
)
async def test_one_that_fails_is_quoted(does: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CcusageError, match=words):
        await program(script(tmp_path / "ccusage", does)).report("blocks")


async def test_one_that_does_not_start_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ccusage"
    path.write_text("no program at all")
    path.chmod(0o755)
    with pytest.raises(CcusageError, match="does not start: Exec format error"):
        await program(path).identify()


async def test_junk_is_passed_on_to_be_refused(tmp_path: Path) -> None:
    with pytest.raises(CcusageError, match=r"not a blocks report.*'Update available!'"):
        blocks(await program(script(tmp_path / "ccusage", "echo Update available!")).report("blocks"))


async def test_too_long_an_answer_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = f"echo $$ > {tmp_path}/pids; exec tr '\\0' x < /dev/zero"
    with pytest.raises(CcusageError, match=f"more than 16 MB: b'x{{{QUOTED}}}'$"):
        await program(script(tmp_path / "ccusage", f"head -c 100000000 /dev/zero | tr '\\0' x; {EMPTY}")).report(
            "blocks"
        )
    with pytest.raises(CcusageError, match="more than 16 MB"):
        await program(script(tmp_path / "ccusage", endless)).report("blocks")
    await eventually(lambda: not any(map(running, pids(tmp_path))))
    monkeypatch.setattr(process, "OUTPUT_MAX", 20)
    assert len(await program(script(tmp_path / "ccusage", "echo 1234567890123456789")).report("blocks")) == 20
    with pytest.raises(CcusageError, match="printed more than"):
        await program(script(tmp_path / "ccusage", "echo 12345678901234567890")).report("blocks")


async def test_a_long_complaint_is_no_obstacle(tmp_path: Path) -> None:
    chatty = script(tmp_path / "ccusage", f"head -c 30000000 /dev/zero >&2; {EMPTY}")
    assert blocks(await program(chatty).report("blocks")) == []


async def test_no_logs_are_told_from_no_use(tmp_path: Path) -> None:
    real = Program(ccusage_binary(), [tmp_path / "gone" / "projects"], 30)
    with pytest.raises(CcusageError, match=f"finds no session logs in {tmp_path}/gone: set CLAUDE_CONFIG_DIR"):
        await real.report("blocks")
    (tmp_path / "gone" / "projects").mkdir(parents=True)
    assert blocks(await real.report("blocks")) == []


async def test_a_directory_with_a_comma_cannot_be_asked_for(tmp_path: Path) -> None:
    """ccusage takes what stands before and behind it for two, and says that nothing was used."""
    (tmp_path / "a,b" / "projects").mkdir(parents=True)
    with pytest.raises(CcusageError, match=r"cannot be told of .*/a,b: a comma separates"):
        await Program(ccusage_binary(), [tmp_path / "a,b" / "projects"], 30).report("blocks")
