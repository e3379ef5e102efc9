"""The tree of errors, as it is drawn, and the one place that catches them."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import gauge_mqtt
from gauge_mqtt.app import command
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.contract import errors
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.sinks.mqtt.words import MqttError
from gauge_mqtt.sources.ccusage.report import CcusageError
from tests.support.program import gauge

HOUSE = Path(gauge_mqtt.__file__).parent
CAUGHT = {"PacketTooLargeError": "wire.py", "FileTooLargeError": "regular_file.py"}
"""Raised for whoever calls them, who takes them: the words of a lost connection, and who reads that file."""


def test_every_error_of_ours_is_in_the_tree() -> None:
    """Made from an exception of Python's own it would reach the owner as a traceback; a private one is caught near."""
    strays = {
        node.name: path.name
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        if {ast.unparse(base) for base in node.bases} & {"Exception", "OSError", "RuntimeError", "ValueError"}
    }
    assert strays == {"GaugeError": "errors.py"} | CAUGHT


def test_the_drawing_shows_every_branch_and_where_it_is() -> None:
    for module in pkgutil.walk_packages(gauge_mqtt.__path__, "gauge_mqtt."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    drawn = errors.__doc__ or ""
    for branch in GaugeError.__subclasses__():
        place = branch.__module__.removeprefix("gauge_mqtt.").replace(".", "/") + ".py"
        assert any(f" {branch.__name__} " in row and place in row for row in drawn.splitlines()), branch


@pytest.mark.parametrize(
    ("error", "code"),
    [(SettingsError("why"), 2), (MqttError("why"), 1), (CcusageError("why"), 1), (GaugeError("why"), 1)],
)
def test_the_command_line_tells_each_in_words(error: GaugeError, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(command, "load", fail)
    result = gauge("show-config")
    assert (result.exit_code, result.output) == (code, "Error: why\n")
