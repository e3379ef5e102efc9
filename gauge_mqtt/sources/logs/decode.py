"""JSON of a log line, typed. A bad byte in one of its texts hides nothing else of the line."""

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from gauge_mqtt.core.entries import EARLIEST, LATEST

T = TypeVar("T")
COUNT_MAX = 10**9
Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
Text = Annotated[str, Meta(min_length=1)]
Odd = str | int | float | bool | list[Any] | dict[str, Any] | None
"""What may stand in a field without which the line can be counted."""
Instant = Annotated[datetime, Meta(tz=True)]
NAME_MAX = 256
"""A longer name is known by its digest: proxies pack a whole address into an id."""
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line can be: no JSON, not typed as it should be, no UTF-8, nested without end."""
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_RECORD = re.compile(rb'\{"(?:parentUuid|type)":')
"""How a record of the conversation begins. A part of one does too, but then more follows than its own end."""
GLUED_MAX = 16
"""So many of them are tried in a broken line."""


def tolerant(decode: Callable[[bytes], T], line: bytes) -> T:
    """Decode a line; if that fails, with U+FFFD in place of bad UTF-8 and of halves of surrogate pairs.

    Claude Code writes such halves where it cuts a text, and bytes as they are where a file's name is no UTF-8. Behind
    what a full disk tore or a power cut left as NULs the next record goes on in the same line: then it alone is read.
    Raises one of `BROKEN` if it is not that.
    """
    try:
        return decode(line)
    except BROKEN as error:
        mended = _ESCAPE.sub(_mended, line.decode(errors="replace").encode())
        if mended != line:
            with suppress(*BROKEN):
                return decode(mended)
        if isinstance(error, msgspec.ValidationError):
            raise
        first = len(BOM_UTF8) + 1 if mended.startswith(BOM_UTF8) else 1  # such a line ccusage does not count either
        for begin in islice(_RECORD.finditer(mended, first), GLUED_MAX):
            with suppress(*BROKEN):
                return decode(mended[begin.start() :])
        raise


def _mended(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]


def text(odd: Odd | msgspec.UnsetType) -> str | None:
    """What can name something; `None` for what cannot."""
    return odd or None if isinstance(odd, str) else None


def named(name: str) -> str:
    """The name, or a digest of one that is too long to be kept."""
    if len(name) <= NAME_MAX:
        return name
    return "digest " + hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def unix(at: datetime) -> float:
    """Raises `msgspec.ValidationError` for an instant at the edge of the calendar."""
    seconds = at.timestamp()
    if not EARLIEST <= seconds < LATEST:
        raise msgspec.ValidationError("an instant at the edge of the calendar")
    return seconds
