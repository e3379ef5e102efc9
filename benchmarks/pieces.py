"""Ready pieces of log lines: text that needs no escaping, time stamps, uuids."""

import random
from datetime import UTC, datetime
from functools import lru_cache

from truth import DAY

CELL = 64
WORDS = (
    "the",
    "parser",
    "reads",
    "one",
    "more",
    "value",
    "path/to/file.py",
    "def",
    "test(x):",
    "é",
    "→",
    "漢字",
    "17",
    "{}",
)
WORDS += (r"\n", r"\n\n", r"\t", r"\"quoted\"", r"\\")
DECOYS = (  # a session that looked into another one's log: escaped, so no usage
    r"{\"message\":{\"usage\":{\"input_tokens\":99999,",
    r"\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":7}}",
)


class Text:
    """A pool of JSON string content, cut in cells so that no slice ever splits an escape."""

    def __init__(self, rng: random.Random, cells: int = 4096) -> None:
        self.rng, self.cells = rng, cells
        self.pool = "".join(self._cell() for _ in range(cells * 2))

    def _cell(self) -> str:
        cell = self.rng.choice(DECOYS) if self.rng.random() < 0.01 else ""
        while len(longer := f"{cell}{self.rng.choice(WORDS)} ") <= CELL:
            cell = longer
        return cell.ljust(CELL)

    def __call__(self, size: float) -> str:
        count = int(size) // CELL + 1
        start = int(self.rng.random() * self.cells) * CELL
        piece = self.pool[start : start + min(count, self.cells) * CELL]
        return piece * (1 + count // self.cells) if count > self.cells else piece


@lru_cache(maxsize=128)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY / 1000, UTC).strftime("%Y-%m-%dT")


def iso(at: int) -> str:
    day, ms = divmod(at, DAY)
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{_date(day)}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ms:03}Z"


def uuid(rng: random.Random) -> str:
    h = f"{rng.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
