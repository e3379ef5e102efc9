"""Sources: each says what it saw; it never computes a percentage or a lamp."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from gauge_mqtt.core.reading import Reading


class State(NamedTuple):
    """How a source does: `age_s` seconds since it last knew, `None` before; `detail` in words."""

    ok: bool
    age_s: float | None
    detail: str


class Figure(NamedTuple):
    """Something a source counts about itself, for `/metrics`."""

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    value: float


class Source(Protocol):
    """One feed of telemetry. `run` lives until it is cancelled and calls `changed` when there is something new."""

    name: str

    async def load(self) -> None:
        """Look once, without watching. What is wrong then is in the reading."""

    async def run(self, changed: Callable[[], None]) -> None: ...

    def read(self, now: datetime) -> Reading:
        """What is known at `now`, from memory: called many times a minute, never waits for anything."""

    def state(self) -> State: ...

    def figures(self) -> list[Figure]: ...
