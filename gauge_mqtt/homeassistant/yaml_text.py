"""Plain data as the YAML that people write by hand. Pure; a library would be one more dependency for forty lines."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PLAIN = re.compile(r"[A-Za-z][\w.,/()%-]*( [\w.,/()%-]+)*", re.ASCII)
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
"""What YAML 1.1, which Home Assistant reads, takes for something else."""


class Shared(NamedTuple):
    """A mapping or list that occurs more than once: written where it comes first, named everywhere else."""

    name: str
    value: Any


def yaml_text(data: Any) -> str:
    return "\n".join(_block(data, set())) + "\n"


def _block(data: Any, named: set[str]) -> Iterator[str]:
    """`data`, a mapping or list that is not empty, as lines."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _entry(f"{_scalar(key)}:", value, named)
    else:
        for value in data:
            yield from _item(value, named)


def _entry(head: str, value: Any, named: set[str]) -> Iterator[str]:
    if isinstance(value, Shared):
        if value.name in named:
            yield f"{head} *{value.name}"
            return
        named.add(value.name)
        head, value = f"{head} &{value.name}", value.value
    if isinstance(value, str) and "\n" in value:
        yield f"{head} |-"
        yield from (f"  {line}".rstrip() for line in value.split("\n"))
    elif isinstance(value, (Mapping, list)) and value:
        yield head
        yield from (f"  {line}" for line in _block(value, named))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any, named: set[str]) -> Iterator[str]:
    """A list's item: what follows the dash is indented like what stands behind it."""
    if isinstance(value, (Mapping, list)) and value:
        lines = _block(value, named)
        yield f"- {next(lines)}"
        yield from (f"  {line}" for line in lines)
    else:
        yield f"- {_scalar(value)}"


def _scalar(value: Any) -> str:
    """JSON is YAML; text that cannot be mistaken goes without quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
