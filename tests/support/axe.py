"""axe-core, which finds what a page hides from people who cannot see or use a mouse: from npm, into the cache."""

from functools import cache
from pathlib import Path

from tests.support.cache import cached
from tests.support.ccusage import npm_install

VERSION = "4.10.3"
SCRIPT = "node_modules/axe-core/axe.min.js"


@cache
def axe_source() -> str:
    """Its JavaScript, to be evaluated in the page: `axe.run()` then finds violations."""

    def install(home: Path) -> None:
        said = npm_install(home, f"axe-core@{VERSION}")
        if not (home / SCRIPT).exists():
            raise RuntimeError(f"npm brought no axe-core {VERSION}: {said}")

    return (cached(f"npm-axe-core-{VERSION}", install) / SCRIPT).read_text(encoding="utf-8")
