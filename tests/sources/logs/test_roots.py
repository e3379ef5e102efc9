"""Where the logs are looked for, and where inotify cannot be trusted."""

from pathlib import Path

import pytest

from gauge_mqtt.sources.logs.roots import log_roots, polled_filesystem

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:30 / /mnt/c rw,noatime - 9p C:\\134 rw
41 22 0:31 / /home/user/share rw - nfs4 server:/x rw
42 41 254:1 / /home/user/share/local rw - ext4 /dev/vdb rw
43 22 0:33 / /media/my\\040disk rw shared:7 - cifs //nas/x rw
broken line
"""


def test_default_places_are_both_read(tmp_path: Path) -> None:
    assert log_roots({}, tmp_path) == [tmp_path / ".claude/projects", tmp_path / ".config/claude/projects"]


def test_xdg_config_home_moves_the_second(tmp_path: Path) -> None:
    roots = log_roots({"XDG_CONFIG_HOME": str(tmp_path / "x")}, tmp_path)
    assert roots == [tmp_path / ".claude/projects", tmp_path / "x/claude/projects"]


def test_config_dir_is_a_list_with_blanks_tilde_and_projects(tmp_path: Path) -> None:
    listed = f" {tmp_path}/a , ~/b/projects,,{tmp_path}/a"
    assert log_roots({"CLAUDE_CONFIG_DIR": listed}, tmp_path) == [tmp_path / "a/projects", tmp_path / "b/projects"]


def test_a_comma_may_be_part_of_the_name_of_a_directory_that_exists(tmp_path: Path) -> None:
    (tmp_path / "a,b, c").mkdir()
    listed = f"{tmp_path}/x,{tmp_path}/a,b, c,{tmp_path}/y,z"
    roots = log_roots({"CLAUDE_CONFIG_DIR": listed}, tmp_path)
    assert roots[:3] == [tmp_path / "x/projects", tmp_path / "a,b, c/projects", tmp_path / "y/projects"]


def test_without_a_home_directory_only_what_is_named_is_read(tmp_path: Path) -> None:
    assert log_roots({}, None) == []
    assert log_roots({"XDG_CONFIG_HOME": str(tmp_path)}, None) == [tmp_path / "claude/projects"]
    assert log_roots({"CLAUDE_CONFIG_DIR": f"~/x,{tmp_path}"}, None)[-1] == tmp_path / "projects"


def test_a_linked_root_is_resolved_and_read_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    roots = log_roots({"CLAUDE_CONFIG_DIR": f"{tmp_path}/real,{tmp_path}/link"}, tmp_path)
    assert roots == [tmp_path / "real/projects"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/user/.claude/projects", None),
        ("/mnt/c/Users/me/.claude", "9p"),
        ("/home/user/share/.claude", "nfs4"),
        ("/home/user/share/local/.claude", None),
        ("/home/user/shared-not", None),
        ("/media/my disk/.claude", "cifs"),
    ],
)
def test_network_file_systems_are_polled(path: str, kind: str | None) -> None:
    assert polled_filesystem(Path(path), MOUNTS) == kind
