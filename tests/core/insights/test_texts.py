"""What is counted in texts."""

from collections import Counter

import pytest

from gauge_mqtt.core.insights.texts import Phrases, most_used, phrases_of, says_thanks


@pytest.mark.parametrize("text", ["Thanks!", "thank you so much", "ok, THX", "danke dir", "ありがとう", "спасибо"])
def test_thanks(text: str) -> None:
    assert says_thanks(text)


@pytest.mark.parametrize("text", ["", "thankless", "party", "a type", "Thanksgiving"])
def test_no_thanks(text: str) -> None:
    assert not says_thanks(text)


@pytest.mark.parametrize(
    ("phrases", "text", "count"),
    [
        (["Dude, chill"], "dude CHILL! Dude... chill?", 2),
        (["Dude, chill"], "chill, dude", 0),
        (["dude chill", "Dude, chill!"], "dude chill", 1),
        (["no", "oh no"], "oh no, no", 3),
        ([""], "anything", 0),
        ([], "anything", 0),
        (["don't"], "don\u2019t", 1),
    ],
)
def test_phrases(phrases: list[str], text: str, count: int) -> None:
    assert Phrases(phrases).count(text) == count


def test_the_most_used_phrase_is_the_one_that_says_most() -> None:
    texts = ["you are absolutely right", "You are absolutely right!", "are you sure"]
    said = Counter(phrase for text in texts for phrase in phrases_of(text))
    assert most_used(said) == ("you are absolutely right", 2)
    assert most_used(Counter()) is None
    assert most_used(Counter([("once", "is", "nothing")])) is None


@pytest.mark.parametrize(
    ("short", "long", "words"), [(7, 3, 4), (7, 4, 4), (3, 2, 5), (5, 2, 5)], ids=["often", "rarely", "long", "more"]
)  # fmt: skip
def test_a_longer_phrase_says_more(short: int, long: int, words: int) -> None:
    three, more = ("a", "b", "c"), tuple("vwxyz"[:words])
    wins = long * (words - 2) > short
    assert most_used(Counter({three: short, more: long})) == (
        " ".join(more if wins else three),
        long if wins else short,
    )


def test_a_phrase_has_three_to_five_words_of_one_line() -> None:
    found = [*phrases_of("a b c d e f\ng h i")]
    assert sorted(map(len, found)) == [3] * 5 + [4] * 3 + [5] * 2
    assert ("e", "f", "g") not in found
    assert ("g", "h", "i") in found
