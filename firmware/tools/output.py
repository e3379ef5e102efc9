"""Generated files, and generated parts of pages: written, or with `--check` only compared."""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


def between(page: str, name: str, content: str) -> str:
    """The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise ValueError(f"the page needs one {start} and one {end}")
    place = re.compile(f"{re.escape(start)}.*{re.escape(end)}", re.DOTALL)
    return place.sub(lambda _: f"{start}\n{content}\n{end}", page)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def main(files: Mapping[Path, str], about: str, command: str) -> int:
    """`files`: path -> what it has to say."""
    parser = argparse.ArgumentParser(prog=command, description=about)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    check = parser.parse_args().check
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            sys.stderr.write(f"{path.name} is stale: run {command}\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            sys.stdout.write(f"wrote {path.name}\n")
    return int(check and bool(stale))
