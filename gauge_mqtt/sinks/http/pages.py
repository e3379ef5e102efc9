"""The page of the cluster and what it needs, from files in the package."""

import mimetypes
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).with_name("static")
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Nothing foreign is loaded, nothing is sent anywhere. Framing is allowed: Home Assistant shows pages in frames."""

for suffix, kind in {".js": "text/javascript", ".webmanifest": "application/manifest+json"}.items():
    mimetypes.add_type(kind, suffix)  # as on every machine, whatever its own table says


class Pages(StaticFiles):
    """`GET /` is `index.html`; every path is relative in it, so that it works behind any prefix."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC, html=True)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response
