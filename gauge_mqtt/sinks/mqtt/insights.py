"""What the MQTT sink says of the insights: all of it on each connection, then what changed."""

from collections.abc import Callable, Collection

from gauge_mqtt.contract.insights import EXPIRE_S, REPEAT_S, Insights
from gauge_mqtt.contract.messages import retained_insights
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import HEARTBEAT_S
from gauge_mqtt.sinks.mqtt.message import Message

BEATS = REPEAT_S // HEARTBEAT_S
"""Of so many heartbeats one says all of it again, so that it does not expire."""
Describe = Callable[[Collection[str]], bytes]
"""From the keys that were known at some time to the discovery message of the device."""


class InsightsVoice:
    """Nothing is said before the first insights are known, and the device is not announced either."""

    def __init__(self, topics: Topics, describe: Describe) -> None:
        self._topics, self._describe = topics, describe
        self._latest: Insights | None = None
        self._known: frozenset[str] = frozenset()
        self._beats = 0

    def everything(self) -> list[Message]:
        if self._latest is None:
            return []
        self._beats = 0
        return [self._discovery(), *self._values(None)]

    def news(self, insights: Insights) -> list[Message]:
        """What changed since the insights before these."""
        since, self._latest = self._latest, insights
        known = self._known | {key for key, value in insights.values.items() if value is not None}
        described, self._known = known == self._known, known
        return [*([] if described else [self._discovery()]), *self._values(since)]

    def beat(self) -> list[Message]:
        self._beats += 1
        return self._values(None) if self._beats % BEATS == 0 else []

    def _discovery(self) -> Message:
        return Message(self._topics.insights_discovery, self._describe(self._known), retain=True)

    def _values(self, since: Insights | None) -> list[Message]:
        if self._latest is None:
            return []
        found = retained_insights(self._latest, self._topics, since)
        return [Message(topic, payload, retain=True, expiry_s=EXPIRE_S) for topic, payload in found.items()]
