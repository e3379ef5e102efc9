"""See scripts/mutate. What mutants are made is in `mutants`, how one is tried in `mutant_trials`."""

import argparse
import importlib
import os
import pickle
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import pytest

from mutant_trials import ROOT, Session, Trial, imported, in_fork, in_forks, limit_examples, run_tests
from mutants import Mutant, mutants

CORE = [
    *sorted((ROOT / "gauge_mqtt/core").rglob("*.py")),
    *(ROOT / "gauge_mqtt/contract" / f"{name}.py" for name in ("dials", "messages", "scale", "topics")),
    ROOT / "gauge_mqtt/homeassistant/discovery.py",
]
FAST = ["tests/core", "tests/contract", "tests/homeassistant", "--ignore=tests/contract/test_errors.py"]
"""The errors' test loads the whole program."""
PRELOADED = ("hypothesis.strategies", "jinja2", "msgspec", "paho.mqtt.client", "pydantic", "yaml")
"""What the tests import beside ours: once in this process, and not again in each of its forks."""
EQUIVALENT = ROOT / "scripts/mutants_equivalent.toml"
SLOW_S = 4
"""A test that takes more CPU seconds, while it is traced, is not a fast one."""
SLACK, LEAST_S = 5, 20
"""CPU seconds: a mutant may take so many times as long as its tests did before, and so many more."""
HOUR_S = 3600


class Trace:
    """What each test runs, by file and line, and how long it takes; the lines that run while tests are collected have
    the name "". Tests that fail are left out.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.lines: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self._paths = {str(path) for path in paths}
        self._seen = self.lines[""]

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename in self._paths else None

    def _line(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any]:
        self._seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def pytest_sessionstart(self) -> None:
        sys.settrace(self._enter)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        sys.settrace(None)
        limit_examples(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self._seen = self.lines[item.nodeid]
        started = time.process_time()
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - started

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def runs_at_import(self, mutant: Mutant) -> bool:
        return not mutant.in_function or (str(mutant.path), mutant.line) in self.lines[""]

    def trial(self, mutant: Mutant) -> Trial:
        """By the tests that run the line. What only runs at the import can show in any test: first in those that run
        other lines of the file.
        """
        path, quick = str(mutant.path), {name for name, seconds in self.seconds.items() if seconds < SLOW_S}
        of_line = {name for name in quick if (path, mutant.line) in self.lines[name]}
        of_file = {name for name in quick if any(file == path for file, _ in self.lines[name])}
        sets = [of_line] if of_line else [of_file, quick - of_file]
        rounds = [sorted(names, key=self.seconds.__getitem__) for names in sets]
        seconds = sum(self.seconds[name] for names in rounds for name in names)
        return Trial(mutant, rounds, LEAST_S + SLACK * int(seconds))


def traced(paths: list[Path], tests: list[str]) -> Trace:
    """The tests as they are, in a fork, so that this process never imports what it changes."""
    reader, writer = os.pipe()
    trace = Trace(paths)

    def work() -> int:
        code = run_tests(tests, trace)
        with open(writer, "wb") as pipe:  # noqa: PTH123 (a number)
            pickle.dump((trace.seconds, dict(trace.lines), trace.failed), pipe)
        return code

    child = in_fork(work, HOUR_S)
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123
        trace.seconds, lines, trace.failed = pickle.load(pipe)  # noqa: S301 (of a fork of this process)
    os.waitpid(child, 0)
    for name in trace.failed:
        say(f"fails as it is, and is left out: {name}")
        del trace.seconds[name], lines[name]
    trace.lines.update(lines)
    return trace


def of_functions(trials: list[Trial], tests: list[str], jobs: int) -> Iterator[tuple[int, bool]]:
    """As `in_forks`, each of a session that has collected all tests."""
    reader, writer = os.pipe()

    def tell(number: int, alive: bool) -> None:  # noqa: FBT001
        os.write(writer, f"{number} {alive:d}\n".encode())

    child = in_fork(lambda: run_tests(tests, Session(trials, jobs, tell)), 24 * HOUR_S)
    os.close(writer)
    with open(reader) as pipe:  # noqa: PTH123 (a number)
        for line in pipe:
            number, alive = map(int, line.split())
            yield number, bool(alive)
    os.waitpid(child, 0)


def survivors(candidates: list[Mutant], trace: Trace, tests: list[str], jobs: int) -> Iterator[Mutant]:
    done = 0
    at_import = [trace.trial(mutant) for mutant in candidates if trace.runs_at_import(mutant)]
    called = [trace.trial(mutant) for mutant in candidates if not trace.runs_at_import(mutant)]
    for trials, ends in ((called, of_functions(called, tests, jobs)), (at_import, in_forks(at_import, imported, jobs))):
        for number, alive in ends:
            done += 1
            if done % 100 == 0:
                say(f"{done} of {len(candidates)}")
            if alive:
                yield trials[number].mutant
    if done != len(candidates):
        raise RuntimeError(f"{len(candidates) - done} mutants were not tried")


def say(text: str, to: TextIO = sys.stderr) -> None:
    to.write(f"{text}\n")
    to.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/mutate")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", nargs="+", default=FAST)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    paths = [path.resolve() for path in options.files] or CORE
    for name in PRELOADED:
        importlib.import_module(name)
    known = tomllib.loads(EQUIVALENT.read_text())
    made = [mutant for path in paths for mutant in mutants(path)]
    keys = {(str(mutant.path.relative_to(ROOT)), mutant.key) for mutant in made}
    for file, reasons in known.items():
        for key in reasons.keys() - {key for path, key in keys if path == file}:
            if ROOT / file in paths:
                say(f"{EQUIVALENT.name} has a mutant that is no longer made: {file}: {key}")
    equivalent = {(file, key) for file, reasons in known.items() for key in reasons}
    candidates = [m for m in made if (str(m.path.relative_to(ROOT)), m.key) not in equivalent]
    say(f"{len(made)} mutants, {len(made) - len(candidates)} of them equivalent to the original")
    alive = 0
    for mutant in survivors(candidates, traced(paths, options.tests), options.tests, options.jobs):
        alive += 1
        say(f"{mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.key}", to=sys.stdout)
    say(f"{alive} survive")


if __name__ == "__main__":
    main()
