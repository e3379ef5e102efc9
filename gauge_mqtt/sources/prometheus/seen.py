"""When somebody was at work, with which model, and how young the newest sample is; by our clock."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gauge_mqtt.core.reading import OPEN_WINDOW
from gauge_mqtt.sources.prometheus.api import Sample
from gauge_mqtt.sources.prometheus.facts import Facts

FRESH = timedelta(seconds=180)
"""A sample younger than this comes from a Claude Code that is running: it exports every 60 s unless told otherwise."""


class Seen:
    """`active_at`: when somebody was at work last. `newest_at`: the newest sample of one that exports."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._models: dict[str, datetime] = {}
        self.active_at: datetime | None = None
        self.newest_at: datetime | None = None

    @property
    def model(self) -> tuple[str, datetime] | None:
        """The last one, and when it spoke."""
        last = max(((at, name) for name, at in self._models.items()), default=None)
        return last and (last[1], last[0])

    def running(self, now: datetime) -> bool:
        """Whether a Claude Code exports."""
        return self.newest_at is not None and now - self.newest_at < FRESH

    def at_work(self, now: datetime) -> bool:
        """Whether it exports, and did something within the 5 h window."""
        recent = self.active_at is not None and now - self.active_at < OPEN_WINDOW
        return recent and self.running(now)

    def take_minutes(self, tokens: Mapping[int, float], models: Iterable[Sample]) -> None:
        """When somebody was at work, and with which model, by the ends of minutes of the server's clock."""
        active = [self._facts.ours(at) for at, count in tokens.items() if count > 0]
        self.active_at = max([*active, *filter(None, [self.active_at])], default=None)
        spoke = [(row, at) for row in models for at, count in row.points if count > 0]
        self.take_models((row.labels.get("model", ""), at) for row, at in spoke)

    def take_models(self, seen: Iterable[tuple[str, float]]) -> None:
        """Each model by its latest sign (unix s of the server); what is older than 5 h is let go of."""
        for model, server in seen:
            at = self._facts.ours(server)
            self._models[model] = max(at, self._models.get(model, at))
        horizon = self._facts.now() - OPEN_WINDOW
        self._models = {model: at for model, at in self._models.items() if model and at > horizon}

    def forget(self) -> None:
        """What may have been taken for work was none."""
        self._models, self.active_at = {}, None
