"""The repository keeps its own promises: nothing generated is stale, nothing is undocumented, the lock fits."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from gauge_mqtt.app.settings import NAMES, SECRETS, flag, variable
from gauge_mqtt.contract import insights
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import KEYS, json_schema

ROOT = Path(__file__).resolve().parents[1]
LINKED = ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
SCRIPTS = [
    "scripts/run",
    "scripts/test",
    "scripts/check",
    "scripts/generate",
    "scripts/mutate",
    ".ci/run",
    "deploy/setup",
]


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))  # as for a script: what lies beside it
    spec = importlib.util.spec_from_file_location("generate", ROOT / "scripts/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(*args: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "scripts/generate.py"), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_every_generated_file_is_current() -> None:
    done = check("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_schema_is_the_published_one() -> None:
    assert json.loads((ROOT / "docs/usage.schema.json").read_text()) == json.loads(json.dumps(json_schema()))


def test_every_setting_is_on_its_page() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    for name in NAMES:
        assert f"| `{variable(name)}` |" in page, name
        assert (f"| `{flag(name)}` |" in page) == (name not in SECRETS), name
        assert f"| `{name}` |" in page, name


def test_every_key_and_every_topic_is_on_its_page() -> None:
    contract, topics = (ROOT / "docs/contract.md").read_text(), (ROOT / "docs/topics.md").read_text()
    assert [key for key in KEYS if f"| `{key}` |" not in contract] == []
    ours = Topics("<instance>")
    wanted = {*ours.retained, ours.event, ours.heartbeat, ours.birth}
    assert [topic for topic in wanted if f"`{topic}`" not in topics] == []


def test_every_key_of_the_insights_is_on_its_page() -> None:
    page = (ROOT / "docs/insights.md").read_text()
    assert [key for key in insights.KEYS if f"| `{key}` |" not in page] == []
    topics = (ROOT / "docs/topics.md").read_text()
    ours = Topics("<instance>")
    assert [topic for topic in (*ours.insights.values(), ours.insights_discovery) if f"`{topic}`" not in topics] == []


def test_a_stale_file_is_named_and_mended(generator: ModuleType, tmp_path: Path) -> None:
    for path in [*generator.pages(ROOT), *(ROOT / generator.STATIC).iterdir()]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    assert generator.stale(tmp_path) == []
    page = tmp_path / "docs/topics.md"
    page.write_text(page.read_text().replace("rate_1m", "rate_2m"))
    assert generator.stale(tmp_path) == [page]


def test_a_page_without_a_place_for_its_table_is_told_which(generator: ModuleType, tmp_path: Path) -> None:
    for name, text in {
        "contract": "<!-- contract -->\n<!-- /contract -->\n",
        "insights": "<!-- insights -->\n<!-- /insights -->\n",
        "settings": "# mine\n",
    }.items():
        page = tmp_path / f"docs/{name}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)
    with pytest.raises(generator.MarkerError, match=r"docs/settings\.md needs one <!-- settings -->"):
        generator.pages(tmp_path)


def test_what_is_around_a_table_stays(generator: ModuleType) -> None:
    page = generator.filled("before\n<!-- x -->\nold \\1\n<!-- /x -->\nafter\n", "x", r"new \1")
    assert page == "before\n<!-- x -->\nnew \\1\n<!-- /x -->\nafter\n"


def locked() -> dict[str, Version]:
    rows = [row for row in (ROOT / "requirements.lock").read_text().splitlines() if "==" in row]
    pins = [row.split(";")[0].rstrip("\\ ").split("==") for row in rows]
    return {name: Version(version.strip()) for name, version in pins}


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    """Renewed by `scripts/generate --lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = locked()
    for text in (*project["dependencies"], *project["optional-dependencies"]["broker"]):
        wanted = Requirement(text)
        assert wanted.name in pins, text
        assert wanted.specifier.contains(pins[wanted.name]), text


def test_the_lock_has_a_hash_for_everything_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "index-url" not in text
    entries = re.split(r"^\S+==", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 20
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_executable_explains_itself_and_parses(name: str) -> None:
    script = ROOT / name
    lines = script.read_text().splitlines()
    assert os.access(script, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1].startswith(f"# Usage: {name}")
    assert "set -euo pipefail" in lines
    subprocess.run(["bash", "-n", script, ROOT / "scripts/lib.sh"], check=True, timeout=30)


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 220


@pytest.mark.parametrize("page", LINKED, ids=str)
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    places = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    ours = [place for place in places if not place.startswith(("http:", "https:"))]
    assert [place for place in ours if not (ROOT / page).parent.joinpath(place).exists()] == []


def test_no_look_at_a_file_raises_where_this_user_may_not_look() -> None:
    """`Path.exists`, `is_dir`, `is_file` and `resolve` do, up to Python 3.13; those of `os.path` say no."""
    asks = re.compile(r"\.(?:exists|is_dir|is_file|resolve)\(\)")
    found = [(path.name, row) for path in (ROOT / "gauge_mqtt").rglob("*.py") for row in asks.findall(path.read_text())]
    assert found == []
