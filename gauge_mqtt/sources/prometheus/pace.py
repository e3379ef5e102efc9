"""How often a server is asked: as often as is useful, less often where an answer costs it much."""

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Literal

from gauge_mqtt.sources.prometheus.api import PromApi
from gauge_mqtt.sources.prometheus.faults import Fault

Kind = Literal["names", "tach", "past", "fuels", "own", "targets"]
PERIODS: dict[Kind, float] = {"names": 600.0, "tach": 5.0, "past": 900.0, "fuels": 30.0, "own": 60.0}
"""How often each kind is asked for, in seconds; the past: its last hours once more, as samples may come late."""
PART = 0.001
"""Of its time, at most about so much for one kind of question. Its CPU may be twice that, as it uses several cores."""
FREE_S = 0.01
"""What takes no longer than this is no burden at any period of ours; it may well be the network."""
SLOWEST_S = 120.0
SELDOM = 4
"""So many times its usual period is worth a word. A server that is busy for a minute takes twice as long."""
JUDGED_OF = 5
"""The quickest of so many answers says what a question costs: a server has other work, too."""


class Pace:
    """What each kind of question costs, and how often it is asked therefore."""

    def __init__(self) -> None:
        self._took: dict[Kind, deque[float]] = defaultdict(lambda: deque(maxlen=JUDGED_OF))

    def took(self, kind: Kind, seconds: float) -> None:
        """A kind of question was answered in so many seconds."""
        self._took[kind].append(seconds)

    def cost(self, kind: Kind) -> float:
        """What such a question takes its server, in seconds."""
        return min(self._took[kind], default=0.0)

    def period(self, kind: Kind) -> float:
        """In seconds."""
        usual = PERIODS[kind]
        return max(usual, min(usual + max(0.0, self.cost(kind) - FREE_S) / PART, SLOWEST_S))

    def faults(self, api: PromApi) -> Iterator[Fault]:
        """What the doctor says of it, if the rate comes less than a quarter as often as usual."""
        every, usual = self.period("tach"), PERIODS["tach"]
        if every > SELDOM * usual:
            fact = (
                f"the rate takes {api} {self.cost('tach'):.2f} s to answer: asked every {every:.0f} s, not {usual:.0f}"
            )
            yield Fault("pace", fact, "a publisher for each team, with a selector: docs/fleet.md", bad=False)
