"""A busy minute is the nearest-rank percentile of the minutes in which something was used."""

from collections.abc import Iterable

import pytest

from gauge_mqtt.core.busy import busy_minute


@pytest.mark.parametrize(
    ("tokens", "busy"),
    [([], None), ([0, 0], None), ([1], 1), ([0, 1, 0], 1), ([3, 1, 2], 3), (range(1, 21), 19), (range(1, 22), 20),
     (range(1, 101), 95), ([0.4], 0), ([10.6], 11)],
)  # fmt: skip
def test_a_busy_minute(tokens: Iterable[float], busy: int | None) -> None:
    assert busy_minute(tokens) == busy
