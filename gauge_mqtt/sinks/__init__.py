"""Sinks: each is a function of the snapshot and never asks a question."""

from typing import Protocol

from gauge_mqtt.contract import Usage
from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.messages import Event


class Sink(Protocol):
    """One surface. `show` is called from the event loop and returns at once; `run` lives until it is cancelled."""

    name: str

    @property
    def health(self) -> Health: ...

    async def run(self) -> None: ...

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        """Take the newest snapshot. `beat`: a heartbeat is due, say everything again."""


def address(host: str, port: int) -> str:
    """`host:port` as it stands in a URL: an IPv6 host goes in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
