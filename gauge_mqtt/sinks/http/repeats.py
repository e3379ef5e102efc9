"""A log that a stranger cannot fill: what repeats is said once a minute, with how often it came."""

import logging
from time import monotonic

EVERY_S = 60.0
KINDS_MAX = 100


class Repeats(logging.Filter):
    """For the loggers of what clients can provoke: malformed requests (`uvicorn.error`), and connections that cannot be
    accepted for want of files, of which asyncio logs up to a hundred at once.
    """

    def __init__(self, only: str = "") -> None:
        """`only`: how the messages begin that are counted; all others pass."""
        super().__init__()
        self._only = only
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = str(record.msg).partition("\n")[0]
        if not kind.startswith(self._only):
            return True
        now = monotonic()
        at, more = self._said.get(kind, (now - EVERY_S, 0))
        if now - at < EVERY_S or (kind not in self._said and len(self._said) >= KINDS_MAX):
            self._said[kind] = (at, more + 1)
            return False
        self._said[kind] = (now, 0)
        if more:
            record.msg = f"{record.msg} ({more} more since the last time)"
        return True


MALFORMED = Repeats()
NO_FILES = Repeats("socket.accept() out of system resource")


def limit_logs() -> None:
    """Adding a filter that is there already changes nothing."""
    logging.getLogger("uvicorn.error").addFilter(MALFORMED)
    logging.getLogger("asyncio").addFilter(NO_FILES)
