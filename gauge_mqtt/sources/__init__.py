"""Sources: each says what it saw; it never computes a percentage or a lamp."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import Reading


class Source(Protocol):
    """One feed of telemetry. `run` lives until it is cancelled and calls `changed` when there is something new."""

    name: str

    async def load(self) -> None:
        """Look once, without watching. What is wrong then is in the reading."""

    async def run(self, changed: Callable[[], None]) -> None: ...

    def read(self, now: datetime) -> Reading:
        """What is known at `now`, from memory: called many times a minute, never waits for anything."""

    @property
    def health(self) -> Health: ...

    def metrics(self) -> list[Metric]: ...
