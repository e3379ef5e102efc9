"""The core's own tests in C++, its fuzzers, and what it must not call."""

import re
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
WITHIN_S = 600
FUZZ_RUNS = {"parse": 300_000}
FUZZ_RUNS_ELSE = 2_000
FORBIDDEN = re.compile(
    r"\b(malloc|calloc|realloc|_Znwm|_Znam|clock_gettime|gettimeofday|time|rand|printf|puts|_ZNSt6chrono\w*now\w*)$"
)
"""Memory from the heap, the time, chance, output: a core that reaches for one of them is not pure."""


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("source", sorted(path.name for path in (FIRMWARE / "test").glob("*_test.cpp")))
def test_the_core_passes_its_tests(firmware_build: Path, source: str) -> None:
    said = run(firmware_build / "gauge_tests", f"--source-file=*/{source}", "--no-colors")
    counted = re.search(r"test cases:\s+(\d+)", said)
    assert counted, said
    assert int(counted[1]) > 0, f"no test of {source} was run"


@pytest.mark.parametrize("target", sorted(path.stem for path in (FIRMWARE / "fuzz").glob("*.cpp")))
def test_no_input_breaks_the_core(firmware_build: Path, tmp_path: Path, target: str) -> None:
    runs = FUZZ_RUNS.get(target, FUZZ_RUNS_ELSE)
    found = tmp_path / "found"  # where libFuzzer would write
    found.mkdir()
    run(firmware_build / f"fuzz_{target}", f"-runs={runs}", found, FIRMWARE / "fuzz" / "corpus" / target)


def test_the_core_takes_no_memory_from_the_heap_and_asks_for_no_time(firmware_build: Path) -> None:
    symbols = run("nm", "--undefined-only", "--format=just-symbols", firmware_build / "libgauge_core.a").split()
    assert len(symbols) > 50
    assert [symbol for symbol in symbols if FORBIDDEN.search(symbol)] == []
