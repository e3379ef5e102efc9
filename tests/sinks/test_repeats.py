"""What a stranger can provoke does not fill the log."""

import logging

import pytest

from gauge_mqtt.sinks import repeats
from gauge_mqtt.sinks.repeats import Repeats


def test_what_repeats_is_said_once_a_minute_with_its_number(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(repeats, "monotonic", lambda: now)
    log = logging.getLogger("tests.repeats")
    log.addFilter(limit := Repeats("it"))
    for number in range(6):
        if number == 5:
            now += repeats.EVERY_S
        log.warning(f"it happened to client {number}\nin detail %d", number)  # noqa: G004, as libraries do
        log.warning("something else")
    log.removeFilter(limit)
    said = [record.message for record in caplog.records if record.message.startswith("it")]
    assert said == [
        "it happened to client 0\nin detail 0",
        "it happened to client 5\nin detail 5 (4 more since the last time)",
    ]
    assert len([record for record in caplog.records if "else" in record.message]) == 6
