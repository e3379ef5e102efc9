"""Which ccusage is run: the one that is set, the native one of the npm package, the one on PATH."""

from pathlib import Path

import pytest

from gauge_mqtt.sources.ccusage import program as ccusage_program
from gauge_mqtt.sources.ccusage.program import find
from gauge_mqtt.sources.ccusage.report import CcusageError

NATIVE = "@ccusage/ccusage-linux-x64/bin/ccusage"


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """npm's global directory, empty; what this machine has installed does not matter."""
    monkeypatch.setattr(ccusage_program, "LIBRARIES", (str(tmp_path / "lib" / "node_modules"),))
    return tmp_path / "lib" / "node_modules"


def put(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def launcher(tmp_path: Path, library: Path) -> tuple[Path, dict[str, str]]:
    """As `npm install -g` makes it."""
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "ccusage"
    link.symlink_to(put(library / "ccusage" / "src" / "cli.js"))
    return link, {"PATH": f"{tmp_path}/bin"}


def test_the_one_that_is_set_wins(tmp_path: Path, library: Path) -> None:
    _, environ = launcher(tmp_path, library)
    put(library / NATIVE)
    mine = put(tmp_path / "mine")
    assert find(mine, environ) == mine


def test_one_that_is_set_by_name_is_looked_for_on_path(tmp_path: Path) -> None:
    mine = put(tmp_path / "ccusage-beta")
    assert find(Path("ccusage-beta"), {"PATH": f"{tmp_path}/x:{tmp_path}"}) == mine
    with pytest.raises(CcusageError, match="there is no program ccusage-beta:"):
        find(Path("ccusage-beta"), {"PATH": f"{tmp_path}/x"})


def test_a_relative_path_is_meant_from_here_and_not_from_where_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = put(tmp_path / "bin" / "ccusage")
    monkeypatch.chdir(tmp_path)
    for wanted, path in (("bin/ccusage", "/x"), ("./bin/ccusage", "/x"), ("ccusage", "bin"), (None, "bin")):
        assert find(Path(wanted) if wanted else None, {"PATH": path}) == mine


@pytest.mark.parametrize("wanted", ["gone", "folder", "file/below", "x" * 300, "a\0b", "loop"])
def test_one_that_is_set_and_is_no_program_is_said_and_nothing_else_taken(
    wanted: str, tmp_path: Path, library: Path
) -> None:
    _, environ = launcher(tmp_path, library)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(
        CcusageError, match=r"there is no program .*: npm install -g ccusage@20, or set CLAUDE_GAUGE_CC"
    ):
        find(tmp_path / wanted, environ)


def test_one_that_is_set_and_not_executable_is_said(tmp_path: Path) -> None:
    mine = put(tmp_path / "ccusage", 0o644)
    with pytest.raises(CcusageError, match=f"{mine} is not executable: chmod \\+x {mine}$"):
        find(mine, {"PATH": "/x"})


def test_one_on_path_is_taken(tmp_path: Path) -> None:
    mine = put(tmp_path / "ccusage")
    assert find(None, {"PATH": str(tmp_path)}) == mine


@pytest.mark.parametrize("place", [NATIVE, f"ccusage/node_modules/{NATIVE}"])
@pytest.mark.parametrize("elsewhere", ["lib", "nvm/lib"])
def test_the_native_program_is_preferred_to_its_launcher(place: str, elsewhere: str, tmp_path: Path) -> None:
    where = tmp_path / elsewhere / "node_modules"
    link, environ = launcher(tmp_path, where)
    assert find(None, environ) == link
    native = put(where / place, 0o644)
    assert find(None, environ) == link  # it mends that on its first run
    native.chmod(0o755)
    assert find(None, environ) == native


def test_without_a_launcher_on_path_the_native_one_is_found(tmp_path: Path, library: Path) -> None:
    native = put(library / NATIVE, 0o644)
    with pytest.raises(CcusageError, match=f"{native} is not executable: chmod \\+x {native}$"):
        find(None, {"PATH": str(tmp_path)})
    native.chmod(0o755)
    assert find(None, {"PATH": str(tmp_path)}) == native


def test_without_any_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(CcusageError, match="ccusage is not installed: npm install -g ccusage@20, or set CLAUDE_GAUGE_"):
        find(None, {"PATH": str(tmp_path)})
