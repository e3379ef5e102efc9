"""See scripts/mutate. Each mutant is tried in a fork of this process by the tests that run the changed line, the
quickest first. Nothing is written: the fork imports the changed source in place of the file.
"""

import argparse
import importlib
import importlib.util
import os
import pickle
import resource
import signal
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TextIO

import hypothesis
import pytest

from mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
CORE = [
    *sorted((ROOT / "gauge_mqtt/core").glob("*.py")),
    *(ROOT / "gauge_mqtt/contract" / f"{name}.py" for name in ("dials", "messages", "scale", "topics")),
    ROOT / "gauge_mqtt/homeassistant/discovery.py",
]
FAST = ["tests/core", "tests/contract", "tests/homeassistant", "--ignore=tests/contract/test_errors.py"]
"""The errors' test loads the whole program."""
PRELOADED = ("hypothesis.strategies", "jinja2", "msgspec", "paho.mqtt.client", "pydantic", "yaml")
"""What the tests import beside ours: once in this process, and not again in each of its forks."""
EQUIVALENT = ROOT / "scripts/mutants_equivalent.toml"
EXAMPLES = 40
"""Of each property at most, so that a run takes minutes; the same ones each time."""
SLOW_S = 4
"""A test that takes more CPU seconds, while it is traced, is not a fast one."""
SLACK, LEAST_S = 5, 20
"""CPU seconds: a mutant that takes so many times as long as its tests did before, and so many more, has made a loop
without end. It counts as noticed.
"""


class Trace:
    """What each test runs, by file and line, and how long it takes. Tests that fail are left out."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.lines: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self._paths = {str(path) for path in paths}
        self._seen: set[tuple[str, int]] = set()
        self.failed: set[str] = set()

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename in self._paths else None

    def _line(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any]:
        self._seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
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

    def rounds(self, mutant: Mutant) -> list[list[str]]:
        """The tests to try, the quickest first: those that run the line. What only runs at the import can show in any
        test: first in those that run other lines of the file.
        """
        path, quick = str(mutant.path), {name for name, seconds in self.seconds.items() if seconds < SLOW_S}
        of_line = {name for name in quick if (path, mutant.line) in self.lines[name]}
        of_file = {name for name in quick if any(file == path for file, _ in self.lines[name])}
        rounds = [of_line] if of_line else [of_file, quick - of_file]
        return [sorted(names, key=self.seconds.__getitem__) for names in rounds]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, names: list[str]) -> None:
        self._order = {name: index for index, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._order), key=lambda i: self._order[i.nodeid])
        limit_examples(items)


class Changed(SourceFileLoader, MetaPathFinder):
    """Gives a module the source of a mutant."""

    def __init__(self, mutant: Mutant) -> None:
        name = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts)
        super().__init__(name.removesuffix(".__init__"), str(mutant.path))
        self._source = mutant.source

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._source, self.path, "exec", dont_inherit=True)


def limit_examples(items: list[pytest.Item]) -> None:
    """Also of a property that asks for more itself."""
    for item in items:
        test = getattr(item, "obj", None)
        wanted = getattr(test, "_hypothesis_internal_use_settings", None)
        if wanted is not None and wanted.max_examples > EXAMPLES:
            test._hypothesis_internal_use_settings = hypothesis.settings(wanted, max_examples=EXAMPLES)  # noqa: SLF001


def run_tests(tests: Iterable[str], plugin: object, *flags: str) -> int:
    hypothesis.settings.register_profile(
        "mutate", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    hypothesis.settings.load_profile("mutate")
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return pytest.main([*quiet, *flags, *tests], plugins=[plugin])


def in_fork(work: Callable[[], int], cpu_s: int) -> int:
    """Start `work` in a fork without output; its process id. It ends with the code that `work` gives."""
    if child := os.fork():
        return child
    code = 1
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        signal.alarm(10 * cpu_s)
        code = work()
    finally:
        os._exit(code)


def survivors(candidates: list[Mutant], trace: Trace, jobs: int) -> Iterable[Mutant]:
    running: dict[int, Mutant] = {}
    done = 0

    def collect() -> Iterable[Mutant]:
        nonlocal done
        child, status = os.wait()
        mutant, done = running.pop(child), done + 1
        if done % 100 == 0:
            say(f"{done} of {len(candidates)}")
        if os.waitstatus_to_exitcode(status) == pytest.ExitCode.OK:
            yield mutant

    for mutant in candidates:
        rounds = trace.rounds(mutant)
        limit = LEAST_S + SLACK * int(sum(trace.seconds[name] for names in rounds for name in names))

        def attempt(mutant: Mutant = mutant, rounds: list[list[str]] = rounds) -> int:
            sys.meta_path.insert(0, Changed(mutant))
            codes = (run_tests({name.split("::")[0] for name in r}, Chosen(r), "--exitfirst") for r in rounds if r)
            return next(filter(None, codes), 0)

        running[in_fork(attempt, limit)] = mutant
        if len(running) >= jobs:
            yield from collect()
    while running:
        yield from collect()


def traced(paths: list[Path]) -> Trace:
    """The tests as they are, in a fork, so that this process never imports what it changes."""
    reader, writer = os.pipe()
    trace = Trace(paths)

    def work() -> int:
        code = run_tests(FAST, trace)
        with open(writer, "wb") as pipe:  # noqa: PTH123 (a number)
            pickle.dump((trace.seconds, dict(trace.lines), trace.failed), pipe)
        return code

    child = in_fork(work, 3600)
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123
        trace.seconds, lines, trace.failed = pickle.load(pipe)  # noqa: S301 (of a fork of this process)
    os.waitpid(child, 0)
    for name in trace.failed:
        say(f"fails as it is, and is left out: {name}")
        del trace.seconds[name], lines[name]
    trace.lines.update(lines)
    return trace


def say(text: str, to: TextIO = sys.stderr) -> None:
    to.write(f"{text}\n")
    to.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/mutate")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
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
    for mutant in survivors(candidates, traced(paths), options.jobs):
        alive += 1
        say(f"{mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.key}", to=sys.stdout)
    say(f"{alive} survive")


if __name__ == "__main__":
    main()
