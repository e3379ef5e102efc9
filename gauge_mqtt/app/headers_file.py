"""Further headers for a server, each a line of a file: `X-Scope-OrgID: team`. They may be secrets: never shown."""

import re
from pathlib import Path

from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.text_files import read_text

LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?)[ \t]*")
"""A name and a value as HTTP has them."""
HEADERS_MAX = 20
OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding"})
"""What belongs to the request itself."""
WHAT = "the headers file"


def read_headers(path: Path) -> tuple[tuple[str, str], ...]:
    """(name, value) of each line; empty lines and those that begin with # are passed over. Raises `SettingsError`, that
    names a line and never shows it.
    """
    try:
        text = read_text(path, WHAT)
    except FileNotFoundError as error:
        raise SettingsError(f"{WHAT} {path}: {error.strerror}") from None
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if not match:
            raise SettingsError(f"{WHAT} {path}: line {number} is no header, write it as X-Scope-OrgID: team")
        if match[1].lower() in OURS:
            raise SettingsError(f"{WHAT} {path}: line {number} has a header that belongs to the request itself")
        found.append((match[1], match[2]))
    if len(found) > HEADERS_MAX:
        raise SettingsError(f"{WHAT} {path} has more than {HEADERS_MAX} headers")
    return tuple(found)
