"""Sources: each says what it saw; it never computes a percentage or a lamp."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.reading import Reading


class Source(Protocol):
    """One feed of telemetry.

    The whole of a source that knows one number, for example:

        class Constant:
            name = "constant"
            health = Health(ok=True, detail="always there", age_s=0)

            async def load(self) -> None: ...

            async def run(self, changed: Callable[[], None]) -> None:
                changed()
                await asyncio.Event().wait()

            def read(self, now: datetime) -> Reading:
                return Reading(source=self.name, observed_at=now, rate_tokens=1200)

            def metrics(self) -> list[Metric]:
                return []
    """

    name: str
    """The word for it in `source`, in the log and in metrics."""

    async def load(self) -> None:
        """Look once, without watching. What is wrong then is in the reading."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Watch until cancelled; call `changed`, in the event loop's thread, whenever `read` would say something new.

        A failure that can pass is no exception: it stands in the reading (`failing_since`, `failure`); `run` goes on.
        """

    def read(self, now: datetime) -> Reading:
        """What is known at `now`, from memory: called many times a minute, never waits for anything."""

    @property
    def health(self) -> Health:
        """Whether it can be read, for `/healthz` and `doctor`."""

    def metrics(self) -> list[Metric]:
        """What it counts about itself, for `/metrics`."""
