"""The page of the cluster and what it needs, from files in the package."""

import mimetypes
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from gauge_mqtt.sinks.http.card import bundle, card_parts

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
CODE = "text/javascript"
CODE_HEADERS = HEADERS | {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""Our code is public, so a page of another origin may run it, as Home Assistant does. It may not read the numbers."""

for suffix, kind in {".js": CODE, ".webmanifest": "application/manifest+json"}.items():
    mimetypes.add_type(kind, suffix)  # as on every machine, whatever its own table says


class Pages(StaticFiles):
    """`GET /` is `index.html`; every path is relative in it, so that it works behind any prefix."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC, html=True)

    def file_response(self, full_path: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(full_path, *args, **kwargs)
        response.headers.update(CODE_HEADERS if str(full_path).endswith(".js") else HEADERS)
        return response


def card() -> Response:
    """`GET /card.js`."""
    text = bundle([part.read_text(encoding="utf-8") for part in card_parts(STATIC)])
    return Response(text, media_type=CODE, headers=CODE_HEADERS)
