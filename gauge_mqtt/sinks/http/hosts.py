"""Which `Host` a request may name: what we listen on, and what the owner adds.

A web page may let its own name point to this machine (DNS rebinding) and read what is served here, unless the name in
`Host` is checked: a page cannot change that. An IP address in `Host` cannot be rebound.
"""

import ipaddress
import logging
import socket
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

ANY = "*"
"""As an added host: every one is allowed, for who has other means."""
TOLD_MAX = 10
"""Refused names that are logged, each once: whoever asks could fill the log with others."""
REMEMBERED_MAX = 1_000
SETTING = "CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Hosts:
    """What may be asked for. `listening`: the address or name that is set to listen on. `added`: further names."""

    def __init__(self, listening: str, added: Collection[str] = ()) -> None:
        self._listening = _address(listening)
        self._names = {listening.lower(), *(name.lower().rstrip(".") for name in added if name)}
        self._addresses = {_address(name) for name in self._names} - {None}
        if listening.lower() != "localhost" and not (self._listening and self._listening.is_loopback):
            self._names |= _own_names()

    def allowed(self, host: str, local: str) -> bool:
        """Whether a request with this `Host` is for us. `local`: our address of its connection. The port is not looked
        at: a proxy or a container may have another one outside.
        """
        name = (host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]).lower().rstrip(".")
        if ANY in self._names or name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        address = _address(name)
        if address is None:
            return False
        everywhere = self._listening is not None and self._listening.is_unspecified
        return address.is_loopback or everywhere or address in self._addresses or address == _address(local)


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@cache
def _own_names() -> frozenset[str]:
    """The names by which others on the network call this machine; without asking the network."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"})


class HostCheck:
    """An ASGI application that passes on what is for us, and answers everything else with 421."""

    def __init__(self, app: "ASGIApp", hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts
        self._known: dict[tuple[bytes, str], bool] = {}
        self._logged: set[str] = set()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) == 1:
            if self._is_ours(found[0], scope["server"][0]):
                await self._app(scope, receive, send)
                return
            status, body = 421, f"This host name is not served here; see {SETTING}.\n"
        elif not found and scope["http_version"] == "1.0":  # no browser
            await self._app(scope, receive, send)
            return
        else:
            status, body = 400, "One Host header is needed.\n"
        await _answer(send, status, body)

    def _is_ours(self, host: bytes, local: str) -> bool:
        known = self._known.get((host, local))
        if known is None:
            text = host.decode("latin-1")
            known = self._hosts.allowed(text, local)
            if len(self._known) < REMEMBERED_MAX:
                self._known[host, local] = known
            if not known and text not in self._logged and len(self._logged) < TOLD_MAX:
                self._logged.add(text)
                log.warning("HTTP: refused a request for the host %.100r; if it is ours, add it to %s", text, SETTING)
        return known


async def _answer(send: "Send", status: int, body: str) -> None:
    headers: list[Any] = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
