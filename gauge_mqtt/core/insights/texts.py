"""What is counted in texts; the texts themselves go no further. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

EM_DASH = "\u2014"
_THANKS = re.compile(
    r"\b(?:thanks?|thank\s+(?:you|u)|thx|tysm|ty|cheers|danke(?:sch\u00f6n)?|merci|gracias|grazie|obrigad[oa]|bedankt|tack|"
    r"dzi\u0119kuj\u0119|spasibo|\u0441\u043f\u0430\u0441\u0438\u0431\u043e)\b|\u3042\u308a\u304c\u3068\u3046|\u8c22\u8c22|\u8b1d\u8b1d|\uac10\uc0ac",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
PHRASE_WORDS = (3, 5)
"""How many words a phrase has that is looked for as the most used one."""


def says_thanks(text: str) -> bool:
    return _THANKS.search(text) is not None


def words(text: str) -> list[str]:
    return [word.lower().replace("\u2019", "'") for word in _WORDS.findall(text)]


class Phrases:
    """Phrases that are counted, whatever their punctuation and capitals.

    Phrases(["Dude, chill"]).count("dude CHILL! Dude. Chill?")    # 2
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        found = {tuple(words(phrase)) for phrase in phrases}
        self._phrases = sorted(phrase for phrase in found if phrase)

    def count(self, text: str) -> int:
        if not self._phrases:
            return 0
        said = words(text)
        return sum(_count(said, phrase) for phrase in self._phrases)


def _count(said: Sequence[str], phrase: Sequence[str]) -> int:
    size, first = len(phrase), phrase[0]
    return sum(1 for at, word in enumerate(said) if word == first and tuple(said[at : at + size]) == phrase)


def phrases_of(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of words within one line of a text that is as long as a phrase."""
    low, high = PHRASE_WORDS
    for line in text.splitlines():
        said = words(line)
        for size in range(low, high + 1):
            yield from zip(*(said[at:] for at in range(size)), strict=False)


def most_used(counts: Counter[tuple[str, ...]]) -> tuple[str, int] | None:
    """The phrase that says most: its count times what it has beyond two words; the first by alphabet of equals."""
    low = PHRASE_WORDS[0]
    best = min(
        ((-(n * (len(phrase) - low + 1)), phrase) for phrase, n in counts.items() if n > 1), default=None
    )  # fmt: skip
    return None if best is None else (" ".join(best[1]), counts[best[1]])
