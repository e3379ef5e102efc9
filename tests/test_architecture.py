"""The pages about the house name what is there: files, rooms, scripts."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gauge_mqtt"
PAGES = ["docs/architecture.md", "CONTRIBUTING.md"]
PATH = re.compile(r"`((?:\.ci|gauge_mqtt|firmware|tests|scripts|benchmarks|docs|deploy)/[^`\s*]*)")
ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text())
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_room_and_every_module_of_the_contract_is_on_the_page_or_its_picture() -> None:
    page = (ROOT / "docs/architecture.md").read_text() + (ROOT / "docs/images/rooms.svg").read_text()
    assert [room.name for room in ROOMS if f"{room.name}/" not in page] == []


def test_every_origin_and_every_wire_is_under_the_rule_that_none_knows_another() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (rule,) = (contract for contract in contracts if contract["type"] == "independence")
    folders = [room for room in ROOMS if room.parent.name in {"sources", "sinks"} and room.parent.parent == PACKAGE]
    assert sorted(rule["modules"]) == sorted(f"gauge_mqtt.{room.parent.name}.{room.name}" for room in folders)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_in_one_sentence_what_lives_there(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))
    assert said
    assert "\n\n" not in said, "one sentence"
    assert said.endswith(".")


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts]
    assert [path for path in modules if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_decisions_are_written_in_sentences_of_at_most_thirty_words() -> None:
    paragraphs = (" ".join(part.split()) for part in (ROOT / "DECISIONS.md").read_text().split("\n\n"))
    sentences = [s for p in paragraphs for s in re.split(r"(?<=[.!?*])\s+(?=[A-Z`*\"])", p)]
    assert [sentence for sentence in sentences if len(sentence.split()) > 30] == []
