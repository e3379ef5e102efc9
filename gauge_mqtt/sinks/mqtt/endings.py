"""What the ends of connections tell, taken together: a namesake, or a message that the broker hangs up on."""

from collections.abc import Sequence
from enum import Enum

SHORT_LIFE_S, SHORT_LIVES = 5.0, 4
"""So many connections in a row that the broker ends so soon after it took everything, while it is there all the time:
another client uses our name, and the broker does not say so (MQTT 3.1.1, mosquitto before 2.1).
"""
FORGOTTEN_S = 150.0
"""A connection that lives so long clears the suspicion. Namesakes that know of each other take turns of 30 s."""


class Verdict(Enum):
    """What to do about a namesake. `SAY`: say it and try again at once, so that the other one gets to know it, too.
    `PAUSE`: say it and leave the name to the other one for a while.
    """

    NOTHING, SAY, PAUSE = range(3)


class NamesakeWatch:
    """Tells a namesake from a broker that restarts or hangs up for another reason."""

    def __init__(self) -> None:
        self._short_lives, self._known = 0, False

    def not_connected(self) -> None:
        """The broker was away: what ended before may have been its restart."""
        self._short_lives, self._known = 0, False

    def ended(self, lived_s: float, *, hung_up: bool, took_everything: bool) -> Verdict:
        """A connection has ended. `hung_up`: by the broker. `took_everything`: it had acknowledged all that was
        published, without which its end says nothing about a namesake.
        """
        if not hung_up or lived_s > FORGOTTEN_S:
            self._known = False
        if not hung_up or lived_s >= SHORT_LIFE_S:
            self._short_lives = 0
        elif took_everything:
            self._short_lives += 1
        if self._known:
            return Verdict.PAUSE
        self._known = self._short_lives >= SHORT_LIVES
        return Verdict.SAY if self._known else Verdict.NOTHING


class HangUpWatch:
    """Finds the topic whose message makes the broker hang up (a packet that is too large for it, a topic or filter that
    its rules deny: MQTT 3.1.1 has no other answer). `left_out`: those that were found.
    """

    def __init__(self) -> None:
        self.left_out: set[str] = set()
        self.one_at_a_time = False
        """Whether the next connection has to send each message alone, to see which one it is."""
        self._suspect: str | None = None

    def ended(self, unanswered: Sequence[str], *, hung_up: bool) -> str | None:
        """A connection has ended with these topics `unanswered`. The topic that it is, when that is found.

        Twice in a row alone is proof: a broker that is killed at that moment, twice, is not likely. One that ends while
        nothing is on its way restarts, maybe with other rules: then all topics are tried again.
        """
        self.one_at_a_time = hung_up and bool(unanswered)
        alone = unanswered[0] if hung_up and len(unanswered) == 1 else None
        if hung_up and not unanswered:
            self.left_out.clear()
        found = alone if alone is not None and alone == self._suspect else None
        self._suspect = None if found else alone
        if found:
            self.left_out.add(found)
        return found

    def all_taken(self) -> None:
        """All of a beginning was acknowledged."""
        self.one_at_a_time = False
