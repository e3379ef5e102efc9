"""The ccusage command: found, checked, and asked for reports. Knows nothing of what is in them."""

import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Literal

from gauge_mqtt.sources.ccusage.report import CcusageError
from gauge_mqtt.sources.process import QUOTED, ProgramError, SlowProgramError, ask, asking

log = logging.getLogger(__name__)

ReportName = Literal["blocks", "daily"]

VERSION_S = 10.0
"""How long `--version` may take; the launcher of the npm package starts Node for it."""
OLDEST = 15
CLAUDE_SINCE = 19
"""From this release on the reports without `claude` before them are of all agents."""
NEUTRAL = ("--config", os.devnull)
"""From 20 on `ccusage.json` beside the logs can make a report leave blocks out, or make them of other than 5 h."""
EXACT_SINCE = 20
"""Before, the first line of a streamed response was counted instead of the largest."""
VERSION = re.compile(r"(?:ccusage )?v?(\d+)\.(\d+)\.(\d+)\s*")
PASSED_ON = ("HOME", "PATH", "LANG", "TMPDIR", "SYSTEMROOT")
"""No secret of ours is among what the child inherits."""
LIBRARIES = ("/usr/local/lib/node_modules", "/usr/lib/node_modules", "~/.npm-global/lib/node_modules",
             "~/.local/lib/node_modules", "~/.bun/install/global/node_modules")  # fmt: skip
"""Where npm and bun put global packages: a service often does not have its owner's PATH."""
HOW_TO = "npm install -g ccusage@20, or set CLAUDE_GAUGE_CCUSAGE to where it is"


def find(wanted: Path | None, environ: Mapping[str, str]) -> Path:
    """The command to run: the one that is set, else the native one of the npm package, else `ccusage` on PATH.

    Raises `CcusageError` if there is none.
    """
    if wanted:
        path = Path(shutil.which(wanted, path=environ.get("PATH")) or wanted)
        if not os.path.isfile(path):
            raise CcusageError(f"there is no program {path}: {HOW_TO}", fix=HOW_TO)
        if not os.access(path, os.X_OK):
            raise CcusageError(f"{path} is not executable: chmod +x {path}", fix=f"chmod +x {path}")
        return path.absolute()
    found = shutil.which("ccusage", path=environ.get("PATH"))
    natives = list(_natives(Path(os.path.realpath(found)) if found else None))
    runnable = next((path for path in natives if os.access(path, os.X_OK)), None)
    if runnable or found:
        return runnable or Path(found or "").absolute()
    if natives:  # the package ships it so; its launcher would mend it on its first run
        raise CcusageError(f"{natives[0]} is not executable: chmod +x {natives[0]}", fix=f"chmod +x {natives[0]}")
    raise CcusageError(f"ccusage is not installed: {HOW_TO}", fix=HOW_TO)


def _natives(launcher: Path | None) -> Iterator[Path]:
    """The package's native program starts in 2 ms, its launcher (which starts Node first) in 140."""
    libraries = [Path(os.path.expanduser(library)) for library in LIBRARIES]  # noqa: PTH111, without a home it stays `~`
    if launcher:
        libraries[:0] = [parent for parent in launcher.parents if parent.name == "node_modules"]
    for library in libraries:
        for pattern in ("@ccusage/ccusage-*/bin/ccusage", "ccusage/node_modules/@ccusage/ccusage-*/bin/ccusage"):
            yield from (library / found for found in sorted(glob(pattern, root_dir=library)))


class Program:
    """The ccusage of this machine, reading the session logs below `roots`. `wanted`: the one that is set, or any."""

    vague = False

    def __init__(self, wanted: Path | None, roots: Sequence[Path], timeout_s: float) -> None:
        self.path = Path("ccusage")
        self.version: tuple[int, int, int] | None = None
        self._wanted, self._roots, self._timeout_s = wanted, list(roots), timeout_s
        self._identity: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"ccusage {'.'.join(map(str, self.version))} ({self.path})" if self.version else str(self.path)

    @property
    def exact(self) -> bool:
        """Whether it counts a streamed response once and by its largest line."""
        return self.version is not None and self.version[0] >= EXACT_SINCE

    async def identify(self) -> None:
        """Make sure that this is the ccusage we know. Looked for each time: it may be installed, or replaced, while we
        run. Raises `CcusageError`.
        """
        self.path = find(self._wanted, os.environ)
        try:
            status = self.path.stat()
        except OSError as error:  # it is just being replaced
            raise CcusageError(f"{self.path}: {error.strerror}") from None
        identity = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        if identity == self._identity:
            return
        self.version, self._identity = None, None
        said = (await self._run(["--version"], VERSION_S)).decode("utf-8", "replace")
        match = VERSION.fullmatch(said)
        version = (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
        if version[0] < OLDEST:
            raise CcusageError(
                f"{self.path} is another program, or older than ccusage {OLDEST}: it calls itself"
                f" {said.strip()[:QUOTED]!r}. {HOW_TO}",
                fix=HOW_TO,
            )
        self.version, self._identity = version, identity
        if not self.exact:
            log.warning("%s counts a streamed response by its first line; from %d on it is right", self, EXACT_SINCE)

    async def report(self, name: ReportName) -> bytes:
        """What it prints for Claude's `name` report, never asking the network for prices. Raises `CcusageError`."""
        await self.identify()
        since_19 = self.version is not None and self.version[0] >= CLAUDE_SINCE
        report = ["claude", name, *NEUTRAL] if since_19 else [name]
        return await self._run([*report, "--json", "--offline"], self._timeout_s)

    async def _run(self, arguments: Sequence[str], timeout_s: float) -> bytes:
        """What it prints when it is run with `arguments`. Raises `CcusageError`."""
        asked, env = asking(self.path, arguments), self._environment()
        try:
            code, output, said = await ask(self.path, arguments, env, timeout_s)
        except SlowProgramError as error:
            raise CcusageError(str(error), setting="ccusage_timeout") from None
        except ProgramError as error:
            raise CcusageError(str(error)) from None
        if "No valid Claude data directories" in said:
            where = env["CLAUDE_CONFIG_DIR"]
            fix = "export CLAUDE_CONFIG_DIR=/where/it/is"
            raise CcusageError(f"{asked} finds no session logs in {where}: set CLAUDE_CONFIG_DIR", fix=fix)
        if code:
            raise CcusageError(f"{asked} failed with exit code {code}: {said[:QUOTED] or 'it said nothing'}")
        return output

    def _environment(self) -> dict[str, str]:
        """Of ours only what it needs, and the same directories as our own tail reads. Raises `CcusageError`."""
        homes = [os.fspath((root.parent if root.name == "projects" else root).absolute()) for root in self._roots]
        if other := next((home for home in homes if "," in home), None):
            raise CcusageError(f"ccusage cannot be told of {other}: a comma separates directories for it")
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return kept | {"NO_COLOR": "1", "CLAUDE_CONFIG_DIR": ",".join(homes)}
