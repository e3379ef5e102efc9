"""Every shared vector, end to end through the pure core."""

import json
from pathlib import Path

import pytest

from gauge_mqtt.contract import messages
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import KEYS
from tests.vectors.propose import compute, contradictions, output, paths


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector = json.loads(path.read_text())
    usage, events = compute(vector)
    made = output(usage, vector["instance"])
    assert not contradictions(vector, made, events), vector["why"]
    assert {name: vector[name] for name in made} == made


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_vector_lamps_are_consistent(path: Path) -> None:
    """What holds for every snapshot whatever the vector says."""
    usage = json.loads(path.read_text())["usage"]
    assert list(usage) == list(KEYS)
    assert not (usage["idle"] and usage["stall"])
    assert not usage["idle"] or usage["rate_1m"] == 0
    assert (usage["warn"] is None) == (usage["warn_reasons"] is None)
    assert bool(usage["warn"]) == bool(usage["warn_reasons"])
    assert usage["stall"] is None or usage["stall"] == (usage["stall_reason"] != "none")


def test_there_are_enough_vectors_and_each_says_why() -> None:
    whys = [json.loads(path.read_text())["why"] for path in paths()]
    assert len(set(whys)) == len(whys) >= 25


def test_every_value_fits_a_small_display() -> None:
    """256 bytes with topic and header is what an ESP32's MQTT library takes by default."""
    for path in paths():
        usage, _ = compute(json.loads(path.read_text()))
        for topic, payload in messages.retained(usage, Topics("i" * 32)).items():
            assert topic.endswith("/state") or len(topic) + len(payload) + 8 < 256
