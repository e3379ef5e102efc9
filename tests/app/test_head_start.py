"""What is begun before the settings are known: only where the logs look wanted, and nothing of it is left."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from gauge_mqtt.app import head_start
from gauge_mqtt.sources.logs.ahead import Started
from gauge_mqtt.sources.logs.place import INDEX
from tests.support.program import TOKENS, Daemon, write_log
from tests.support.waiting import until

RUN = ["run"]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[bytes], bool]]:
    """What was begun: roots, and whether they are read."""
    found = list[tuple[list[bytes], bool]]()

    def start(roots: Sequence[bytes], *, reads: bool) -> Started:
        found.append((list(roots), reads))
        return Started(0, 0)

    monkeypatch.setattr(head_start, "start", start)
    return found


@pytest.mark.parametrize(
    ("arguments", "environ", "begins"),
    [
        (["run"], {}, True),
        (["-v", "once", "--json"], {}, True),
        (["run", "--source", "jsonl"], {"CLAUDE_GAUGE_SOURCE": "demo"}, True),
        (["run", "--source=ccusage"], {}, True),
        (["run", "--source"], {}, True),  # the command line will complain
        (["doctor"], {}, False),
        ([], {}, False),
        (["run", "--help"], {}, False),
        (["run", "--source", "demo"], {}, False),
        (["run", "--source=prometheus"], {"CLAUDE_GAUGE_SOURCE": "jsonl"}, False),
        (["run"], {"CLAUDE_GAUGE_SOURCE": "replay"}, False),
    ],
)
def test_it_begins_where_the_logs_look_wanted(
    begun: list[tuple[list[bytes], bool]], arguments: list[str], environ: dict[str, str], *, begins: bool
) -> None:
    assert (head_start.begin(arguments, environ) is not None) == begins == bool(begun)


def test_with_an_index_it_only_lists(begun: list[tuple[list[bytes], bool]], tmp_path: Path) -> None:
    here, root = tmp_path / "state", os.fsencode(os.path.realpath(tmp_path / "claude/projects"))
    logs = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    head_start.begin(RUN, logs)
    head_start.begin([*RUN, "--state-dir", str(here)], logs)
    here.mkdir()
    INDEX.path_in(here).touch()
    head_start.begin([*RUN, "--state-dir", str(here)], logs)
    head_start.begin(RUN, logs | {"CLAUDE_GAUGE_STATE_DIR": str(here)})
    assert begun == [([root], True), ([root], True), ([root], False), ([root], False)]


@pytest.mark.parametrize("names", ["two", "many"])
def test_a_look_with_it_has_everything(names: str) -> None:
    count = {"two": 2, "many": 700}[names]
    for number in range(count):
        write_log(name=f"s{number}", age_s=60 + number)
    command = [sys.executable, "-m", "gauge_mqtt", "once", "--json", "--source", "jsonl"]
    for _ in ("without an index", "with one"):
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert f'"window_7d_tokens":{count * TOKENS},' in said.stdout
        assert not said.stderr


def test_a_wrong_guess_leaves_nothing_behind() -> None:
    """The settings file was not looked at."""
    write_log()
    config = Path.home() / "config.toml"
    config.write_text('source = "demo"\n')
    with Daemon("--config", str(config), "--mqtt-url", "mqtt://127.0.0.1:1") as daemon:
        daemon.wait_for_log("source: demo")
        until(lambda: not Path(f"/proc/{daemon.child.pid}/task/{daemon.child.pid}/children").read_text())
