"""Takes our own secrets out of what a server says: an error page may repeat the request with its Authorization."""

import html
import json
import re
from base64 import b64encode
from urllib.parse import quote, quote_plus

MASK = "***"
CREDENTIALS = re.compile(r"\b(basic|bearer)((?:\s|%20|\+|\\u0020)+)[^\s\"'<>,;\\]{16,}", re.IGNORECASE)
"""Somebody else's, such as a proxy's: the scheme and what is long enough to be no word."""


class Mask:
    """The secrets of one server, in every spelling that they may come back in."""

    def __init__(self, username: str | None, password: str | None, token: str | None) -> None:
        secrets = {token, password}
        if username and password:
            secrets.add(b64encode(f"{username}:{password}".encode()).decode())
        spelled = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        self._secrets = sorted(spelled, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """`text` on one line and without a secret. To be cut later: a piece of a secret is a leak, too."""
        line = " ".join(text.split())
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        return CREDENTIALS.sub(rf"\1\2{MASK}", line)


def _spellings(secret: str) -> set[str]:
    """As it is, and in a URL, in HTML, in JSON."""
    in_json = json.dumps(secret)[1:-1]
    encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret), in_json}
    return {" ".join(text.split()) for text in {secret, repr(secret)[1:-1], in_json.replace("/", r"\/")} | encoded}
