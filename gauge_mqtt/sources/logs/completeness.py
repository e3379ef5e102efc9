"""Since when every record is read, and what that lets be known while a history is read backwards."""

from math import inf

from gauge_mqtt.core.ledger import Ledger
from gauge_mqtt.core.reading import CACHE_WINDOW
from gauge_mqtt.sources.logs.peek import OPEN_S
from gauge_mqtt.sources.logs.unreadable import UnreadablePaths

BLOCK_KNOWN, ASK_AGAIN_S = 2, 900.0
"""Whether the 5 h block is known is asked after each 15 min read back: without a pause the answer costs a walk."""
CACHE_S = CACHE_WINDOW.total_seconds()


class Completeness:
    """Keeps `Ledger.complete_since`. `since`: every record later than that (unix s) is read, but for what cannot be."""

    def __init__(self, unreadable: UnreadablePaths) -> None:
        self.since = inf
        self._unreadable = unreadable
        self._known, self._asked_at = 0, inf

    def tell(self, ledger: Ledger, since: float | None = None) -> None:
        """`since`: if that is another now. What cannot be read may also have become more, or less."""
        self.since = self.since if since is None else since
        ledger.complete_since = max(self.since, self._unreadable.upto)

    def learned(self, ledger: Ledger, now: float) -> bool:
        """Whether a value has become known since the last time: worth a word while the rest is still being read."""
        since = ledger.complete_since
        if since > now - CACHE_S:
            known = 0
        elif self._known < BLOCK_KNOWN and since <= self._asked_at - ASK_AGAIN_S:
            self._asked_at = since
            known = BLOCK_KNOWN if block_known(ledger, now) else 1
        else:
            known = max(self._known, 1)
        learned, self._known = known > self._known, known
        return learned


def block_known(ledger: Ledger, now: float) -> bool:
    """Whether the 5 h window of that instant can be told."""
    newest = max(ledger.order[-1] * 60 if ledger.order else -inf, ledger.complete_since)
    return newest < now - OPEN_S or ledger.latest_block(now) is not None
