"""Takes our own secrets out of what a server says: an error page may repeat the request with its Authorization."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Collection
from urllib.parse import quote, quote_plus

MASK = "***"
WORD = 4
"""What is shorter, such as the number of a tenant, is masked only where it stands alone."""
CREDENTIALS = re.compile(r"\b(basic|bearer)((?:\s|%20|\+|\\u0020)+)[^\s\"'<>,;\\]{16,}", re.IGNORECASE)
"""Somebody else's, such as a proxy's: the scheme and what is long enough to be no word."""


class Mask:
    """The secrets of one server, in every spelling that they may come back in."""

    def __init__(
        self, username: str | None, password: str | None, token: str | None, others: Collection[str] = ()
    ) -> None:
        secrets = {token, password}
        if username and password:
            secrets.add(b64encode(f"{username}:{password}".encode()).decode())
        spelled = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        spelled |= {spelling for other in others if len(other) >= WORD for spelling in _spellings(other)}
        self._secrets = sorted(spelled, key=len, reverse=True)
        short = "|".join(re.escape(other) for other in others if len(other) < WORD)
        self._short = re.compile(rf"(?<!\w)(?:{short})(?!\w)") if short else None

    def __call__(self, text: str) -> str:
        """`text` on one line and without a secret. To be cut later: a piece of a secret is a leak, too."""
        line = " ".join(text.split())
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        if self._short:
            line = self._short.sub(MASK, line)
        return CREDENTIALS.sub(rf"\1\2{MASK}", line)


def _spellings(secret: str) -> set[str]:
    """As it is, and in a URL, in HTML, in JSON."""
    in_json = json.dumps(secret)[1:-1]
    encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret), in_json}
    return {" ".join(text.split()) for text in {secret, repr(secret)[1:-1], in_json.replace("/", r"\/")} | encoded}
