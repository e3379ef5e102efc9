"""The doctor's check of the HTTP port: who serves there, or whether `run` can."""

import asyncio
import errno
import json
import os
import socket
from http.client import HTTPException
from urllib.request import urlopen

from gauge_mqtt.app.checks import FAULT, Check
from gauge_mqtt.app.settings import Settings, variable
from gauge_mqtt.sinks import address

ANSWER_S = 3
ANSWER_MAX = 65_536
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104, set by the owner
"""Where one that listens on every address is met."""


async def http(settings: Settings) -> Check:
    host, port = settings.http_host, settings.http_port
    where = address(host, port)
    try:
        (await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)).close()
    except socket.gaierror as error:
        return _no_address(where, error.strerror or "no such host")
    except OSError as error:
        return await _not_ours(settings, where, error.errno or 0)
    return Check("ok", "http", f"{where if port else host} is free for `run`")


def _no_address(where: str, why: str) -> Check:
    fix = f"export {variable('http_host')}=127.0.0.1"
    return Check(FAULT, "http", f"{where} is no address of this machine: {why}", fix)


async def _not_ours(settings: Settings, where: str, number: int) -> Check:
    """Why `run` cannot listen there, and what helps. `number`: of the system's error."""
    if number == errno.EADDRNOTAVAIL:
        return _no_address(where, os.strerror(number))
    other_port = f"export {variable('http_port')}=8081"
    if number != errno.EADDRINUSE:
        return Check(FAULT, "http", f"`run` may not listen on {where}: {os.strerror(number)}", other_port)
    near = address(LOOPBACK.get(settings.http_host, settings.http_host), settings.http_port)
    try:
        instance = await asyncio.to_thread(_fetch, f"http://{near}/usage")
    except (OSError, ValueError, HTTPException):
        fact = f"{where} belongs to another program: `run` publishes on MQTT, but serves no HTTP"
        return Check(FAULT, "http", fact, other_port)
    return Check("ok", "http", f"http://{near}/usage is served by {instance}")


def _fetch(url: str) -> str:
    """Whose snapshot is served there. Raises `OSError`, `HTTPException` or `ValueError` if it is none."""
    with urlopen(url, timeout=ANSWER_S) as response:  # noqa: S310, made of our own settings
        body = json.loads(response.read(ANSWER_MAX))
    if not isinstance(body, dict) or "instance" not in body:
        raise ValueError("not our contract")
    return str(body["instance"])
