"""Which sessions came up in the half an hour that goes on, and what recording rules have counted anew of them."""

from collections.abc import Iterable

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.facts import Facts, session, total

KEPT_S = 2 * recorded.RETURN_S


class CameUp:
    """What is told once is kept. Instants are unix seconds of the server, all at the end of a minute."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._noted: dict[str, int] = {}
        self._after = self._upto = 0
        self._half, self._known_upto = (0, False), 0
        self._anew: dict[str, float] = {}

    def note(self, sessions: Iterable[str], after: int, upto: int) -> None:
        """These, and no other ones, may have come up after the first instant, and up to the second one."""
        if not self._after <= after <= self._upto:
            self._noted, self._after = {}, after
        self._upto = max(self._upto, upto)
        self._noted |= dict.fromkeys(sessions, self._upto)
        self._after = max(self._after, self._upto - KEPT_S)
        self._noted = {name: seen for name, seen in self._noted.items() if seen > self._after}

    async def anew(self, selector: str, last: int, newest: int, *, cost: bool) -> dict[str, float]:
        """What was counted anew from `last`, when a half an hour began, to `newest`. Raises `PromError`.

        A series comes up in one minute, and is one that was there for the next: so of each minute it is asked once.
        """
        if self._half != (last, cost) or newest < self._known_upto:
            self._half, self._known_upto, self._anew = (last, cost), last, {}
        begin, seconds = self._known_upto, newest - self._known_upto
        if seconds:
            few = await self._between(selector, begin, newest)
            found = await self._facts.in_parts(
                few, lambda some: recorded.came_back(selector, some, seconds, cost=cost), at=newest
            )
            for fact in ("tokens_returned", "cost_returned"):
                self._anew[fact] = self._anew.get(fact, 0.0) + total(found, fact)
            self._known_upto = newest
        return self._anew

    async def _between(self, selector: str, begin: int, newest: int) -> set[str]:
        """The sessions that came up then, and maybe some more."""
        if self._after <= begin and newest <= self._upto:
            return {name for name, upto in self._noted.items() if upto > begin}
        found = await self._facts.ask(recorded.came_up(selector, newest - begin), newest)
        return {session(row) for row in found.get("new", [])}
