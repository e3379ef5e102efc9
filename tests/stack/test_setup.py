"""`deploy/setup`, run for real."""

import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from tests.support.stack import ROOT, SECRETS, copy_stack, secret, set_up

ROLES = ("gauge", "homeassistant", "display", "viewer", "health")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (Path.home() / ".claude/projects").mkdir(parents=True)
    return copy_stack(tmp_path / "stack")


def test_every_secret_is_random_and_only_its_owner_reads_it(stack: Path) -> None:
    said = set_up(stack)
    names = [f"mqtt_{role}" for role in ROLES] + ["grafana_admin"]
    values = [secret(stack, name) for name in names]
    assert len(set(values)) == len(values)
    assert all(re.fullmatch(r"[\w-]{32}", value) for value in values)
    assert not [value for value in values if value in said]
    made = [*(stack / SECRETS).iterdir(), stack / SECRETS, stack / "deploy/data/mosquitto"]
    assert {path.name for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077} == set()
    assert {path.name for path in (stack / SECRETS).iterdir()} == {*names, "mosquitto_passwd", "mosquitto_sub"}


def test_the_folder_of_the_status_line_is_made_for_its_owner(stack: Path) -> None:
    set_up(stack)
    made = Path.home() / ".local/state/gauge-mqtt/quota"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_the_broker_gets_hashes_only(stack: Path) -> None:
    set_up(stack)
    rows = (stack / SECRETS / "mosquitto_passwd").read_text().splitlines()
    assert [row.split(":")[0] for row in rows] == list(ROLES)
    assert all(re.match(r"\w+:\$7\$\d+\$", row) for row in rows)


def test_a_second_run_changes_nothing_and_a_deleted_password_is_made_anew(stack: Path) -> None:
    set_up(stack)
    before = {path.name: path.read_text() for path in (stack / SECRETS).iterdir()}
    (stack / ".env").write_text("PUID=1\n")
    assert "new" not in set_up(stack)
    assert {path.name: path.read_text() for path in (stack / SECRETS).iterdir()} == before
    assert (stack / ".env").read_text() == "PUID=1\n"

    (stack / SECRETS / "mqtt_viewer").unlink()
    assert "until: docker compose restart" in set_up(stack)
    after = {path.name: path.read_text() for path in (stack / SECRETS).iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"mqtt_viewer", "mosquitto_passwd"}


def test_env_names_the_owner_and_this_machine(stack: Path) -> None:
    set_up(stack)
    env = (stack / ".env").read_text()
    assert f"\nPUID={os.getuid()}\nPGID={os.getgid()}\n" in env
    assert re.search(r"\nCLAUDE_GAUGE_INSTANCE=(?!desk$)\S+\n", env)


def test_missing_session_logs_and_root_are_told(stack: Path) -> None:
    assert "there is no" not in (said := set_up(stack))
    assert ("you are root" in said) == (os.getuid() == 0)
    (stack / ".env").write_text("CLAUDE_CONFIG_DIR=~/elsewhere\n")
    assert f"there is no {Path.home()}/elsewhere/projects" in set_up(stack)


def test_without_anything_to_hash_with_it_says_so_and_leaves_no_password_in_clear(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "id", "dirname", "mkdir", "head", "base64", "tr", "mv", "cat", "rm"):
        (tools / name).symlink_to(shutil.which(name) or name)
    script = stack / "deploy/setup"
    script.write_text(script.read_text().replace('PATH="$PATH:/usr/sbin:/sbin"\n', ""))
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(AssertionError, match="neither mosquitto_passwd nor docker"):
        set_up(stack)
    assert not [path for path in (stack / SECRETS).iterdir() if path.name.startswith((".", "mosquitto"))]


def test_the_script_and_its_roles_fit_the_rest() -> None:
    lines = (ROOT / "deploy/setup").read_text().splitlines()
    assert os.access(ROOT / "deploy/setup", os.X_OK)
    assert lines[:2] == ["#!/usr/bin/env bash", "# Usage: deploy/setup"]
    assert "set -euo pipefail" in lines
    users = re.findall(r"^user (\w+)$", (ROOT / "deploy/mosquitto/acl").read_text(), re.MULTILINE)
    assert users == list(ROLES)


def test_nothing_secret_can_be_committed() -> None:
    ignored = (ROOT / "deploy/.gitignore").read_text().splitlines()
    assert {"/secrets/", "/data/"} <= set(ignored)
