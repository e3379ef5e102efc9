"""Sinks: each is a function of the snapshot and never asks a question."""

from typing import Protocol

from gauge_mqtt.contract.health import Health
from gauge_mqtt.contract.messages import Event
from gauge_mqtt.contract.usage import Usage


class Sink(Protocol):
    """One surface.

    A sink that prints the rate, for example:

        class Printer:
            name = "printer"
            health = Health(ok=True, detail="standard output")

            async def run(self) -> None:
                await asyncio.Event().wait()

            def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
                print(usage.rate_1m)
    """

    name: str

    @property
    def health(self) -> Health:
        """Whether it reaches its readers, for `/healthz` and `doctor`."""

    async def run(self) -> None:
        """Keep the surface up until cancelled: connect, serve, come back after a failure."""

    def show(self, usage: Usage, events: tuple[Event, ...], *, beat: bool) -> None:
        """Take the newest snapshot and return at once: called from the event loop, four times a second or less.

        `events`: what happened since the one before. `beat`: a heartbeat is due, publish everything again.
        """


def address(host: str, port: int) -> str:
    """`host:port` as it stands in a URL: an IPv6 host goes in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
