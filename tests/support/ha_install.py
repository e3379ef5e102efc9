"""A real Home Assistant on this machine: found in the cache, or installed into it once (a minute or two, 1.5 GB).

It wants a newer Python than most machines have. Taken is the first of: such a Python on PATH; one that uv brings, where
uv is on PATH; Debian's own, in a folder that debootstrap fills (as root). That folder is entered with chroot, in a
mount namespace of its own, so that nothing stays mounted.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.cache import cached

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
MIRROR = "http://deb.debian.org/debian"

ENTER = """
set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; touch "$root$2"; fi
    mount --bind "$1" "$root$2"
    shift 2
done
shift
exec chroot "$root" "$@"
"""
"""Each step becomes the next: the process that is started is the program itself, and gets its signals."""

REQUIREMENTS = """
import json, pathlib
from homeassistant import bootstrap, components
home = pathlib.Path(next(iter(components.__path__)))
todo, seen = {"mqtt", "hassio", "recorder", "history", "isal", *bootstrap.DEFAULT_INTEGRATIONS}, set()
while todo:
    seen.add(name := todo.pop())
    manifest = json.loads((home / name / "manifest.json").read_text())
    print(*manifest.get("requirements", []))
    todo |= set(manifest.get("dependencies", [])) - seen
"""


class Release(NamedTuple):
    """`suite`: the Debian that has this `python`. `until`: of what the release leaves open, nothing newer is taken."""

    version: str
    python: tuple[int, int, int]
    suite: str
    until: str

    @property
    def year_month(self) -> tuple[int, int]:
        year, month, _patch = map(int, self.version.split("."))
        return year, month


NEWEST = Release("2026.11.0", (3, 14, 2), "forky", "2026-11-20")
LAST_YEAR = Release("2025.9.4", (3, 13, 2), "trixie", "2025-10-10")
"""The last one that knows no `default_entity_id`."""


class CannotInstallError(Exception):
    """Why there is no Home Assistant, and what to install."""


@dataclass(frozen=True)
class Installation:
    """A release in `home`: its virtual environment `venv`, and the chroot `root` if Python had to come with one."""

    release: Release
    home: Path

    @property
    def root(self) -> Path:
        return self.home / "root"

    @property
    def python(self) -> Path:
        return self.home / "venv/bin/python"

    def command(self, *argv: str | Path, sees: tuple[Path, ...] = ()) -> list[str]:
        """`argv` as it has to be started. Of this machine's files it sees `sees`, under the names they have here."""
        plain = [str(part) for part in argv]
        if not self.root.exists():
            return plain
        authorities = os.environ.get("SSL_CERT_FILE", CERTIFICATES)
        shared = [(authorities, CERTIFICATES), *((name, name) for name in ("/etc/resolv.conf", "/etc/hosts"))]
        shared += [(str(path), str(path)) for path in (self.home, *sees)]
        pairs = [name for pair in shared if Path(pair[0]).exists() for name in pair]
        return ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(self.root), *pairs, "--", *plain]

    def environ(self) -> dict[str, str]:
        """This process's environment, but for what would not be true in there."""
        gone = ("CLAUDE_", "PYTHON", "XDG_", "VIRTUAL_ENV", *(("SSL_CERT", "PIP_") if self.root.exists() else ()))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(gone)}
        kept |= {"UV_CACHE_DIR": str(self.home / "uv"), "UV_EXCLUDE_NEWER": self.release.until}
        if self.root.exists():
            kept |= {"SSL_CERT_FILE": CERTIFICATES, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return kept


def installed(release: Release) -> Installation:
    """The release, installed now unless it is there. Raises `CannotInstallError`."""

    def install(home: Path) -> None:
        there = Installation(release, home)
        _run(there, _python(there), "-m", "venv", home / "venv")
        _run(there, there.python, "-m", "pip", "install", "--quiet", "uv")
        _packages(there)

    return Installation(release, cached(f"home-assistant-{release.version}", install))


def _packages(there: Installation) -> None:
    """First the release alone: the constraints that all else has to meet are within it. Then what the integrations need
    that it always loads; it would install that itself at its first start, but one after the other.
    """
    what = f"homeassistant=={there.release.version}"
    _uv(there, "--no-deps", what)
    (constraints,) = there.home.glob("venv/lib/python*/site-packages/homeassistant/package_constraints.txt")
    _uv(there, "-c", str(constraints), what)
    _uv(there, "-c", str(constraints), *_run(there, there.python, "-c", REQUIREMENTS).split())


def _uv(there: Installation, *arguments: str) -> None:
    _run(there, there.home / "venv/bin/uv", "pip", "install", "--quiet", "--python", there.python, *arguments)


def _python(there: Installation) -> str:
    release = there.release
    name = "python{}.{}".format(*release.python)
    if _fits(name, release):
        return name
    if uv := shutil.which("uv"):
        subprocess.run([uv, "python", "install", name.removeprefix("python")], check=False, capture_output=True)
        found = subprocess.run([uv, "python", "find", name.removeprefix("python")], check=False, capture_output=True)
        if _fits(path := found.stdout.decode().strip(), release):
            return path
    if os.geteuid() == 0 and shutil.which("debootstrap") and shutil.which("unshare"):
        _debootstrap(there, name)
        return f"/usr/bin/{name}"
    wanted = ".".join(map(str, release.python))
    raise CannotInstallError(
        f"Home Assistant {release.version} needs Python {wanted} or a later {name}: put it on PATH, or install uv, "
        "which fetches it; on Debian or Ubuntu root needs debootstrap instead: apt-get install debootstrap"
    )


def _fits(python: str, release: Release) -> bool:
    """Whether it starts, can make virtual environments, and is new enough."""
    check = f"import ensurepip, sys, venv; sys.exit(not {release.python} <= sys.version_info[:3])"
    try:
        return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _debootstrap(there: Installation, name: str) -> None:
    """Debian of one suite, as small as it comes. The script for sid serves every suite, also those that this machine's
    debootstrap has not heard of.
    """
    settings = there.root / "etc/dpkg/dpkg.cfg.d"
    settings.mkdir(parents=True)
    (settings / "hasty").write_text("force-unsafe-io\n")
    options = ("--variant=minbase", f"--include={name}-venv,{name}-dev,g++")  # some of its packages have no wheels
    done = subprocess.run(
        ["debootstrap", *options, there.release.suite, str(there.root), MIRROR, "sid"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotInstallError(f"debootstrap failed: {done.stdout[-500:]}{done.stderr[-500:]}")


def _run(there: Installation, *argv: str | Path) -> str:
    done = subprocess.run(there.command(*argv), env=there.environ(), check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotInstallError(f"{' '.join(map(str, argv))} failed: {done.stderr[-1000:]}")
    return done.stdout
