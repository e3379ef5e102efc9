"""How a mutant is tried: in a fork of a process that has everything loaded, by the tests that reach it, to a failure.

What runs when a function is called is tried in a fork of a session that has collected all tests: the function gets the
code of the mutant. What runs at an import is tried in a fork that imports the changed source in place of the file.
Nothing is written.
"""

import gc
import importlib.util
import inspect
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import hypothesis
import pytest

from mutants import Mutant

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = 40
"""Of each property at most, so that a run takes minutes; the same ones each time."""
FLAGS = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")


Place = tuple[str, str, int]
"""Of a function: file, qualified name, first line."""


class Trial(NamedTuple):
    """`rounds`: the tests to try, one set after the other, each quickest first. `cpu_s`: a mutant that takes longer has
    made a loop without end, and counts as noticed.
    """

    mutant: Mutant
    rounds: list[list[str]]
    cpu_s: int


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
        return _compiled(Path(self.path), self._source)


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, names: list[str]) -> None:
        self._order = {name: index for index, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._order), key=lambda i: self._order[i.nodeid])
        limit_examples(items)


class Session:
    """Collects all tests and, in place of running them, tries the mutants of functions. `tell`: is given the number of
    each trial, and whether its mutant is alive.
    """

    def __init__(self, trials: list[Trial], jobs: int, tell: Callable[[int, bool], None]) -> None:
        self._trials, self._jobs, self._tell = trials, jobs, tell
        self._failed = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        limit_examples(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        paths = {trial.mutant.path for trial in self._trials}
        true = {path: list(_outer_functions(_compiled(path, path.read_text()))) for path in paths}
        functions: dict[Place, list[FunctionType]] = defaultdict(list)
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                functions[_place(one.__code__)].append(one)
        gc.freeze()

        def attempt(trial: Trial) -> int:
            _exchange_code(trial.mutant, true[trial.mutant.path], functions)
            chosen = [items[name] for names in trial.rounds for name in names]
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    return pytest.ExitCode.TESTS_FAILED
            return pytest.ExitCode.OK

        for number, alive in in_forks(self._trials, attempt, self._jobs):
            self._tell(number, alive)
        return True


def imported(trial: Trial) -> int:
    """Run the tests of a trial in this process, which has not imported what is changed."""
    sys.meta_path.insert(0, Changed(trial.mutant))
    codes = (run_tests({name.split("::")[0] for name in r}, Chosen(r), "--exitfirst") for r in trial.rounds if r)
    return next(filter(None, codes), 0)


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _exchange_code(mutant: Mutant, true: list[CodeType], functions: dict[Place, list[FunctionType]]) -> None:
    for before, after in zip(true, _outer_functions(_compiled(mutant.path, mutant.source)), strict=True):
        if before != after:
            for function in functions[_place(before)]:
                function.__code__ = after


def _compiled(path: Path, source: str) -> CodeType:
    return compile(source, str(path), "exec", dont_inherit=True)


def _outer_functions(code: CodeType) -> Iterator[CodeType]:
    """Those of a module and of its classes, in the order of the source."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & inspect.CO_OPTIMIZED:
                yield constant
            else:
                yield from _outer_functions(constant)


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
    return pytest.main([*FLAGS, *flags, *tests], plugins=[plugin])


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
        signal.alarm(20 * cpu_s)
        code = work()
    finally:
        os._exit(code)


def in_forks(trials: list[Trial], attempt: Callable[[Trial], int], jobs: int) -> Iterator[tuple[int, bool]]:
    """The number of each trial that ended, and whether no test noticed its mutant. Each has a folder of its own."""
    running: dict[int, tuple[int, str]] = {}

    def collected() -> tuple[int, bool]:
        child, status = os.wait()
        number, folder = running.pop(child)
        shutil.rmtree(folder)
        return number, os.waitstatus_to_exitcode(status) == pytest.ExitCode.OK

    for number, trial in enumerate(trials):
        folder = tempfile.mkdtemp()

        def work(trial: Trial = trial, folder: str = folder) -> int:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            return attempt(trial)

        running[in_fork(work, trial.cpu_s)] = number, folder
        if len(running) >= jobs:
            yield collected()
    while running:
        yield collected()
