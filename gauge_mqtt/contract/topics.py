"""The contract's topics, each spelled here and nowhere else. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property

from gauge_mqtt.contract import insights
from gauge_mqtt.contract.usage import KEYS

PREFIX = "claude_gauge"
DISPLAY_PREFIX = f"{PREFIX}_display"
"""Below it every ESP32 says how it is and takes commands, by the id of its chip."""
DISCOVERY_PREFIX = "homeassistant"
DIALS = ("5h", "tach", "7d")
"""From left to right."""


def slug(text: str, limit: int = 32) -> str:
    """`text` as a topic level: `[a-z0-9_-]`, at most `limit` characters. Raises `ValueError` when nothing is left."""
    name = re.sub(r"[^a-z0-9_-]+", "_", text.lower()).strip("_-")[:limit]
    if not name:
        raise ValueError(f"{text!r} has no letter or digit to make a topic of")
    return name


@dataclass(frozen=True)
class Topics:
    """Every topic of one instance. `instance` is a slug already; `spelling`: as its owner writes it, for people."""

    instance: str
    discovery_prefix: str = DISCOVERY_PREFIX
    spelling: str = ""

    @cached_property
    def base(self) -> str:
        return f"{PREFIX}/{self.instance}"

    @cached_property
    def availability(self) -> str:
        return f"{self.base}/availability"

    @cached_property
    def state(self) -> str:
        return f"{self.base}/state"

    @cached_property
    def event(self) -> str:
        return f"{self.base}/event"

    @cached_property
    def keys(self) -> dict[str, str]:
        """Key -> the topic of its bare value."""
        return {key: f"{self.base}/{key}" for key in KEYS}

    @cached_property
    def needles(self) -> dict[str, str]:
        """Contract key of a needle -> the topic the display reads."""
        return {f"needle_{dial}": f"{self.base}/display/needle/{dial}" for dial in DIALS}

    @cached_property
    def lamps(self) -> str:
        return f"{self.base}/display/lamps"

    @cached_property
    def heartbeat(self) -> str:
        return f"{self.base}/display/heartbeat"

    @cached_property
    def node(self) -> str:
        """Home Assistant node id, and the stem of every `unique_id`."""
        return f"{PREFIX}_{self.instance}"

    @cached_property
    def discovery(self) -> str:
        return f"{self.discovery_prefix}/device/{self.node}/config"

    @cached_property
    def insights(self) -> dict[str, str]:
        """Key of the insights -> the topic of its bare value."""
        return {key: f"{self.base}/insights/{key}" for key in insights.KEYS}

    @cached_property
    def insights_node(self) -> str:
        """Home Assistant node id of the device of the insights, and the stem of its `unique_id`s."""
        return f"{self.node}_insights"

    @cached_property
    def insights_discovery(self) -> str:
        return f"{self.discovery_prefix}/device/{self.insights_node}/config"

    @cached_property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery_prefix}/status"

    @cached_property
    def retained(self) -> tuple[str, ...]:
        """Every topic this version publishes retained, `discovery clear` empties them."""
        return (self.discovery, self.state, *self.keys.values(), *self.needles.values(), self.lamps, self.availability)
