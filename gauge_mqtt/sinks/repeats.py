"""A log that a stranger cannot fill: what repeats is said once a minute, with how often it came."""

import logging
from time import monotonic

EVERY_S = 60.0


class Repeats(logging.Filter):
    """For loggers of what clients can provoke, such as malformed requests. Two records are of one kind if the same line
    of code wrote them, since their text may name the client.
    """

    def __init__(self, only: str = "") -> None:
        """`only`: how the messages begin that are counted; all others pass."""
        super().__init__()
        self._only = only
        self._logged: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(self._only):
            return True
        kind, now = (record.pathname, record.lineno), monotonic()
        at, more = self._logged.get(kind, (now - EVERY_S, 0))
        if now - at < EVERY_S:
            self._logged[kind] = (at, more + 1)
            return False
        self._logged[kind] = (now, 0)
        if more:
            record.msg = f"{record.msg} ({more} more since the last time)"
        return True
